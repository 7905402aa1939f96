// CLIENT INFO, CLIENT LIST [TYPE (NORMAL | MASTER | REPLICA | PUBSUB)] [ID id [id ...]]
//
// One line per client.

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
        call.reply.verbatim(ClientDescription.line(session, in: call.server))
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
        let lines = ClientDescription.lines(sessions, in: call.server)
        call.reply.verbatim(lines.bytes)
    }

    private static func byteCount(_ arguments: borrowing Arguments) -> Int {
        var count = 0
        for index in 0..<arguments.count { count += arguments[index].count }
        return count
    }
}
