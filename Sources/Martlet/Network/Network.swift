// What all connections of one server share: the loop, the executor, the buffer that everything is read into, and the
// lists of those that have something to write or are to be closed when the turn ends.

final class Network {
    let loop: EventLoop
    let server: ServerContext
    private(set) var connections: [ObjectIdentifier: Connection] = [:]
    private(set) var listeners: [Listener] = []
    private let executor: Box<Executor>
    /// Requests parsed and not yet executed; empty between two readings.
    let batch = Box(RequestBatch())
    /// Everything is read into this first; only what belongs to an incomplete request is copied.
    let readBuffer: UnsafeMutableRawBufferPointer
    // Unchecked: on the loop's queue only, and every access ends before a connection is called.
    @exclusivity(unchecked) private var dirty: [Connection] = []
    // Unchecked for the same reason.
    @exclusivity(unchecked) private var doomed: [Connection] = []
    /// Those whose waiting is over.
    // Unchecked for the same reason.
    @exclusivity(unchecked) private var unblocked: [any SessionTransport] = []
    /// Set at the end of a turn, when messages need not wait for it any more.
    private(set) var writesAtOnce = false
    /// Monotonic seconds, set by the periodic work: exact enough for idle times.
    var now: Int64 = 0

    private static let readBufferSize = 64 * 1024
    /// Room in it ahead of what is read, for the beginning of a request.
    static let readBufferHeadroom = 16 * 1024

    init(loop: EventLoop, server: ServerContext) {
        self.loop = loop
        self.server = server
        executor = Box(Executor(server: server))
        readBuffer = .allocate(byteCount: Self.readBufferHeadroom + Self.readBufferSize, alignment: 64)
    }

    deinit { readBuffer.deallocate() }

    /// Returns how many of the requests were executed: fewer than all when the client begins to wait.
    @discardableResult
    func execute(
        _ batch: borrowing RequestBatch, bytes: ByteSpan, session: Session, reply: inout ReplyWriter
    ) -> Int {
        let executed = executor.value.execute(batch, bytes: bytes, session: session, reply: &reply)
        session.commandCount += executed
        return executed
    }

    // MARK: Listeners

    /// Takes `socket` over, also when that fails.
    func listen(on socket: ListeningSocket) throws(SystemError) {
        let listener = Listener(socket: socket, network: self)
        do {
            try loop.add(listener, descriptor: socket.descriptor, interest: .read)
        } catch {
            socket.close()
            throw error
        }
        listeners.append(listener)
    }

    /// Stops listening; connections stay.
    func closeListeners() {
        for listener in listeners { listener.close() }
        listeners = []
    }

    /// Hands over the TCP listeners, or those on unix sockets, still open.
    func takeListeners(onUnixSockets isUnix: Bool) -> [Listener] {
        let taken = listeners.filter { if case .unix = $0.socket.address { isUnix } else { !isUnix } }
        listeners.removeAll { listener in taken.contains { $0 === listener } }
        return taken
    }

    /// Takes listeners back that were handed over.
    func giveBack(_ taken: [Listener]) { listeners += taken }

    /// The TCP port in use, 0 when there is none.
    var port: Int {
        for listener in listeners {
            if case .unix = listener.socket.address { continue }
            return Int(listener.socket.address.port)
        }
        return 0
    }

    // MARK: Connections

    func add(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = connection
        server.clients.add(connection.session)
        connection.account()
    }

    func remove(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        server.clients.remove(connection.session)
        server.release(connection.session)
        server.clientMemory.value.remove(connection.session)
    }

    /// Lets go of the clients that take most memory while all together take more than maxmemory-clients.
    func evictClients() {
        guard server.clientMemory.value.isOverLimit else { return }
        let largestFirst = connections.values
            .filter { !$0.session.isSafeFromEviction }
            .sorted { $0.session.accountedBytes > $1.session.accountedBytes }
        for connection in largestFirst {
            guard server.clientMemory.value.isOverLimit else { return }
            server.log.write(.notice, "Evicting client: \(connection.description)")
            server.statistics.value.evictedClients += 1
            connection.close()
        }
    }

    /// `connection` has replies to write when the turn ends.
    func markDirty(_ connection: Connection) { dirty.append(connection) }

    /// `connection` is to be closed when the turn ends.
    func doom(_ connection: Connection) { doomed.append(connection) }

    /// What the client of `transport` has sent while it waited is to be executed.
    func unblocked(_ transport: any SessionTransport) { unblocked.append(transport) }

    var hasUnblocked: Bool { !unblocked.isEmpty }

    /// Executes what clients have sent while they waited.
    func resumeUnblocked() {
        guard hasUnblocked else { return }
        let resumed = unblocked
        unblocked = []
        for transport in resumed { transport.resume() }
    }

    /// Writes what waits, then closes what is done. Answers come before messages: somebody waits for them.
    func endTurn() {
        evictClients()
        flush()
        writesAtOnce = true
        server.pubSub.deliver()
        server.tracking.broadcast()
        writesAtOnce = false
        // What nobody has taken is memory of clients.
        evictClients()
        flush()
        if !doomed.isEmpty {
            for connection in doomed { connection.close() }
            doomed.removeAll()
        }
    }

    private func flush() {
        guard !dirty.isEmpty else { return }
        // By index: who is closed on the way may leave something to write for others.
        var index = 0
        while index < dirty.count {
            dirty[index].flush()
            index += 1
        }
        dirty.removeAll(keepingCapacity: true)
    }

    /// What clients changed in this turn could not be made safe: those who changed something are let go without a
    /// reply, for neither "done" nor "not done" would be true.
    func endTurnWithoutAcknowledging() {
        for connection in dirty where connection.session.hasUnsavedChanges {
            server.log.write(.warning, "Closing a client whose change could not be saved: \(connection.remoteAddress)")
            connection.close()
        }
        endTurn()
    }

    /// Once a second: dooms connections that have been idle for more than `timeout` seconds, if that is set, looks
    /// after those that do not read, and lets idle ones give memory back.
    func checkIdle(now: Int64, timeout: Int64) {
        for connection in connections.values {
            let idle = now - connection.session.lastInteractionAt
            if timeout > 0, idle > timeout, !mayBeSilent(connection.session) {
                server.log.write(.verbose, "Closing idle client")
                doom(connection)
            } else {
                connection.checkOutput()
                if idle >= 2 { connection.shrink() }
            }
        }
    }

    /// Who waits for others is not idle.
    private func mayBeSilent(_ session: Session) -> Bool {
        session.isBlocked || session.isSubscriber || server.monitors.contains(session)
    }

    /// Listeners that ran out of descriptors try again.
    func resumeListeners() {
        for listener in listeners { listener.resume() }
    }

    func closeAll() {
        closeListeners()
        for connection in connections.values { connection.close() }
        dirty = []
        doomed = []
        // What is left are sessions in process, whose owners may keep them for long.
        for session in server.clients.all { session.transport?.close() }
        unblocked = []
    }
}
