// RESET

enum ResetCommand {
    static let spec = CommandSpec(
        "reset", summary: "Makes the connection as it was when it opened.", since: "6.2.0", group: .connection,
        complexity: "O(1)", arity: 1, flags: [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy],
        categories: .connection, handler: run)

    /// Replies RESET. A connection within the process stays authenticated, as it opened.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let session = call.session
        call.server.release(session)
        call.server.makeDefault(session)
        session.resetChoices()
        call.keyspace.leavesTraces = true
        call.setVersion(.resp2)
        call.reply.simple("RESET")
    }
}
