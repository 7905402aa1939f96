// DBSIZE

enum DBSizeCommand {
    static let spec = CommandSpec(
        "dbsize", summary: "Returns the number of keys in the database.", since: "1.0.0", group: .server,
        complexity: "O(1)", arity: 1, flags: [.readonly, .fast], categories: .keyspace,
        tips: ["request_policy:all_shards", "response_policy:agg_sum"], handler: run)

    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.integer(call.keyspace.count(in: call.database))
    }
}
