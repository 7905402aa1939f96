// SLOWLOG GET [count] | LEN | RESET | HELP

enum SlowlogCommand {
    static let spec = CommandSpec(
        "slowlog", summary: "Groups the commands about commands that took long.", since: "2.2.12", group: .server,
        complexity: "Depends on subcommand.", arity: -2,
        subcommands: [
            subcommand(
                "get", summary: "Returns the latest commands that took long.", complexity: "O(N) for N entries",
                arity: -2, history: [.init("4.0.0", "Brought the client's address and name.")],
                arguments: [ArgumentSpec("count", .integer, .optional)], get),
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "6.2.0", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in call.reply(help: help, of: "SLOWLOG") }),
            subcommand("len", summary: "Returns how many there are.", complexity: "O(1)", arity: 2, length),
            subcommand(
                "reset", summary: "Forgets them.", complexity: "O(N) for N entries", arity: 2, reset),
        ])

    private static func subcommand(
        _ name: String, summary: String, complexity: String, arity: Int, history: [CommandSpec.Change] = [],
        arguments: [ArgumentSpec] = [], _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "2.2.12", group: .server, complexity: complexity, arity: arity,
            flags: [.admin, .loading, .stale],
            tips: name == "get"
                ? ["request_policy:all_nodes", "nondeterministic_output"]
                : name == "len"
                    ? ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"]
                    : ["request_policy:all_nodes", "response_policy:all_succeeded"],
            history: history, arguments: arguments, handler: handler)
    }

    private static let help = [
        HelpEntry(
            "GET [<count>]", "The latest commands that took long, 10 by default, -1 for all. Each with its number,",
            "time, microseconds, words, and the client's address and name."),
        HelpEntry("LEN", "How many there are."),
        HelpEntry("RESET", "Forget them."),
    ]

    private static let usualCount = 10

    /// Replies with an array of number, time, microseconds, words, address and name, the latest first.
    @Sendable
    private static func get(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count <= 3 else { throw .wrongSubcommandArity(arguments[1], of: "SLOWLOG") }
        var count = usualCount
        if arguments.count == 3 {
            let error = ReplyError("ERR count should be greater than or equal to -1")
            let wanted = try arguments.integer(2, orThrow: error)
            guard wanted >= -1 else { throw error }
            count = wanted < 0 ? call.server.slowLog.count : Int(wanted)
        }
        let entries = call.server.slowLog.latest(count)
        call.reply.array(entries.count)
        for entry in entries {
            call.reply.array(6)
            call.reply.integer(entry.id)
            call.reply.integer(entry.time)
            call.reply.integer(entry.microseconds)
            call.reply.array(entry.words.count)
            for word in entry.words { call.reply.bulk(word.span) }
            call.reply.bulk(entry.address)
            call.reply.bulk(entry.clientName)
        }
    }

    /// Replies with a number.
    @Sendable
    private static func length(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.integer(call.server.slowLog.count)
    }

    /// Replies OK.
    @Sendable
    private static func reset(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.server.slowLog.reset()
        call.reply.ok()
    }
}
