// CLIENT KILL ip:port
// CLIENT KILL [ID id] [TYPE NORMAL | MASTER | SLAVE | REPLICA | PUBSUB] [ADDR ip:port] [LADDR ip:port] [USER name]
//      [SKIPME YES | NO] [MAXAGE seconds]

enum ClientKillCommand {
    static let spec = CommandSpec(
        "kill", summary: "Ends open connections.", since: "2.4.0", group: .connection,
        complexity: "O(N) where N is the number of client connections", arity: -3,
        flags: [.admin, .noScript, .loading, .stale, .sentinel], categories: .connection,
        history: [
            .init("2.8.12", "Brought the form with filters."),
            .init("3.2.0", "Brought the type `master`."),
            .init("5.0.0", "`slave` is called `replica`; both are understood."),
            .init("6.2.0", "Brought the filter `LADDR`."),
            .init("7.4.0", "Brought the filter `MAXAGE`."),
        ],
        arguments: [
            .oneOf(
                "filter", [],
                [
                    ArgumentSpec("ip:port", .string),
                    .oneOf("new-format", .multiple, filters),
                ])
        ], handler: run)

    private static let filters: [ArgumentSpec] = [
        ArgumentSpec("client-id", .integer, token: "ID", since: "2.8.12", .optional),
        ArgumentSpec(
            "normal_master_slave_pubsub", .oneOf, token: "TYPE", since: "2.8.12", .optional,
            arguments: [
                .token("NORMAL"), .token("MASTER", since: "3.2.0"), .token("SLAVE"), .token("REPLICA", since: "5.0.0"),
                .token("PUBSUB"),
            ]),
        ArgumentSpec("username", .string, token: "USER", .optional),
        ArgumentSpec("ip:port", .string, token: "ADDR", .optional),
        ArgumentSpec("ip:port", .string, token: "LADDR", since: "6.2.0", .optional),
        ArgumentSpec("yes/no", .string, token: "SKIPME", .optional),
        ArgumentSpec("maxage", .integer, token: "MAXAGE", since: "7.4.0", .optional),
    ]

    /// All that is asked for must hold.
    private struct Filter {
        var id: Int64?
        var type: ClientType?
        var address: String?
        var localAddress: String?
        var user: User?
        var spares: Session?
        /// Those are meant that were opened then or before, in monotonic seconds.
        var latestStart = Int64.max

        func matches(_ session: Session) -> Bool {
            if let id, session.id != id { return false }
            if let type, !type.contains(session) { return false }
            if let address, session.transport?.remoteAddress != address { return false }
            if let localAddress, session.transport?.localAddress != localAddress { return false }
            if let user, session.user !== user { return false }
            if session.createdAt > latestStart { return false }
            return session !== spares
        }
    }

    /// The old form replies OK, the new one how many connections were ended. One's own ends behind its reply.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var filter = Filter()
        let isOldForm = arguments.count == 3
        if isOldForm { filter.address = arguments.text(2) } else { filter = try read(arguments, &call) }
        let named = filter.id.map { id in [call.server.clients[id]].compactMap { $0 } }
        let found = (named ?? call.server.clients.all).filter(filter.matches)
        guard !isOldForm || !found.isEmpty else { throw ReplyError("ERR No such client") }
        for session in found {
            if session === call.session { session.closesAfterReplies = true } else { session.transport?.kill() }
        }
        if isOldForm { call.reply.ok() } else { call.reply.integer(found.count) }
    }

    private static func read(
        _ arguments: borrowing Arguments, _ call: inout CommandCall
    ) throws(ReplyError) -> Filter {
        let session = call.session
        var filter = Filter(spares: session)
        guard arguments.count % 2 == 0 else { throw .syntax }
        for index in stride(from: 2, to: arguments.count, by: 2) {
            if arguments.matches(index, "ID") {
                let error = ReplyError("ERR client-id should be greater than 0")
                let id = try arguments.integer(index + 1, orThrow: error)
                guard id > 0 else { throw error }
                filter.id = id
            } else if arguments.matches(index, "TYPE") {
                filter.type = try ClientType(arguments[index + 1])
            } else if arguments.matches(index, "ADDR") {
                filter.address = arguments.text(index + 1)
            } else if arguments.matches(index, "LADDR") {
                filter.localAddress = arguments.text(index + 1)
            } else if arguments.matches(index, "USER") {
                guard let user = call.server.users[arguments[index + 1].copied()] else {
                    throw ReplyError("ERR No such user '", quoting: arguments[index + 1], "'")
                }
                filter.user = user
            } else if arguments.matches(index, "MAXAGE") {
                let error = ReplyError("ERR maxage is not an integer or out of range")
                let age = try arguments.integer(index + 1, orThrow: error)
                guard age > 0 else { throw ReplyError("ERR maxage should be greater than 0") }
                // A clock is not negative, so that the difference is a number.
                filter.latestStart = call.server.monotonicSeconds - age
            } else if arguments.matches(index, "SKIPME") {
                filter.spares = try skipsCaller(arguments, at: index + 1) ? session : nil
            } else {
                throw .syntax
            }
        }
        return filter
    }

    private static func skipsCaller(_ arguments: borrowing Arguments, at index: Int) throws(ReplyError) -> Bool {
        if arguments.matches(index, "yes") { return true }
        if arguments.matches(index, "no") { return false }
        throw .syntax
    }
}

/// Kinds of clients that CLIENT LIST and CLIENT KILL choose by. There are no replicas and no primaries.
enum ClientType {
    case normal, pubSub, replication

    init(_ name: ByteSpan) throws(ReplyError) {
        if name.equalsIgnoringCase("normal") {
            self = .normal
        } else if name.equalsIgnoringCase("pubsub") {
            self = .pubSub
        } else if name.equalsIgnoringCase("master") || name.equalsIgnoringCase("replica")
            || name.equalsIgnoringCase("slave")
        {
            self = .replication
        } else {
            throw ReplyError("ERR Unknown client type '", quoting: name, "'")
        }
    }

    func contains(_ session: Session) -> Bool {
        switch self {
        case .normal: !session.isSubscriber
        case .pubSub: session.isSubscriber
        case .replication: false
        }
    }
}
