// GET key

enum GetCommand {
    static let spec = CommandSpec(
        "get", summary: "Returns the string at a key.", since: "1.0.0", group: .string, complexity: "O(1)", arity: 2,
        flags: [.readonly, .fast], categories: .string, keys: [.key(1, [.readOnly, .access])],
        arguments: [.key()], handler: run)

    /// Replies with the string, or null when the key does not exist.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let record = try call.string(arguments[1])
        call.reply(stringOrNull: record)
    }
}
