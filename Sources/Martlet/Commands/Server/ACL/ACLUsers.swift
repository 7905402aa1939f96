// ACL SETUSER username [rule [rule ...]]
// ACL DELUSER username [username ...]
// ACL GETUSER username | LIST | USERS

enum ACLUserCommands {
    static let setSpec = ACLCommand.subcommand(
        "setuser", summary: "Makes a user, or changes what one may do.", complexity: "O(N) for N rules", arity: -3,
        isAdmin: true,
        history: [
            .init("6.2.0", "Brought the patterns of channels."),
            .init("7.0.0", "Brought selectors and patterns of keys to read or to write."),
        ],
        arguments: [
            ArgumentSpec("username", .string), ArgumentSpec("rule", .string, [.optional, .multiple]),
        ], set)

    static let deleteSpec = ACLCommand.subcommand(
        "deluser", summary: "Removes users and ends their connections.", complexity: "O(1) for each user", arity: -3,
        isAdmin: true, arguments: [ArgumentSpec("username", .string, .multiple)], delete)

    static let getSpec = ACLCommand.subcommand(
        "getuser", summary: "Returns what a user may do.", complexity: "O(N) for N rules", arity: 3, isAdmin: true,
        history: [
            .init("6.2.0", "Brought the patterns of channels."),
            .init("7.0.0", "Brought selectors; patterns are told as rules."),
        ], arguments: [ArgumentSpec("username", .string)], get)

    static let listSpec = ACLCommand.subcommand(
        "list", summary: "Returns all users as rules.", complexity: "O(N) for N users", arity: 2, isAdmin: true
    ) { (call: inout CommandCall, _) throws(ReplyError) in
        reply(lines: call.server.users.all.map(\.line), &call)
    }

    static let namesSpec = ACLCommand.subcommand(
        "users", summary: "Returns the names of all users.", complexity: "O(N) for N users", arity: 2, isAdmin: true
    ) { (call: inout CommandCall, _) throws(ReplyError) in
        reply(lines: call.server.users.all.map(\.name), &call)
    }

    private static func reply(lines: [[UInt8]], _ call: inout CommandCall) {
        call.reply.array(lines.count)
        for line in lines { call.reply.bulk(line.span) }
    }

    /// Replies OK. All rules have their effect, or none.
    @Sendable
    private static func set(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let name = arguments[2].copied()
        guard !name.isEmpty, !name.containsBlanks else {
            throw ReplyError("ERR Usernames can't contain spaces or null characters")
        }
        let newChannels = call.configuration.aclPubsubDefault == .all
        var rules = call.server.users[name]?.rules ?? call.server.users.newRules(allowsAllChannels: newChannels)
        do throws(RefusedAccessRule) {
            try rules.apply(
                (3..<arguments.count).map { arguments[$0].copied() }, newChannels: newChannels,
                in: call.server.commands)
        } catch {
            throw ReplyError("ERR \(error.text)")
        }
        call.server.setUser(name, to: rules, by: call.session)
        call.reply.ok()
    }

    /// Replies how many there were.
    @Sendable
    private static func delete(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        for index in 2..<arguments.count where arguments[index].copied() == UserRegistry.defaultName {
            throw ReplyError("ERR The 'default' user cannot be removed")
        }
        var count = 0
        for index in 2..<arguments.count
        where call.server.removeUser(arguments[index].copied(), by: call.session) {
            count += 1
        }
        call.reply.integer(count)
    }

    /// Replies with a map, or null for a user that is not there.
    @Sendable
    private static func get(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let rules = call.server.users[arguments[2].copied()]?.rules else { return call.reply.null() }
        call.reply.map(6)
        call.reply.bulk("flags")
        call.reply.set(rules.flags.count)
        for flag in rules.flags { call.reply.bulk(flag) }
        call.reply.bulk("passwords")
        call.reply.array(rules.passwords.count)
        for password in rules.passwords { call.reply.bulk(password) }
        describe(rules.root, &call.reply)
        call.reply.bulk("selectors")
        call.reply.array(rules.selectors.count)
        for selector in rules.selectors {
            call.reply.map(3)
            describe(selector, &call.reply)
        }
    }

    /// Three pairs.
    private static func describe(_ permissions: Permissions, _ reply: inout ReplyWriter) {
        reply.bulk("commands")
        reply.bulk(permissions.commandsText)
        reply.bulk("keys")
        let (keys, channels) = (permissions.keyRules.asLine, permissions.channelRules.asLine)
        reply.bulk(keys.span)
        reply.bulk("channels")
        reply.bulk(channels.span)
    }
}
