// ACL CAT [category] | GENPASS [bits] | WHOAMI | HELP, and the family's container.

enum ACLCommand {
    static let spec = CommandSpec(
        "acl", summary: "Groups the commands about users and what they may do.", since: "6.0.0", group: .server,
        complexity: "Depends on the subcommand.", arity: -2, flags: .sentinel,
        subcommands: [
            subcommand(
                "cat", summary: "Returns the categories of commands, or the commands of one.", arity: -2,
                arguments: [ArgumentSpec("category", .string, .optional)], cat),
            ACLUserCommands.deleteSpec,
            ACLDryRunCommand.spec,
            subcommand(
                "genpass", summary: "Makes a password that nobody guesses.", arity: -2,
                arguments: [ArgumentSpec("bits", .integer, .optional)], generatePassword),
            ACLUserCommands.getSpec,
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "6.0.0", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale, .sentinel],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in call.reply(help: help, of: "ACL") }),
            ACLUserCommands.listSpec,
            ACLFileCommands.loadSpec,
            ACLLogCommand.spec,
            ACLFileCommands.saveSpec,
            ACLUserCommands.setSpec,
            ACLUserCommands.namesSpec,
            subcommand("whoami", summary: "Returns the name of this connection's user.", arity: 2, whoAmI),
        ])

    /// What the subcommands have in common.
    static func subcommand(
        _ name: String, summary: String, since: String = "6.0.0", complexity: String = "O(1)", arity: Int,
        isAdmin: Bool = false, history: [CommandSpec.Change] = [], arguments: [ArgumentSpec] = [],
        _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        let flags: CommandFlags = [.noScript, .loading, .stale, .sentinel]
        return CommandSpec(
            name, summary: summary, since: since, group: .server, complexity: complexity, arity: arity,
            flags: isAdmin ? flags.union(.admin) : flags, history: history, arguments: arguments, handler: handler)
    }

    private static let help = [
        HelpEntry("CAT [<category>]", "The categories of commands, or the commands of one."),
        HelpEntry("DELUSER <username> [<username> ...]", "Removes users and ends their connections."),
        HelpEntry(
            "DRYRUN <username> <command> [<arg> ...]", "Tells whether a user may do this, without doing it."),
        HelpEntry("GENPASS [<bits>]", "A random password in hexadecimal digits, of 256 bits by default."),
        HelpEntry("GETUSER <username>", "What a user may do."),
        HelpEntry("LIST", "All users as rules."),
        HelpEntry("LOAD", "Reads the users from their file."),
        HelpEntry("LOG [<count> | RESET]", "What was refused lately."),
        HelpEntry("SAVE", "Writes the users to their file."),
        HelpEntry("SETUSER <username> <rule> [<rule> ...]", "Makes a user, or changes one."),
        HelpEntry("USERS", "The names of all users."),
        HelpEntry("WHOAMI", "The name of this connection's user."),
    ]

    /// Replies with names: of all categories, or of the commands in one.
    @Sendable
    private static func cat(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count > 2 else {
            call.reply.array(ACLCategories.names.count)
            for name in ACLCategories.names { call.reply.bulk(name) }
            return
        }
        guard arguments.count == 3 else { throw .wrongSubcommandArity(arguments[1], of: "ACL") }
        guard let category = ACLCategories(name: arguments.text(2).lowercased()) else {
            throw ReplyError("ERR Unknown category '", quoting: arguments[2], limit: 128, "'")
        }
        let server = call.server
        call.reply.collect(.array) { reply in
            var count = 0
            for index in 0..<server.commands.count where server.commands.isIn(category, CommandID(index: index)) {
                reply.bulk(server.commands[CommandID(index: index)].fullName)
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
        guard arguments.count <= 3 else { throw .wrongSubcommandArity(arguments[1], of: "ACL") }
        let bits = arguments.count == 3 ? try arguments.integer(2) : 256
        guard (1...4096).contains(bits) else {
            throw ReplyError(
                "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up "
                    + "to 4096")
        }
        let digits = Int(bits + 3) / 4
        call.reply.bulk(String(Entropy.bytes((digits + 1) / 2).hexadecimal.prefix(digits)))
    }

    /// Replies with a name.
    @Sendable
    private static func whoAmI(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.bulk(call.session.userName)
    }
}
