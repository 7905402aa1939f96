// QUIT

enum QuitCommand {
    static let spec = CommandSpec(
        "quit", summary: "Closes the connection.", since: "1.0.0", group: .connection, complexity: "O(1)", arity: -1,
        flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy], categories: .connection, handler: run)

    /// Replies OK, and nothing after that.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.ok()
        call.session.closesAfterReplies = true
    }
}
