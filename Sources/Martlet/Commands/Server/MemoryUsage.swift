// MEMORY USAGE key [SAMPLES count]
// MEMORY HELP

enum MemoryCommand {
    static let spec = CommandSpec(
        "memory", summary: "Groups the commands about memory.", since: "4.0.0", group: .server,
        complexity: "Depends on the subcommand", arity: -2,
        subcommands: [
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "4.0.0", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in
                    call.reply(
                        help: [HelpEntry("USAGE <key> [SAMPLES <count>]", "The bytes that <key> and its value take.")],
                        of: "MEMORY")
                }),
            CommandSpec(
                "usage", summary: "Returns the bytes that a key and its value take.", since: "4.0.0", group: .server,
                complexity: "O(1)", arity: -3, flags: .readonly, keys: [.key(2, .readOnly)],
                arguments: [.key(), ArgumentSpec("count", .integer, token: "SAMPLES", .optional)], handler: usage),
        ])

    /// Replies with a number of bytes, or null. They are counted as values grow and shrink, so the samples that are
    /// asked for need not be taken.
    @Sendable
    private static func usage(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var index = 3
        while index < arguments.count {
            guard arguments.matches(index, "SAMPLES"), index + 1 < arguments.count else { throw .syntax }
            guard try arguments.integer(index + 1, orThrow: .notInteger) >= 0 else { throw .syntax }
            index += 2
        }
        guard let record = call.lookup(arguments[2], for: .inspect) else { return call.reply.null() }
        call.reply.integer(call.keyspace.memoryUsage(of: record))
    }
}
