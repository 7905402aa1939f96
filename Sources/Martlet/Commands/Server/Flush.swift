// FLUSHDB [ASYNC | SYNC]
// FLUSHALL [ASYNC | SYNC]

enum FlushCommand {
    static let databaseSpec = makeSpec(
        "flushdb", "Removes all keys of the database.", "O(N) for N keys in the database",
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            let isLazy = try isLazy(arguments, call)
            call.keyspace.dirty += call.keyspace.flush(call.database, lazily: isLazy)
            call.propagate(arguments)
            call.reply.ok()
        })

    static let allSpec = makeSpec(
        "flushall", "Removes all keys of all databases.", "O(N) for N keys in all databases",
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            let isLazy = try isLazy(arguments, call)
            call.keyspace.dirty += call.keyspace.flushAll(lazily: isLazy)
            call.propagate(arguments)
            call.server.services.dataWasFlushed()
            call.reply.ok()
        })

    private static func makeSpec(
        _ name: String, _ summary: String, _ complexity: String, handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "1.0.0", group: .server, complexity: complexity, arity: -1, flags: .write,
            categories: [.keyspace, .dangerous],
            tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
            history: [.init("4.0.0", "Added the `ASYNC` option."), .init("6.2.0", "Added the `SYNC` option.")],
            arguments: [
                .oneOf("async", .optional, [.token("ASYNC", since: "4.0.0"), .token("SYNC", since: "6.2.0")])
            ], handler: handler)
    }

    /// Whether the memory is to be freed in the background.
    private static func isLazy(
        _ arguments: borrowing Arguments, _ call: borrowing CommandCall
    ) throws(ReplyError) -> Bool {
        switch arguments.count {
        case 1: return call.keyspace.lazyFree.onUserFlush
        case 2 where arguments.matches(1, "ASYNC"): return true
        case 2 where arguments.matches(1, "SYNC"): return false
        default: throw .syntax
        }
    }
}
