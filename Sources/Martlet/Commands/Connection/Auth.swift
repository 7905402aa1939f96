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
        let configured = call.configuration.requirepass
        if arguments.count == 2 {
            guard !configured.isEmpty else {
                throw ReplyError(
                    "ERR AUTH <password> called without any password configured for the default user. "
                        + "Are you sure your configuration is correct?")
            }
            let user = Array(Authentication.userName.utf8)
            try Authentication.admit(call.session, user: user.span, password: arguments[1], configured: configured)
        } else {
            try Authentication.admit(
                call.session, user: arguments[1], password: arguments[2], configured: configured)
        }
        call.reply.ok()
    }
}
