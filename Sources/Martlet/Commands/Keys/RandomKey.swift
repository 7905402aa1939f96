// RANDOMKEY

enum RandomKeyCommand {
    static let spec = CommandSpec(
        "randomkey", summary: "Returns a key, each with the same chance.", since: "1.0.0", group: .generic,
        complexity: "O(1)", arity: 1, flags: [.readonly, .touchesArbitraryKeys], categories: .keyspace,
        tips: ["request_policy:all_shards", "nondeterministic_output"], handler: run)

    /// Replies the key, or null when the database is empty.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.keyspace.randomRecord(in: call.database) else { return call.reply.null() }
        call.reply.bulk(record.key)
    }
}
