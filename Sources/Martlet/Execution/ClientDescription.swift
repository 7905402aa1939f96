// A client in one line, for CLIENT LIST and ACL LOG. Fields and their order are Redis's, and clients such as redis-py
// parse them.

enum ClientDescription {
    static func line(_ session: Session, in server: ServerContext) -> String {
        var writer = Writer()
        describe(session, in: server, &writer)
        return writer.buffer.bytes.text
    }

    static func lines(_ sessions: [Session], in server: ServerContext) -> ByteBuffer {
        var writer = Writer()
        for session in sessions { describe(session, in: server, &writer) }
        return writer.buffer
    }

    /// There may be ten thousand clients: nothing is made for a field.
    private struct Writer: ~Copyable {
        var buffer = ByteBuffer()

        /// `name` begins with the space that parts it from the field before.
        mutating func add(_ name: StaticString, _ value: String) {
            begin(name)
            buffer.append(text: value)
        }

        mutating func add(_ name: StaticString, _ value: some BinaryInteger) {
            begin(name)
            withDecimal(Int64(clamping: value)) { buffer.append($0) }
        }

        private mutating func begin(_ name: StaticString) {
            buffer.append(name)
            buffer.append("=")
        }

        mutating func end() { buffer.append("\n") }
    }

    private static func describe(_ session: Session, in server: ServerContext, _ line: inout Writer) {
        let now = server.monotonicSeconds
        let transport = session.transport
        let pending = transport?.replyBufferCount ?? 0
        let capacity = transport?.replyBufferCapacity ?? 0
        line.add("id", session.id)
        line.add(" addr", transport?.remoteAddress ?? "")
        line.add(" laddr", transport?.localAddress ?? "")
        line.add(" fd", transport?.descriptorNumber ?? -1)
        line.add(" name", session.name)
        line.add(" age", max(0, now - session.createdAt))
        line.add(" idle", max(0, now - session.lastInteractionAt))
        line.add(" flags", flags(session, isMonitor: server.monitors.contains(session)))
        line.add(" db", session.database)
        line.add(" sub", session.subscriptions.channels.count)
        line.add(" psub", session.subscriptions.patterns.count)
        line.add(" ssub", session.subscriptions.shardChannels.count)
        line.add(" multi", session.transaction?.count ?? -1)
        line.add(" qbuf", transport?.queryBufferCount ?? 0)
        line.add(" qbuf-free", transport?.queryBufferRoom ?? 0)
        line.add(" argv-mem", session.argumentBytes)
        line.add(" multi-mem", session.transaction?.memoryBytes ?? 0)
        line.add(" rbs", capacity)
        // A reply buffer only grows until it is given back, so its size is its peak.
        line.add(" rbp", capacity)
        line.add(" obl", pending)
        line.add(" oll", transport?.replySegmentCount ?? 0)
        line.add(" omem", pending > 0 ? capacity : 0)
        line.add(" tot-mem", session.ownMemory + (transport?.memoryBytes ?? 0))
        line.add(" events", events(session, pending: pending))
        line.add(" cmd", session.lastCommand.map { server.commands[$0].fullName } ?? "NULL")
        line.add(" user", session.userName)
        line.add(" redir", session.tracking.map { $0.redirect ?? 0 } ?? -1)
        line.add(" resp", session.version.rawValue)
        line.add(" lib-name", session.libraryName)
        line.add(" lib-ver", session.libraryVersion)
        // Between `multi` and `qbuf` from Redis 7.4 on, where tools of earlier versions do not look for it.
        line.add(" watch", session.watches.count)
        line.add(" tot-net-in", session.inputBytes)
        line.add(" tot-net-out", session.outputBytes)
        line.add(" tot-cmds", session.commandCount)
        line.end()
    }

    private static func flags(_ session: Session, isMonitor: Bool) -> String {
        var flags = isMonitor ? "O" : ""
        if session.isSubscriber { flags += "P" }
        if session.isBlocked { flags += "b" }
        if session.transaction != nil { flags += "x" }
        if let tracking = session.tracking {
            flags += "t"
            if tracking.isRedirectBroken { flags += "R" }
            if tracking.isBroadcast { flags += "B" }
        }
        if session.isTouched { flags += "d" }
        if session.closesAfterReplies { flags += "c" }
        if session.isSafeFromEviction { flags += "e" }
        if !session.leavesTraces { flags += "T" }
        if session.transport?.isUnixSocket ?? false { flags += "U" }
        return flags.isEmpty ? "N" : flags
    }

    /// Which events of its descriptor the connection waits for.
    private static func events(_ session: Session, pending: Int) -> String {
        guard let transport = session.transport, transport.descriptorNumber >= 0 else { return "" }
        return pending > 0 ? "rw" : "r"
    }
}
