// CLIENT INFO, CLIENT LIST [TYPE (NORMAL | MASTER | REPLICA | PUBSUB)] [ID id [id ...]]
//
// One line per client; fields and their order are Redis's, and clients such as redis-py parse them.

enum ClientListCommand {
    static let infoSpec = CommandSpec(
        "info", summary: "Describes this connection.", since: "6.2.0", group: .connection, complexity: "O(1)", arity: 2,
        flags: [.noScript, .loading, .stale, .sentinel], categories: .connection, tips: ["nondeterministic_output"],
        handler: info)

    static let spec = CommandSpec(
        "list", summary: "Describes the open connections.", since: "2.4.0", group: .connection,
        complexity: "O(N) where N is the number of connections", arity: -2,
        flags: [.admin, .noScript, .loading, .stale, .sentinel], categories: .connection,
        tips: ["nondeterministic_output"],
        history: [
            .init("2.8.12", "Brought the field `id`."),
            .init("5.0.0", "Brought the option `TYPE`."),
            .init("6.0.0", "Brought the field `user`."),
            .init("6.2.0", "Brought the fields `argv-mem`, `tot-mem`, `laddr` and `redir` and the option `ID`."),
            .init("7.0.0", "Brought the fields `resp`, `multi-mem`, `rbs` and `rbp`."),
            .init("7.0.3", "Brought the field `ssub`."),
            .init("7.2.0", "Brought the fields `lib-name` and `lib-ver`."),
        ],
        arguments: [
            ArgumentSpec(
                "normal_master_replica_pubsub", .oneOf, token: "TYPE", since: "5.0.0", .optional,
                arguments: [.token("NORMAL"), .token("MASTER"), .token("REPLICA"), .token("PUBSUB")]),
            .block(
                "id", token: "ID", .optional, since: "6.2.0", [ArgumentSpec("client-id", .integer, .multiple)]),
        ], handler: list)

    /// Replies with this connection's line.
    @Sendable
    private static func info(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let session = call.session
        session.argumentBytes = byteCount(arguments)
        defer { session.argumentBytes = 0 }
        call.reply.verbatim(line(session, in: call.server))
    }

    /// Replies with the lines of all connections, oldest first, or of those asked for.
    @Sendable
    private static func list(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let session = call.session
        session.argumentBytes = byteCount(arguments)
        defer { session.argumentBytes = 0 }
        let sessions: [Session]
        if arguments.count == 4, arguments.matches(2, "TYPE") {
            sessions = call.server.clients.all.filter(try ClientType(arguments[3]).contains)
        } else if arguments.count > 3, arguments.matches(2, "ID") {
            var chosen: [Session] = []
            for index in 3..<arguments.count {
                let id = try arguments.integer(index, orThrow: ReplyError("ERR Invalid client ID"))
                if let session = call.server.clients[id] { chosen.append(session) }
            }
            sessions = chosen
        } else if arguments.count == 2 {
            sessions = call.server.clients.all
        } else {
            throw .syntax
        }
        call.reply.verbatim(sessions.map { line($0, in: call.server) }.joined())
    }

    private static func byteCount(_ arguments: borrowing Arguments) -> Int {
        var count = 0
        for index in 0..<arguments.count { count += arguments[index].count }
        return count
    }

    // MARK: The line

    private static func line(_ session: Session, in server: ServerContext) -> String {
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
            ("user", Authentication.userName),
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
