// ACL CAT [category] | GENPASS [bits] | GETUSER username | LIST | USERS | WHOAMI | HELP
//
// There is one user, `default`, who may do everything, with `requirepass` for a password.

enum ACLCommand {
    static let spec = CommandSpec(
        "acl", summary: "Groups the commands about users and what they may do.", since: "6.0.0", group: .server,
        complexity: "Depends on the subcommand.", arity: -2, flags: .sentinel,
        subcommands: [
            subcommand(
                "cat", summary: "Returns the categories of commands, or the commands of one.", arity: -2,
                arguments: [ArgumentSpec("category", .string, .optional)], cat),
            subcommand(
                "genpass", summary: "Makes a password that nobody guesses.", arity: -2,
                arguments: [ArgumentSpec("bits", .integer, .optional)], generatePassword),
            subcommand(
                "getuser", summary: "Returns what a user may do.", arity: 3, isAdmin: true,
                history: [
                    .init("6.2.0", "Brought the patterns of channels."),
                    .init("7.0.0", "Brought selectors; patterns are told as rules."),
                ], arguments: [ArgumentSpec("username", .string)], getUser),
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "6.0.0", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale, .sentinel],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in call.reply(help: help, of: "ACL") }),
            subcommand("list", summary: "Returns all users as rules.", arity: 2, isAdmin: true, list),
            subcommand("users", summary: "Returns the names of all users.", arity: 2, isAdmin: true, users),
            subcommand("whoami", summary: "Returns the name of this connection's user.", arity: 2, whoAmI),
        ])

    private static func subcommand(
        _ name: String, summary: String, arity: Int, isAdmin: Bool = false, history: [CommandSpec.Change] = [],
        arguments: [ArgumentSpec] = [], _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        let flags: CommandFlags = [.noScript, .loading, .stale, .sentinel]
        return CommandSpec(
            name, summary: summary, since: "6.0.0", group: .server, complexity: "O(1)", arity: arity,
            flags: isAdmin ? flags.union(.admin) : flags, history: history, arguments: arguments, handler: handler)
    }

    private static let help = [
        HelpEntry("CAT [<category>]", "The categories of commands, or the commands of one."),
        HelpEntry("GENPASS [<bits>]", "A random password in hexadecimal digits, of 256 bits by default."),
        HelpEntry("GETUSER <username>", "What a user may do."),
        HelpEntry("LIST", "All users as rules."),
        HelpEntry("USERS", "The names of all users."),
        HelpEntry("WHOAMI", "The name of this connection's user."),
    ]

    /// The digest of the password; nil when there is none.
    private static func passwordDigest(_ configuration: Configuration) -> String? {
        let password = configuration.requirepass
        return password.isEmpty ? nil : hexadecimal(SHA256.digest(of: password))
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Replies with names: of all categories, or of the commands in one.
    @Sendable
    private static func cat(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count > 2 else {
            call.reply.array(ACLCategories.names.count)
            for name in ACLCategories.names { call.reply.bulk(name) }
            return
        }
        guard arguments.count == 3 else { throw .wrongArity("acl|cat") }
        guard let bit = ACLCategories.names.firstIndex(of: arguments.text(2).lowercased()) else {
            throw ReplyError("ERR Unknown category '", quoting: arguments[2], "'")
        }
        let category = ACLCategories(rawValue: 1 << bit)
        let server = call.server
        call.reply.collect(.array) { reply in
            var count = 0
            for index in 0..<server.commands.count {
                let id = CommandID(index: index)
                // What only groups others is in no category by itself.
                guard server.commands[id].handler != nil,
                    !server.commands[id].spec.allCategories.isDisjoint(with: category)
                else { continue }
                reply.bulk(server.commands[id].fullName)
                count += 1
            }
            return count
        }
    }

    /// Replies with hexadecimal digits.
    @Sendable
    private static func generatePassword(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        guard arguments.count <= 3 else { throw .wrongArity("acl|genpass") }
        let bits = arguments.count == 3 ? try arguments.integer(2) : 256
        guard (1...4096).contains(bits) else {
            throw ReplyError(
                "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up "
                    + "to 4096")
        }
        let digits = Int(bits + 3) / 4
        call.reply.bulk(String(hexadecimal(Entropy.bytes((digits + 1) / 2)).prefix(digits)))
    }

    /// Replies with a map, or null for a user that is not there.
    @Sendable
    private static func getUser(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments[2].equals(Array(Authentication.userName.utf8).span) else { return call.reply.nullArray() }
        let password = passwordDigest(call.configuration)
        let flags = password == nil ? ["on", "nopass"] : ["on"]
        call.reply.map(6)
        call.reply.bulk("flags")
        call.reply.set(flags.count)
        for flag in flags { call.reply.bulk(flag) }
        call.reply.bulk("passwords")
        call.reply.array(password == nil ? 0 : 1)
        if let password { call.reply.bulk(password) }
        for (name, rule) in [("commands", "+@all"), ("keys", "~*"), ("channels", "&*")] {
            call.reply.bulk(name)
            call.reply.bulk(rule)
        }
        call.reply.bulk("selectors")
        call.reply.array(0)
    }

    /// Replies with a line for each user, as a file of users would have it.
    @Sendable
    private static func list(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let password = passwordDigest(call.configuration).map { "#\($0)" } ?? "nopass"
        call.reply.array(1)
        call.reply.bulk("user \(Authentication.userName) on \(password) ~* &* +@all")
    }

    /// Replies with an array of names.
    @Sendable
    private static func users(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.array(1)
        call.reply.bulk(Authentication.userName)
    }

    /// Replies with a name.
    @Sendable
    private static func whoAmI(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.bulk(Authentication.userName)
    }
}
