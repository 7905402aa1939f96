// CLIENT PAUSE milliseconds [WRITE | ALL]
// CLIENT UNPAUSE

enum ClientPauseCommand {
    static let spec = CommandSpec(
        "pause", summary: "Lets commands of all clients wait.", since: "3.0.0", group: .connection,
        complexity: "O(1)", arity: -3, flags: [.admin, .noScript, .loading, .stale], categories: .connection,
        history: [.init("6.2.0", "Brought the options `WRITE` and `ALL`.")],
        arguments: [
            ArgumentSpec("timeout", .integer),
            .oneOf("mode", .optional, since: "6.2.0", [.token("WRITE"), .token("ALL")]),
        ], handler: pause)

    static let endSpec = CommandSpec(
        "unpause", summary: "Ends the wait that CLIENT PAUSE began.", since: "6.2.0", group: .connection,
        complexity: "O(N) where N is the number of clients that wait", arity: 2,
        flags: [.admin, .noScript, .loading, .stale], categories: .connection, handler: unpause)

    /// Replies OK; the wait begins behind this command or its transaction.
    @Sendable
    private static func pause(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var kind = Pause.Kind.all
        if arguments.count > 3 {
            guard arguments.count == 4 else { throw .wrongSubcommandArity(arguments[1], of: "CLIENT") }
            if arguments.matches(3, "WRITE") {
                kind = .write
            } else if !arguments.matches(3, "ALL") {
                throw ReplyError("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
        }
        let refusal = ReplyError("ERR timeout is not an integer or out of range")
        let milliseconds = try arguments.integer(2, orThrow: refusal)
        guard milliseconds >= 0 else { throw ReplyError("ERR timeout is negative") }
        let (end, overflow) = call.server.monotonicMilliseconds.addingReportingOverflow(milliseconds)
        // Int64.max means that there is no pause.
        call.server.pause.value.begin(kind, until: overflow ? Int64.max - 1 : min(end, Int64.max - 1))
        call.reply.ok()
    }

    /// Replies OK.
    @Sendable
    private static func unpause(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.server.unpause()
        call.reply.ok()
    }
}
