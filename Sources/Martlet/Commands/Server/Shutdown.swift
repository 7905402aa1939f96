// SHUTDOWN [NOSAVE | SAVE] [NOW] [FORCE] [ABORT]

enum ShutdownCommand {
    static let spec = CommandSpec(
        "shutdown", summary: "Stops the server.", since: "1.0.0", group: .server,
        complexity: "O(N) where N is the number of keys to save, O(1) without saving", arity: -1,
        flags: [.admin, .noScript, .loading, .stale, .noMulti, .sentinel, .allowBusy],
        history: [.init("7.0.0", "Brought the options `NOW`, `FORCE` and `ABORT`.")],
        arguments: [
            .oneOf("nosave_save", .optional, [.token("NOSAVE"), .token("SAVE")]),
            .token("NOW", .optional, since: "7.0.0"), .token("FORCE", .optional, since: "7.0.0"),
            .token("ABORT", .optional, since: "7.0.0"),
        ], handler: run)

    /// Replies nothing: the connection closes. An error reply tells why the server goes on.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let request = try request(arguments) else {
            guard call.server.services.abortShutdown() else { throw ReplyError("ERR No shutdown in progress.") }
            return call.reply.ok()
        }
        switch call.server.services.shutdown(request) {
        case .accepted: call.session.closesAfterReplies = true
        case .refused(let error): throw error
        }
    }

    /// Nil for ABORT.
    private static func request(_ arguments: borrowing Arguments) throws(ReplyError) -> ShutdownRequest? {
        var request = ShutdownRequest()
        var aborts = false
        var isNow = false
        for index in 1..<arguments.count {
            if arguments.matches(index, "NOSAVE"), request.save != .always {
                request.save = .never
            } else if arguments.matches(index, "SAVE"), request.save != .never {
                request.save = .always
            } else if arguments.matches(index, "NOW") {
                // Replicas that lag behind are not waited for; there are none.
                isNow = true
            } else if arguments.matches(index, "FORCE") {
                request.isForced = true
            } else if arguments.matches(index, "ABORT") {
                aborts = true
            } else {
                throw .syntax
            }
        }
        guard aborts else { return request }
        guard request == ShutdownRequest(), !isNow else { throw .syntax }
        return nil
    }
}
