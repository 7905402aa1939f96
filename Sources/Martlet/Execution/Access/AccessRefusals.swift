// What is answered to those who may not do what they asked for.

extension AccessDenial {
    /// `word`: the key or the channel, for one who may know it. Without it the words are Redis 7.0's.
    func text(user: String, _ command: String, about word: String? = nil) -> String {
        switch self {
        case .command: "User \(user) has no permissions to run the '\(command)' command"
        case .key:
            word.map { "User \(user) has no permissions to access the '\($0)' key" }
                ?? "this user has no permissions to access one of the keys used as arguments"
        case .channel:
            word.map { "User \(user) has no permissions to access the '\($0)' channel" }
                ?? "this user has no permissions to access one of the channels used as arguments"
        }
    }
}

extension ReplyError {
    static func noPermission(_ denial: AccessDenial, user: String, _ command: String) -> ReplyError {
        ReplyError("NOPERM \(denial.text(user: user, command))")
    }

    /// For a command that was allowed when it was queued.
    static func rulesChanged(_ denial: AccessDenial) -> ReplyError {
        let reason =
            switch denial {
            case .command: "no permission to execute the command or subcommand"
            case .key: "no permission to touch the specified keys"
            case .channel: "no permission to access one of the channels used as arguments"
            }
        return ReplyError(
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This "
                + "command is no longer allowed for the following reason: \(reason)")
    }
}
