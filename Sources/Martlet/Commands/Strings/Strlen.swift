// STRLEN key

enum StrlenCommand {
    static let spec = CommandSpec(
        "strlen", summary: "Returns the length of the string at a key.", since: "2.2.0", group: .string,
        complexity: "O(1)", arity: 2, flags: [.readonly, .fast], categories: .string, keys: [.key(1, .readOnly)],
        arguments: [.key()], handler: run)

    /// Replies with the length in bytes; 0 when the key does not exist.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.integer(try call.string(arguments[1])?.stringCount ?? 0)
    }
}
