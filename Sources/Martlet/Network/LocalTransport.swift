// The engine's side of an in-process connection: a session without a socket.

/// Guard for `@unchecked Sendable`: touched on the loop's queue only.
final class LocalTransport: SessionTransport, @unchecked Sendable {
    let session: Session
    private let network: Network
    private let batch = Box(RequestBatch())
    /// Of the reply before, for the next one.
    private let spare = Box(ByteBuffer())
    /// What the client waits for, and what it asked behind that.
    private var awaited: LaterReply?
    // Unchecked: on the loop's queue only, and every access ends before a request is executed.
    @exclusivity(unchecked) private var parked: [(request: LocalRequest, reply: LaterReply)] = []
    /// Messages that are no replies, for the connection's reader.
    let pushes: AsyncStream<RESPValue>
    private let inbox: AsyncStream<RESPValue>.Continuation

    private static let mostWaitingPushes = 100_000

    /// Longer replies are turned into values away from the loop.
    static let inlineReplyLimit = 16 * 1024

    /// A connection to a server of one's own program needs no password; RESP3 keeps the types of replies.
    /// One that is unseen is no client; see `Session.isUnseen`.
    init(network: Network, isUnseen: Bool = false) {
        self.network = network
        let server = network.server
        (pushes, inbox) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.mostWaitingPushes))
        session = Session(
            id: isUnseen ? 0 : server.clients.nextID(), isTrusted: true, isUnseen: isUnseen,
            monotonicSeconds: server.monotonicSeconds)
        session.attach(self)
        session.version = .resp3
        guard !isUnseen else { return }
        server.clients.add(session)
        server.clientMemory.value.account(session, buffers: 0)
    }

    func close() {
        awaited.take()?.fulfil(.lost)
        for (_, reply) in parked { reply.fulfil(.closed) }
        parked = []
        network.server.clients.remove(session)
        network.server.release(session)
        network.server.clientMemory.value.remove(session)
        session.detach()
        inbox.finish()
    }

    /// Nobody writes to a socket here: messages go to whoever reads them, and too many that nobody reads end the
    /// connection, as they do for a socket.
    func push(_ message: ByteSpan) {
        var position = 0
        // What the server wrote is complete and well formed.
        while position < message.count, let value = try? RESPReader.read(message, at: &position) {
            if case .dropped = inbox.yield(value) { session.closesAfterReplies = true }
        }
    }

    func push(_ messages: LargeBytes) { push(messages.bytes) }

    func kill() {
        session.closesAfterReplies = true
        close()
    }

    /// Executes a request, or keeps it until the client no longer waits.
    func answer(_ request: LocalRequest) -> LocalReply {
        guard !session.closesAfterReplies, !request.words.isEmpty else { return .closed }
        guard !session.isBlocked, parked.isEmpty else {
            let reply = LaterReply()
            parked.append((request, reply))
            return .later(reply)
        }
        let reply = execute(request)
        guard session.isBlocked else { return take(reply) }
        let later = LaterReply()
        wait(for: later, request)
        return .later(later)
    }

    /// The client waits for a reply, or, while somebody pauses, for its request to be executed at all.
    private func wait(for reply: LaterReply, _ request: LocalRequest) {
        if session.isPostponed { parked.insert((request, reply), at: 0) } else { awaited = reply }
    }

    private func take(_ reply: consuming ReplyBuffer) -> LocalReply {
        guard reply.isContiguous, reply.count <= Self.inlineReplyLimit else { return .bytes(reply.copyBytes()) }
        let value = Self.value(reply.tail.bytes)
        if reply.tail.capacity <= Self.inlineReplyLimit {
            reply.tail.clear()
            swap(&reply.tail, &spare.value)
        }
        return value
    }

    private static func value(_ bytes: ByteSpan) -> LocalReply {
        var position = 0
        // What the server wrote is complete and well formed, unless a fake cut it.
        guard let value = try? RESPReader.read(bytes, at: &position) else { return .lost }
        return .value(value)
    }

    func unblocked(_ reply: ByteSpan) {
        awaited.take()?.fulfil(Self.value(reply))
        network.unblocked(self)
    }

    func resume() {
        while !parked.isEmpty, !session.isBlocked {
            let (request, later) = parked.removeFirst()
            guard !session.closesAfterReplies else {
                later.fulfil(.closed)
                continue
            }
            let reply = execute(request)
            if session.isBlocked { wait(for: later, request) } else { later.fulfil(take(reply)) }
        }
    }

    /// Executes one request and returns what was replied.
    func execute(_ request: LocalRequest) -> ReplyBuffer {
        session.isUnseen ? network.server.uncounted { perform(request) } : perform(request)
    }

    private func perform(_ request: LocalRequest) -> ReplyBuffer {
        for word in request.words { batch.value.append(word) }
        batch.value.finishRequest()
        var tail = ByteBuffer()
        swap(&tail, &spare.value)
        var reply = ReplyWriter(buffer: ReplyBuffer(tail: tail), version: session.version)
        network.execute(batch.value, bytes: request.bytes.span, session: session, reply: &reply)
        batch.value.removeAll()
        if session.hasUnsavedChanges { save(&reply) }
        session.lastInteractionAt = network.now
        if session.closesAfterReplies {
            close()
        } else if !session.isUnseen {
            network.server.clientMemory.value.account(session, buffers: 0)
        }
        return reply.takeBuffer()
    }

    /// Who is told that something was done can rely on it.
    private func save(_ reply: inout ReplyWriter) {
        session.hasUnsavedChanges = false
        guard network.server.configuration.value.appendfsync == .always, !network.server.services.commit() else {
            return
        }
        reply = ReplyWriter(buffer: ReplyBuffer(), version: session.version)
        reply.error(.changeNotSaved)
    }

    // MARK: SessionTransport

    let remoteAddress = "in-process:0"
    let localAddress = "in-process:0"
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
    func takesReplies(of count: Int) -> Bool { true }
}
