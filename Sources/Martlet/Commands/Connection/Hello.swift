// HELLO [protover [AUTH username password] [SETNAME clientname]]

enum HelloCommand {
    static let spec = CommandSpec(
        "hello", summary: "Agrees on the protocol version and tells about the server.", since: "6.0.0",
        group: .connection, complexity: "O(1)", arity: -1,
        flags: [.noScript, .loading, .stale, .fast, .noAuth, .sentinel, .allowBusy], categories: .connection,
        history: [.init("6.2.0", "The version may be left out; the reply then describes the connection as it is.")],
        arguments: [
            .block(
                "arguments", .optional,
                [
                    ArgumentSpec("protover", .integer),
                    .block(
                        "username_password", token: "AUTH", .optional,
                        [ArgumentSpec("username", .string), ArgumentSpec("password", .string)]),
                    ArgumentSpec("clientname", .string, token: "SETNAME", .optional),
                ])
        ], handler: run)

    /// Replies with a map that describes server and connection, in the version agreed on.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var version: RESPVersion?
        if arguments.count > 1 {
            let number = try arguments.integer(
                1, orThrow: ReplyError("ERR Protocol version is not an integer or out of range"))
            version = Int(exactly: number).flatMap(RESPVersion.init)
            if version == nil { throw ReplyError("NOPROTO unsupported protocol version") }
        }
        try applyOptions(&call, arguments)
        guard call.session.isAuthenticated else { throw notAuthenticated }
        if let version { call.setVersion(version) }
        describe(&call)
    }

    /// Each option has its effect as it is read, also when a later one is refused.
    private static func applyOptions(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        var index = 2
        while index < arguments.count {
            let more = arguments.count - 1 - index
            if arguments.matches(index, "AUTH"), more >= 2 {
                try call.server.admit(
                    call.session, as: arguments[index + 1].copied(), password: arguments[index + 2], by: arguments[0])
                index += 3
            } else if arguments.matches(index, "SETNAME"), more >= 1 {
                call.session.name = try ClientAttribute.name(arguments, at: index + 1)
                index += 2
            } else {
                throw ReplyError("ERR Syntax error in HELLO option '", quoting: arguments[index], "'")
            }
        }
    }

    private static var notAuthenticated: ReplyError {
        ReplyError(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> <pass> "
                + "option can be used to authenticate the client and select the RESP protocol version at the same time")
    }

    /// Clients decide by these fields what they may send, so the server calls itself `redis` here.
    private static func describe(_ call: inout CommandCall) {
        call.reply.map(7)
        call.reply.bulk("server")
        call.reply.bulk("redis")
        call.reply.bulk("version")
        call.reply.bulk(ServerVersion.redis)
        call.reply.bulk("proto")
        call.reply.integer(call.session.version.rawValue)
        call.reply.bulk("id")
        call.reply.integer(call.session.id)
        call.reply.bulk("mode")
        call.reply.bulk("standalone")
        call.reply.bulk("role")
        call.reply.bulk("master")
        call.reply.bulk("modules")
        call.reply.array(0)
    }
}
