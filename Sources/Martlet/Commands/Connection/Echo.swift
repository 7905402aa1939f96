// ECHO message

enum EchoCommand {
    static let spec = CommandSpec(
        "echo", summary: "Sends the message back.", since: "1.0.0", group: .connection, complexity: "O(1)", arity: 2,
        flags: [.loading, .stale, .fast], categories: .connection, arguments: [ArgumentSpec("message", .string)],
        handler: run)

    /// Replies with the message.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.bulk(arguments[1])
    }
}
