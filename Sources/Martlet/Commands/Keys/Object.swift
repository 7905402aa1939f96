// OBJECT ENCODING | FREQ | IDLETIME | REFCOUNT key
// OBJECT HELP

enum ObjectCommand {
    static let spec = CommandSpec(
        "object", summary: "Shows how a value is kept.", since: "2.2.3", group: .generic,
        complexity: "Depends on the subcommand", arity: -2,
        subcommands: [
            makeSpec("encoding", "Returns the encoding of a value.", since: "2.2.3", encoding),
            makeSpec("freq", "Returns how often a key was used lately, on a logarithmic scale.", since: "4.0.0", freq),
            CommandSpec(
                "help", summary: "Returns what the subcommands do.", since: "6.2.0", group: .generic,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale], categories: .keyspace, handler: help),
            makeSpec("idletime", "Returns the seconds since a key was last used.", since: "2.2.3", idleTime),
            makeSpec("refcount", "Returns how many references a value has.", since: "2.2.3", refCount),
        ])

    private static func makeSpec(
        _ name: String, _ summary: String, since: String, _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .generic, complexity: "O(1)", arity: 3, flags: .readonly,
            categories: .keyspace, keys: [.key(2, .readOnly)], tips: ["nondeterministic_output"],
            arguments: [.key()], handler: handler)
    }

    /// All of them reply null when there is no such key, count as a look at it, and do not use it.
    @Sendable
    private static func encoding(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.lookup(arguments[2], for: .peek) else { return call.reply.null() }
        call.reply.bulk("\(record.valueKind.encoding.name)")
    }

    private static let adjusts = """
        Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.
        """

    /// An error while the policy does not count uses.
    @Sendable
    private static func freq(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.lookup(arguments[2], for: .peek) else { return call.reply.null() }
        guard call.keyspace.accessMemory == .frequency else {
            throw ReplyError(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. \(adjusts)")
        }
        call.reply.integer(Int(call.keyspace.useCounter(of: record)))
    }

    @Sendable
    private static func idleTime(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.lookup(arguments[2], for: .peek) else { return call.reply.null() }
        guard call.keyspace.accessMemory == .recency else {
            throw ReplyError("ERR An LFU maxmemory policy is selected, idle time not tracked. \(adjusts)")
        }
        call.reply.integer(record.idleSeconds(at: call.keyspace.accessClock))
    }

    @Sendable
    private static func refCount(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.lookup(arguments[2], for: .peek) else { return call.reply.null() }
        call.reply.integer(record.referenceCount(sharesNumbers: call.configuration.sharesNumbers))
    }

    @Sendable
    private static func help(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply(
            help: [
                HelpEntry("ENCODING <key>", "Name the encoding in which the value of <key> is kept."),
                HelpEntry("FREQ <key>", "Tell how often <key> was used lately, on a logarithmic scale."),
                HelpEntry("IDLETIME <key>", "Tell how many seconds ago <key> was last used."),
                HelpEntry("REFCOUNT <key>", "Tell how many references the value of <key> has."),
            ], of: "OBJECT")
    }
}

extension Record {
    /// What Redis would answer: its numbers below 10,000 are shared by all keys and never freed, unless each has to
    /// remember its own uses.
    func referenceCount(sharesNumbers: Bool) -> Int {
        sharesNumbers && valueKind == .int && (0..<10_000).contains(integer) ? Int(Int32.max) : 1
    }
}
