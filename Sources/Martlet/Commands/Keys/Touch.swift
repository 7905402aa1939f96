// TOUCH key [key ...]

enum TouchCommand {
    static let spec = CommandSpec(
        "touch", summary: "Marks keys as used now and counts which exist.", since: "3.2.1", group: .generic,
        complexity: "O(N) for N keys", arity: -2, flags: [.readonly, .fast], categories: .keyspace,
        keys: [.keys(.readOnly)], tips: ["request_policy:multi_shard", "response_policy:agg_sum"],
        arguments: [.key("key", .multiple)], handler: run)

    /// Replies how many of the keys exist. They are used, whatever CLIENT NO-TOUCH says.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.keyspace.leavesTraces = true
        defer { call.keyspace.leavesTraces = call.session.leavesTraces }
        var count = 0
        for index in 1..<arguments.count where call.lookup(arguments[index]) != nil { count += 1 }
        call.reply.integer(count)
    }
}
