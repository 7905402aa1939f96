// COMMAND INFO [command-name ...]: arity, flags, key positions and the like, for clients that route and check commands.

enum CommandInfo {
    /// Replies with an entry per name, null for an unknown one; without names, with all commands.
    @Sendable
    static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count > 2 else { return try runForAll(&call, arguments) }
        call.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            if let id = call.server.commands.find(fullName: arguments[index]) {
                write(id, of: call.server, to: &call.reply)
            } else {
                call.reply.null()
            }
        }
    }

    @Sendable
    static func runForAll(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let commands = call.server.commands.topLevel
        call.reply.array(commands.count)
        for id in commands { write(id, of: call.server, to: &call.reply) }
    }

    private static func write(_ id: CommandID, of server: ServerContext, to reply: inout ReplyWriter) {
        let spec = server.commands[id].spec
        let range = spec.legacyRange
        reply.array(10)
        reply.bulk(server.commands[id].fullName)
        reply.integer(spec.arity)
        write(range.missesKeys ? spec.flags.union(.movableKeys) : spec.flags, to: &reply)
        reply.integer(range.first)
        reply.integer(range.last)
        reply.integer(range.step)
        reply.names(of: spec.allCategories.rawValue, ACLCategories.names, prefix: "@")
        reply.set(spec.tips.count)
        for tip in spec.tips { reply.bulk(tip) }
        reply.set(spec.keys.count)
        for key in spec.keys { write(key, to: &reply) }
        let subcommands = server.commands[id].subcommandIDs
        if subcommands.isEmpty { reply.set(0) } else { reply.array(subcommands.count) }
        for subcommand in subcommands { write(subcommand, of: server, to: &reply) }
    }

    private static func write(_ flags: CommandFlags, to reply: inout ReplyWriter) {
        let shown = CommandFlags.names.filter { flags.contains($0.flag) }
        reply.set(shown.count)
        for (_, name) in shown { reply.simple(name) }
    }

    // MARK: Key specifications

    private static func write(_ key: KeySpec, to reply: inout ReplyWriter) {
        reply.map(key.notes == nil ? 3 : 4)
        if let notes = key.notes {
            reply.bulk("notes")
            reply.bulk(notes)
        }
        reply.bulk("flags")
        reply.names(of: key.flags.rawValue, KeySpec.Flags.names)
        reply.bulk("begin_search")
        switch key.begin {
        case .index(let index): writeRule("index", [("index", .number(index))], to: &reply)
        case .keyword(let keyword, let startFrom):
            writeRule("keyword", [("keyword", .text(keyword)), ("startfrom", .number(startFrom))], to: &reply)
        }
        reply.bulk("find_keys")
        switch key.find {
        case .range(let last, let step, let limit):
            writeRule(
                "range", [("lastkey", .number(last)), ("keystep", .number(step)), ("limit", .number(limit))],
                to: &reply)
        case .keyNumber(let index, let first, let step):
            writeRule(
                "keynum", [("keynumidx", .number(index)), ("firstkey", .number(first)), ("keystep", .number(step))],
                to: &reply)
        }
    }

    private enum Field {
        case number(Int)
        case text(String)
    }

    private static func writeRule(_ type: String, _ fields: [(String, Field)], to reply: inout ReplyWriter) {
        reply.map(2)
        reply.bulk("type")
        reply.bulk(type)
        reply.bulk("spec")
        reply.map(fields.count)
        for (name, field) in fields {
            reply.bulk(name)
            switch field {
            case .number(let number): reply.integer(number)
            case .text(let text): reply.bulk(text)
            }
        }
    }
}
