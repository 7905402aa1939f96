// COMMAND DOCS [command-name ...]: what redis-cli shows as help and as hints while one types. redis-cli checks the type
// of every field and ends itself when one is not what it expects.

enum CommandDocs {
    /// Replies with a map from names to documentation; unknown names are left out.
    @Sendable
    static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var commands: [CommandID] = []
        if arguments.count == 2 {
            commands = call.server.commands.topLevel
        } else {
            for index in 2..<arguments.count {
                if let id = call.server.commands.find(fullName: arguments[index]) { commands.append(id) }
            }
        }
        call.reply.map(commands.count)
        for id in commands {
            call.reply.bulk(call.server.commands[id].fullName)
            write(id, of: call.server, to: &call.reply)
        }
    }

    private static func write(_ id: CommandID, of server: ServerContext, to reply: inout ReplyWriter) {
        let spec = server.commands[id].spec
        let subcommands = server.commands[id].subcommandIDs
        reply.collect(.map) { reply in
            var fields = Fields()
            fields.write("summary", spec.summary, to: &reply)
            fields.write("since", spec.since, to: &reply)
            fields.write("group", spec.group.rawValue, to: &reply)
            fields.write("complexity", spec.complexity, to: &reply)
            let flags = (spec.deprecation == nil ? [] : ["deprecated"]) + (spec.isInternal ? ["syscmd"] : [])
            if !flags.isEmpty {
                fields.begin("doc_flags", to: &reply)
                reply.set(flags.count)
                for flag in flags { reply.simple(flag) }
            }
            if let deprecation = spec.deprecation {
                fields.write("deprecated_since", deprecation.since, to: &reply)
                fields.write("replaced_by", deprecation.replacedBy, to: &reply)
            }
            if !spec.history.isEmpty {
                fields.begin("history", to: &reply)
                write(spec.history, to: &reply)
            }
            if !spec.arguments.isEmpty {
                fields.begin("arguments", to: &reply)
                write(spec.arguments, to: &reply)
            }
            if !subcommands.isEmpty {
                fields.begin("subcommands", to: &reply)
                reply.map(subcommands.count)
                for subcommand in subcommands {
                    reply.bulk(server.commands[subcommand].fullName)
                    write(subcommand, of: server, to: &reply)
                }
            }
            return fields.count
        }
    }

    private static func write(_ history: [CommandSpec.Change], to reply: inout ReplyWriter) {
        reply.set(history.count)
        for change in history {
            reply.array(2)
            reply.bulk(change.since)
            reply.bulk(change.description)
        }
    }

    private static func write(_ arguments: [ArgumentSpec], to reply: inout ReplyWriter) {
        reply.array(arguments.count)
        for argument in arguments {
            reply.collect(.map) { reply in
                var fields = Fields()
                fields.write("name", argument.name, to: &reply)
                fields.write("type", argument.kind.rawValue, to: &reply)
                if argument.kind == .key {
                    fields.begin("key_spec_index", to: &reply)
                    reply.integer(argument.keySpec)
                }
                if let token = argument.token { fields.write("token", token, to: &reply) }
                if let summary = argument.summary { fields.write("summary", summary, to: &reply) }
                if let since = argument.since { fields.write("since", since, to: &reply) }
                if !argument.flags.isEmpty {
                    fields.begin("flags", to: &reply)
                    reply.names(of: argument.flags.rawValue, ArgumentSpec.Flags.names)
                }
                if argument.kind == .oneOf || argument.kind == .block {
                    fields.begin("arguments", to: &reply)
                    write(argument.arguments, to: &reply)
                }
                return fields.count
            }
        }
    }

    /// Counts the fields of a map as they are written.
    private struct Fields {
        private(set) var count = 0

        /// The field's value follows.
        mutating func begin(_ name: String, to reply: inout ReplyWriter) {
            reply.bulk(name)
            count += 1
        }

        mutating func write(_ name: String, _ value: String, to reply: inout ReplyWriter) {
            begin(name, to: &reply)
            reply.bulk(value)
        }
    }
}
