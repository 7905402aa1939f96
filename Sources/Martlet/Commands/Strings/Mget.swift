// MGET key [key ...]

enum MgetCommand {
    static let spec = CommandSpec(
        "mget", summary: "Returns the strings at several keys.", since: "1.0.0", group: .string,
        complexity: "O(N), N being the number of keys", arity: -2, flags: [.readonly, .fast], categories: .string,
        keys: [.keys([.readOnly, .access])], tips: ["request_policy:multi_shard"], arguments: [.key("key", .multiple)],
        handler: run)

    /// Replies with one string per key, null where there is none, also where the key holds something else.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.array(arguments.count - 1)
        for index in 1..<arguments.count {
            if let record = call.lookup(arguments[index]), record.isString {
                call.reply(string: record)
            } else {
                call.reply.null()
            }
        }
    }
}
