// DEL key [key ...]
// UNLINK key [key ...]

enum DelCommand {
    static let spec = CommandSpec(
        "del", summary: "Removes keys.", since: "1.0.0", group: .generic,
        complexity: "O(N) for N keys, and O(M) for each that holds a collection of M elements", arity: -2,
        flags: .write, categories: .keyspace, keys: [.keys([.remove, .delete])],
        tips: ["request_policy:multi_shard", "response_policy:agg_sum"], arguments: [.key("key", .multiple)],
        handler: del)

    static let unlinkSpec = CommandSpec(
        "unlink", summary: "Removes keys and frees large values in the background.", since: "4.0.0", group: .generic,
        complexity: "O(1) for each key, and O(M) in the background for a value of M allocations", arity: -2,
        flags: [.write, .fast], categories: .keyspace, keys: [.keys([.remove, .delete])],
        tips: ["request_policy:multi_shard", "response_policy:agg_sum"], arguments: [.key("key", .multiple)],
        handler: unlink)

    @Sendable
    private static func del(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        remove(arguments, lazily: call.keyspace.lazyFree.onUserDelete, &call)
    }

    @Sendable
    private static func unlink(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        remove(arguments, lazily: true, &call)
    }

    /// Replies how many of the keys existed.
    private static func remove(_ arguments: borrowing Arguments, lazily: Bool, _ call: inout CommandCall) {
        var removed = 0
        for index in 1..<arguments.count where call.remove(arguments[index], lazily: lazily) {
            call.changed(arguments[index], .del)
            removed += 1
        }
        call.reply.integer(removed)
    }
}
