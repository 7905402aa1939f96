// COMMAND and its subcommands: the command table as clients and redis-cli read it, computed from the specs.
//
// COMMAND INFO's part is in CommandInfo.swift, that of DOCS in CommandDocs.swift, LIST in CommandList.swift, GETKEYS
// and GETKEYSANDFLAGS in CommandKeys.swift.

enum CommandCommand {
    static let spec = CommandSpec(
        "command", summary: "Describes all commands.", since: "2.8.13", group: .server,
        complexity: "O(N) where N is the number of commands", arity: -1, flags: flags, categories: .connection,
        tips: ["nondeterministic_output_order"],
        subcommands: [
            subcommand("count", summary: "Returns the number of commands.", complexity: "O(1)", arity: 2, count),
            subcommand(
                "docs", summary: "Returns the documentation of commands.", since: "7.0.0",
                complexity: "O(N) where N is the number of commands asked for", arity: -2,
                tips: ["nondeterministic_output_order"], arguments: [names], CommandDocs.run),
            subcommand(
                "getkeys", summary: "Picks the keys out of a whole command.",
                complexity: "O(N) where N is the number of the command's arguments", arity: -4, CommandKeys.keys),
            subcommand(
                "getkeysandflags", summary: "Picks the keys out of a whole command, with what is done to them.",
                since: "7.0.0", complexity: "O(N) where N is the number of the command's arguments", arity: -4,
                CommandKeys.keysAndFlags),
            subcommand(
                "help", summary: "Shows how the subcommands are called.", since: "5.0.0", complexity: "O(1)", arity: 2,
                help),
            subcommand(
                "info", summary: "Describes commands, or all of them.",
                complexity: "O(N) where N is the number of commands asked for", arity: -2,
                tips: ["nondeterministic_output_order"],
                history: [.init("7.0.0", "Without a name it describes all commands.")], arguments: [names],
                CommandInfo.run),
            subcommand(
                "list", summary: "Returns the names of commands and subcommands.", since: "7.0.0",
                complexity: "O(N) where N is the number of commands", arity: -2,
                tips: ["nondeterministic_output_order"],
                arguments: [
                    ArgumentSpec(
                        "filterby", .oneOf, token: "FILTERBY", .optional,
                        arguments: [
                            ArgumentSpec("module-name", .string, token: "MODULE"),
                            ArgumentSpec("category", .string, token: "ACLCAT"),
                            ArgumentSpec("pattern", .pattern, token: "PATTERN"),
                        ])
                ], CommandList.run),
        ], handler: CommandInfo.runForAll)

    private static let flags: CommandFlags = [.loading, .stale, .sentinel]
    private static let names = ArgumentSpec("command-name", .string, [.optional, .multiple])

    private static func subcommand(
        _ name: String, summary: String, since: String = "2.8.13", complexity: String, arity: Int, tips: [String] = [],
        history: [CommandSpec.Change] = [], arguments: [ArgumentSpec] = [], _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .server, complexity: complexity, arity: arity, flags: flags,
            categories: .connection, tips: tips, history: history, arguments: arguments, handler: handler)
    }

    /// Replies with the number of commands, subcommands not counted.
    @Sendable
    private static func count(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.integer(call.server.commands.topLevelCount)
    }

    @Sendable
    private static func help(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply(
            help: [
                HelpEntry("(no subcommand)", "Describe all commands."),
                HelpEntry("COUNT", "The number of commands."),
                HelpEntry("LIST", "The names of all commands and subcommands."),
                HelpEntry("INFO [<command-name> ...]", "Describe these commands, or all when none is named."),
                HelpEntry("DOCS [<command-name> ...]", "Document these commands, or all when none is named."),
                HelpEntry("GETKEYS <full-command>", "The keys in a whole command."),
                HelpEntry(
                    "GETKEYSANDFLAGS <full-command>", "The keys in a whole command, with what is done to each."),
            ], of: "COMMAND")
    }
}

extension ReplyWriter {
    /// The names of the bits that are set, as a set of simple strings.
    mutating func names(of bits: Int, _ names: [String], prefix: String = "") {
        set(bits.nonzeroBitCount)
        for (bit, name) in names.enumerated() where bits & 1 << bit != 0 { simple(prefix + name) }
    }
}
