// Every error text that more than one command answers with, and the shape of the rest.

/// An error reply: a code word in capitals, a space, and text.
struct ReplyError: Error, Equatable, Sendable {
    /// The whole line without the leading `-`. Not always UTF-8: some errors quote what the client sent.
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// An error that quotes a word as C would print it: up to its first zero byte, and not more than `limit` bytes.
    init(_ head: String, quoting word: ByteSpan, limit: Int = .max, _ tail: String = "") {
        bytes = head.utf8 + Self.quotable(word, limit: limit) + tail.utf8
    }

    static func quotable(_ word: ByteSpan, limit: Int) -> [UInt8] {
        let shown = word.extracting(first: limit)
        for index in shown.indices where shown[index] == 0 { return shown.extracting(first: index).copied() }
        return shown.copied()
    }

    /// The line as text; bytes that are not UTF-8 become replacement characters.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The code word, as INFO's errorstats count it.
    var code: Substring { text.prefix { $0 != " " } }

    static var wrongType: ReplyError {
        ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value")
    }
    static var syntax: ReplyError { ReplyError("ERR syntax error") }
    static var notInteger: ReplyError { ReplyError("ERR value is not an integer or out of range") }
    static var notFloat: ReplyError { ReplyError("ERR value is not a valid float") }
    static var outOfRange: ReplyError { ReplyError("ERR value is out of range") }
    static var notPositive: ReplyError { ReplyError("ERR value is out of range, must be positive") }
    static var noSuchKey: ReplyError { ReplyError("ERR no such key") }
    static var sameObject: ReplyError { ReplyError("ERR source and destination objects are the same") }
    static var databaseIndexOutOfRange: ReplyError { ReplyError("ERR DB index is out of range") }
    static var stringTooLong: ReplyError { ReplyError("ERR string exceeds maximum allowed size (proto-max-bulk-len)") }
    static var outOfMemory: ReplyError { ReplyError("OOM command not allowed when used memory > 'maxmemory'.") }
    static var noAuthentication: ReplyError { ReplyError("NOAUTH Authentication required.") }
    static var wrongPassword: ReplyError {
        ReplyError("WRONGPASS invalid username-password pair or user is disabled.")
    }

    static func onlySubscriptions(_ fullName: String) -> ReplyError {
        ReplyError(
            "ERR Can't execute '\(fullName)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed "
                + "in this context")
    }

    static var cannotPersist: ReplyError {
        ReplyError(
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands "
                + "that may modify the data set are disabled, because this instance is configured to report errors "
                + "during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the "
                + "Redis logs for details about the RDB error.")
    }

    static var loading: ReplyError { ReplyError("LOADING Redis is loading the dataset in memory") }

    /// The reply to a change that the append only file did not take.
    static var changeNotSaved: ReplyError {
        ReplyError("MISCONF Errors writing to the AOF file: the change is in memory, but it could not be saved")
    }

    static var noAppendOnlyFile: ReplyError {
        ReplyError("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    }
    static var unblocked: ReplyError { ReplyError("UNBLOCKED client unblocked via CLIENT UNBLOCK") }

    /// EXEC itself was refused.
    static func execAborted(by error: ReplyError) -> ReplyError {
        let reason = error.text.hasPrefix("ERR ") ? String(error.text.dropFirst(4)) : error.text
        return ReplyError("EXECABORT Transaction discarded because of: \(reason)")
    }

    static func wrongArity(_ fullName: String) -> ReplyError {
        ReplyError("ERR wrong number of arguments for '\(fullName)' command")
    }

    static func invalidExpireTime(_ command: String) -> ReplyError {
        ReplyError("ERR invalid expire time in '\(command)' command")
    }

    static func wrongSubcommandArity(_ word: ByteSpan, of container: String) -> ReplyError {
        ReplyError(
            "ERR unknown subcommand or wrong number of arguments for '", quoting: word, limit: 128,
            "'. Try \(container) HELP.")
    }

    static func unknownSubcommand(_ word: ByteSpan, of container: String) -> ReplyError {
        ReplyError(
            "ERR unknown subcommand '", quoting: word, limit: 128, "'. Try \(container.uppercased()) HELP.")
    }
}
