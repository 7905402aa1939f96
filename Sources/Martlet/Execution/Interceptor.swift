// The seam at which a fake stands between clients and commands. A server proper has nobody there.

/// A command as a client sent it.
package struct ReceivedCommand: Sendable, Equatable {
    /// The name first.
    package let words: [[UInt8]]
    /// The client's id, as CLIENT ID tells it.
    package let client: Int64
    /// The client's database.
    package let database: Int
    /// By the server's clock, in ms since 1970.
    package let time: Int64
}

/// What becomes of a command.
package enum Interception: Sendable, Equatable {
    case proceed
    /// It is not executed; the client gets this error.
    case error(String)
    /// It is executed; the reply comes so many ms later by the server's clock.
    case delay(milliseconds: Int64)
    /// It is not executed; the connection ends.
    case cutBefore
    /// It is executed; the connection ends without the reply.
    case cutAfter
    /// It is executed; the connection ends in the midst of the reply.
    case halfReply
}

protocol Interceptor: AnyObject, Sendable {
    /// Decides about a command before anything else does. On the loop's queue.
    func intercept(_ command: ReceivedCommand) -> Interception
    /// Whether a client that comes is let in.
    func admitsConnection() -> Bool
}

extension Executor {
    func run(
        _ command: CommandID?, _ arguments: borrowing Arguments, by interceptor: any Interceptor,
        _ call: inout CommandCall
    ) {
        // The fake is told what to do by a command of its own, whatever it does to others.
        if arguments[0].equalsIgnoringCase("fake") { return obey(command, arguments, &call) }
        let received = ReceivedCommand(
            words: (0..<arguments.count).map { arguments[$0].copied() }, client: call.session.id,
            database: call.session.database, time: server.keyspace.value.now)
        switch interceptor.intercept(received) {
        case .proceed: obey(command, arguments, &call)
        case .error(let text): refuse(ReplyError(text), &call)
        case .cutBefore: call.session.closesAfterReplies = true
        case .cutAfter:
            _ = replyApart(command, arguments, &call)
            call.session.closesAfterReplies = true
        case .halfReply:
            let reply = replyApart(command, arguments, &call)
            call.reply.raw(reply.span.extracting(first: reply.count / 2))
            call.session.closesAfterReplies = true
        case .delay(let milliseconds):
            let reply = replyApart(command, arguments, &call)
            // What waits by itself is late already.
            guard !call.session.isBlocked, !call.session.closesAfterReplies else { return call.reply.raw(reply.span) }
            server.blocked.block(
                call.session, for: .time(reply: reply), timeout: max(milliseconds, 1),
                now: server.monotonicMilliseconds)
        }
    }

    /// Executes a command and takes its reply out of the others'.
    private func replyApart(
        _ command: CommandID?, _ arguments: borrowing Arguments, _ call: inout CommandCall
    ) -> [UInt8] {
        var others = ReplyWriter(buffer: ReplyBuffer(), version: call.reply.version)
        swap(&others, &call.reply)
        obey(command, arguments, &call)
        swap(&others, &call.reply)
        // HELLO may have changed it.
        call.reply.version = others.version
        return others.buffer.copyBytes()
    }
}
