// MEMORY DOCTOR | MALLOC-STATS | PURGE | STATS | USAGE key [SAMPLES count] | HELP

enum MemoryCommand {
    static let spec = CommandSpec(
        "memory", summary: "Groups the commands about memory.", since: "4.0.0", group: .server,
        complexity: "Depends on the subcommand", arity: -2,
        subcommands: [
            subcommand("doctor", summary: "Tells what is wrong with the use of memory.", MemoryDoctor.run),
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "4.0.0", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in call.reply(help: help, of: "MEMORY") }),
            subcommand(
                "malloc-stats", summary: "Tells what the allocators hold.", complexity: allocated,
                MemoryStats.allocators),
            subcommand(
                "purge", summary: "Lets the allocator give unused memory back.", complexity: allocated,
                tips: ["request_policy:all_shards", "response_policy:all_succeeded"], purge),
            subcommand("stats", summary: "Shows where memory goes.", MemoryStats.run),
            CommandSpec(
                "usage", summary: "Returns the bytes that a key and its value take.", since: "4.0.0", group: .server,
                complexity: "O(1)", arity: -3, flags: .readonly, keys: [.key(2, .readOnly)],
                arguments: [.key(), ArgumentSpec("count", .integer, token: "SAMPLES", .optional)], handler: usage),
        ])

    private static let allocated = "Depends on how much memory is allocated, could be slow"

    private static func subcommand(
        _ name: String, summary: String, complexity: String = "O(1)",
        tips: [String] = ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "4.0.0", group: .server, complexity: complexity, arity: 2, tips: tips,
            handler: handler)
    }

    private static let help = [
        HelpEntry("DOCTOR", "What is wrong with the use of memory, in words."),
        HelpEntry("MALLOC-STATS", "What the allocators have handed out and what they hold."),
        HelpEntry("PURGE", "Give memory that is not used back to the system."),
        HelpEntry("STATS", "Where memory goes."),
        HelpEntry("USAGE <key> [SAMPLES <count>]", "The bytes that <key> and its value take."),
    ]

    /// Replies with a number of bytes, or null. They are counted as values grow and shrink, so the samples that are
    /// asked for are not needed.
    @Sendable
    private static func usage(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var index = 3
        while index < arguments.count {
            guard index + 1 < arguments.count, arguments.matches(index, "SAMPLES") else { throw .syntax }
            guard try arguments.integer(index + 1, orThrow: .notInteger) >= 0 else { throw .syntax }
            index += 2
        }
        guard let record = call.lookup(arguments[2], for: .inspect) else { return call.reply.null() }
        call.reply.integer(call.keyspace.memoryUsage(of: record))
    }

    /// Replies OK.
    @Sendable
    private static func purge(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        SystemMemory.trim()
        call.reply.ok()
    }
}
