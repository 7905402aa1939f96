// A client in one line, for CLIENT LIST and ACL LOG. Fields and their order are Redis's, and clients such as redis-py
// parse them.

enum ClientDescription {
    static func line(_ session: Session, in server: ServerContext) -> String {
        let now = server.monotonicSeconds
        let transport = session.transport
        let pending = transport?.replyBufferCount ?? 0
        let capacity = transport?.replyBufferCapacity ?? 0
        let fields: [(String, String)] = [
            ("id", "\(session.id)"),
            ("addr", transport?.remoteAddress ?? ""),
            ("laddr", transport?.localAddress ?? ""),
            ("fd", "\(transport?.descriptorNumber ?? -1)"),
            ("name", session.name),
            ("age", "\(max(0, now - session.createdAt))"),
            ("idle", "\(max(0, now - session.lastInteractionAt))"),
            ("flags", flags(session, isMonitor: server.monitors.contains(session))),
            ("db", "\(session.database)"),
            ("sub", "\(session.subscriptions.channels.count)"),
            ("psub", "\(session.subscriptions.patterns.count)"),
            ("ssub", "\(session.subscriptions.shardChannels.count)"),
            ("multi", "\(session.transaction?.count ?? -1)"),
            ("qbuf", "\(transport?.queryBufferCount ?? 0)"),
            ("qbuf-free", "\(transport?.queryBufferRoom ?? 0)"),
            ("argv-mem", "\(session.argumentBytes)"),
            ("multi-mem", "\(session.transaction?.memoryBytes ?? 0)"),
            ("rbs", "\(capacity)"),
            // A reply buffer only grows until it is given back, so its size is its peak.
            ("rbp", "\(capacity)"),
            ("obl", "\(pending)"),
            ("oll", "\(transport?.replySegmentCount ?? 0)"),
            ("omem", "\(pending > 0 ? capacity : 0)"),
            ("tot-mem", "\(session.ownMemory + (transport?.memoryBytes ?? 0))"),
            ("events", events(session, pending: pending)),
            ("cmd", session.lastCommand.map { server.commands[$0].fullName } ?? "NULL"),
            ("user", session.userName),
            ("redir", "\(session.tracking.map { $0.redirect ?? 0 } ?? -1)"),
            ("resp", "\(session.version.rawValue)"),
            ("lib-name", session.libraryName),
            ("lib-ver", session.libraryVersion),
            // Between `multi` and `qbuf` from Redis 7.4 on, where tools of earlier versions do not look for it.
            ("watch", "\(session.watches.count)"),
            ("tot-net-in", "\(session.inputBytes)"),
            ("tot-net-out", "\(session.outputBytes)"),
            ("tot-cmds", "\(session.commandCount)"),
        ]
        return fields.map { "\($0)=\($1)" }.joined(separator: " ") + "\n"
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
