// EXISTS key [key ...]

enum ExistsCommand {
    static let spec = CommandSpec(
        "exists", summary: "Counts which of the keys exist.", since: "1.0.0", group: .generic,
        complexity: "O(N) for N keys", arity: -2, flags: [.readonly, .fast], categories: .keyspace,
        keys: [.keys(.readOnly)], tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
        history: [.init("3.0.3", "Takes several keys.")], arguments: [.key("key", .multiple)], handler: run)

    /// Replies the count; a key that is named twice counts twice.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var count = 0
        for index in 1..<arguments.count where call.lookup(arguments[index], for: .peek) != nil { count += 1 }
        call.reply.integer(count)
    }
}
