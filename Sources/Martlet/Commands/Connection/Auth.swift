// AUTH [username] password

enum AuthCommand {
    static let spec = CommandSpec(
        "auth", summary: "Authenticates the connection.", since: "1.0.0", group: .connection,
        complexity: "O(N) where N is the number of passwords of the user", arity: -2,
        flags: [.noScript, .loading, .stale, .fast, .noAuth, .sentinel, .allowBusy], categories: .connection,
        history: [.init("6.0.0", "Takes a user name ahead of the password.")],
        arguments: [
            ArgumentSpec("username", .string, since: "6.0.0", .optional), ArgumentSpec("password", .string),
        ], handler: run)

    /// Replies OK. The form without a user is refused when there is no password, because the client and the
    /// configuration disagree then.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count <= 3 else { throw .syntax }
        if arguments.count == 2 {
            guard !call.server.users.defaultUser.rules.needsNoPassword else {
                throw ReplyError(
                    "ERR AUTH <password> called without any password configured for the default user. "
                        + "Are you sure your configuration is correct?")
            }
            try call.server.admit(
                call.session, as: UserRegistry.defaultName, password: arguments[1], by: arguments[0])
        } else {
            try call.server.admit(call.session, as: arguments[1].copied(), password: arguments[2], by: arguments[0])
        }
        call.reply.ok()
    }
}
