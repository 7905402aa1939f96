// TYPE key

enum TypeCommand {
    static let spec = CommandSpec(
        "type", summary: "Returns the type of a key's value.", since: "1.0.0", group: .generic, complexity: "O(1)",
        arity: 2, flags: [.readonly, .fast], categories: .keyspace, keys: [.key(1, .readOnly)], arguments: [.key()],
        handler: run)

    /// Replies the name, or `none` when there is no such key.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let type = call.lookup(arguments[1], for: .peek)?.valueKind.type
        call.reply.simple(type?.name ?? "none")
    }
}
