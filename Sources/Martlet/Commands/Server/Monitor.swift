// MONITOR

enum MonitorCommand {
    static let spec = CommandSpec(
        "monitor", summary: "Shows all commands that the server executes.", since: "1.0.0", group: .server,
        complexity: "", arity: 1, flags: [.admin, .noScript, .loading, .stale],
        handler: run)

    /// Replies OK, and from then on with a line for each command. RESET ends it.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard !call.isInTransaction else { throw ReplyError("ERR MONITOR isn't allowed for DENY BLOCKING client") }
        call.server.monitors.add(call.session)
        call.reply.ok()
    }
}
