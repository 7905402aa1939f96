// A client that is told something, and looks at the world in that moment.

@testable import Martlet

/// Guard for `@unchecked Sendable`: made, and called by the server, on the loop's queue only.
final class WitnessTransport: SessionTransport, @unchecked Sendable {
    let session: Session
    private let look: @Sendable () -> Void

    /// A session of `server` that calls `look` when it is sent a message.
    init(_ server: ServerContext, look: @escaping @Sendable () -> Void) {
        session = Session(id: server.clients.nextID(), isTrusted: true, monotonicSeconds: 0)
        self.look = look
        session.attach(self)
    }

    func push(_ message: ByteSpan) { look() }
    func push(_ messages: LargeBytes) { look() }

    func unblocked(_ reply: ByteSpan) {}
    func resume() {}
    func close() {}
    func kill() {}
    func takesReplies(of count: Int) -> Bool { true }

    let remoteAddress = "witness:0"
    let localAddress = "witness:0"
    let descriptorNumber: Int32 = -1
    let queryBufferCount = 0
    let queryBufferRoom = 0
    let replyBufferCount = 0
    let replySegmentCount = 0
    let replyBufferCapacity = 0
    let memoryBytes = 0
    let mixesPushesWithReplies = false
    let isLocal = true
    let isUnixSocket = false
}
