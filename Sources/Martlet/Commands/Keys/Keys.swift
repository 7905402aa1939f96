// KEYS pattern

enum KeysCommand {
    static let spec = CommandSpec(
        "keys", summary: "Returns all keys that match a pattern.", since: "1.0.0", group: .generic,
        complexity: "O(N) for N keys in the database, with names and pattern of limited length", arity: 2,
        flags: .readonly, categories: [.keyspace, .dangerous],
        tips: ["request_policy:all_shards", "nondeterministic_output_order"],
        arguments: [ArgumentSpec("pattern", .pattern)], handler: run)

    /// Replies an array. Keys whose time is over are left out and left alone.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let pattern = arguments[1]
        let takesAll = pattern.count == 1 && pattern[0] == UInt8(ascii: "*")
        let (server, database) = (call.server, call.database)
        call.reply.collect(.array) { reply in
            var count = 0
            server.keyspace.value.visitLive(in: database) { record in
                let key = record.key
                guard takesAll || globMatches(pattern: pattern, string: key) else { return }
                reply.bulk(key)
                count += 1
            }
            return count
        }
    }
}
