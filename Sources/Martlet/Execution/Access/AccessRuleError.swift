// Why a rule about a user was refused, in Redis's words.

enum AccessRuleError: Error, Equatable, Sendable {
    case syntax
    case unknownName
    case patternBehindAllKeys
    case patternBehindAllChannels
    case noSuchPassword
    case badDigest
    case firstArgumentOfSubcommand
    /// A selector that begins with this word does not end.
    case unmatchedParenthesis(word: [UInt8])

    var text: String {
        switch self {
        case .syntax: "Syntax error"
        case .unknownName: "Unknown command or category name in ACL"
        case .patternBehindAllKeys: Self.behindAll("allkeys", "resetkeys", "patterns")
        case .patternBehindAllChannels: Self.behindAll("allchannels", "resetchannels", "channels")
        case .noSuchPassword: "The password you are trying to remove from the user does not exist"
        case .badDigest:
            "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
        case .firstArgumentOfSubcommand: "Allowing first-arg of a subcommand is not supported"
        case .unmatchedParenthesis(let word):
            "Unmatched parenthesis in acl selector starting at '\(String(decoding: word, as: UTF8.self))'."
        }
    }

    private static func behindAll(_ all: String, _ reset: String, _ list: String) -> String {
        "Adding a pattern after the * pattern (or the '\(all)' flag) is not valid and does not have any effect. "
            + "Try '\(reset)' to start with an empty list of \(list)"
    }
}
