// Every error text that more than one command answers with, and the shape of the rest.

/// An error reply: a code word in capitals, a space, and text.
struct ReplyError: Error, Equatable, Sendable {
    /// The whole line without the leading `-`.
    let text: String

    init(_ text: String) { self.text = text }

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

    static func wrongArity(_ fullName: String) -> ReplyError {
        ReplyError("ERR wrong number of arguments for '\(fullName)' command")
    }

    static func invalidExpireTime(_ command: String) -> ReplyError {
        ReplyError("ERR invalid expire time in '\(command)' command")
    }

    static func unknownSubcommand(_ subcommand: String, of container: String) -> ReplyError {
        ReplyError("ERR unknown subcommand '\(subcommand)'. Try \(container.uppercased()) HELP.")
    }
}
