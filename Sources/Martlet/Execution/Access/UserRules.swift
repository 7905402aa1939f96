// Everything that rules say of a user: whether it may come in, with which passwords, and what it may do.

struct UserRules: Equatable, Sendable {
    private(set) var isOn = false
    /// Any password is right.
    private(set) var needsNoPassword = false
    /// Told and kept, as Redis does; payloads are checked in full in any case.
    private var checksPayloads = true
    /// SHA-256 in hexadecimal digits.
    private(set) var passwords: [String] = []
    private(set) var root: Permissions
    private(set) var selectors: [Permissions] = []

    /// A new user: off, with no password, and nothing is allowed but what `acl-pubsub-default` says.
    init(commandCount: Int, allowsAllChannels: Bool) {
        root = Permissions(commandCount: commandCount, allowsAllChannels: allowsAllChannels)
    }

    /// Whether there is anything that it may not do.
    var isRestricted: Bool { !root.allowsEverything && !selectors.contains(where: \.allowsEverything) }

    var allPermissions: [Permissions] { [root] + selectors }

    /// Whether a connection is let in without a word, if this is the default user.
    var letsAnybodyIn: Bool { isOn && needsNoPassword }

    // MARK: Rules

    /// Applies rules one after the other, all or none.
    ///
    /// - Parameter newChannels: whether selectors begin with all channels (`acl-pubsub-default`).
    mutating func apply(
        _ words: [[UInt8]], newChannels: Bool, in table: borrowing CommandIndex
    ) throws(RefusedAccessRule) {
        var changed = self
        for rule in try Self.mergeSelectors(words) {
            do throws(AccessRuleError) {
                try changed.apply(rule, newChannels: newChannels, in: table)
            } catch {
                throw RefusedAccessRule(rule: rule, error: error)
            }
        }
        self = changed
    }

    private mutating func apply(
        _ rule: [UInt8], newChannels: Bool, in table: borrowing CommandIndex
    ) throws(AccessRuleError) {
        guard let first = rule.first else { return }
        switch rule.asciiLowercased {
        case "on": isOn = true
        case "off": isOn = false
        case "sanitize-payload": checksPayloads = true
        case "skip-sanitize-payload": checksPayloads = false
        case "nopass": (needsNoPassword, passwords) = (true, [])
        case "resetpass": (needsNoPassword, passwords) = (false, [])
        case "clearselectors": selectors = []
        case "reset": self = UserRules(commandCount: table.count, allowsAllChannels: newChannels)
        default:
            switch first {
            case UInt8(ascii: ">"), UInt8(ascii: "#"): addPassword(try Self.digest(rule))
            case UInt8(ascii: "<"), UInt8(ascii: "!"):
                let digest = try Self.digest(rule)
                guard passwords.contains(digest) else { throw .noSuchPassword }
                passwords.removeAll { $0 == digest }
            case UInt8(ascii: "(") where rule.last == UInt8(ascii: ")"):
                try addSelector(Array(rule.dropFirst().dropLast()), newChannels: newChannels, in: table)
            default: try root.apply(rule, in: table)
            }
        }
    }

    private mutating func addPassword(_ digest: String) {
        needsNoPassword = false
        if !passwords.contains(digest) { passwords.append(digest) }
    }

    private mutating func addSelector(
        _ text: [UInt8], newChannels: Bool, in table: borrowing CommandIndex
    ) throws(AccessRuleError) {
        guard let words = splitQuotedWords(text.span) else { throw .syntax }
        var selector = Permissions(commandCount: table.count, allowsAllChannels: newChannels)
        for word in words {
            // It would end the selector where that is read again.
            guard word.last != UInt8(ascii: ")") else { throw .syntax }
            try selector.apply(word, in: table)
        }
        selectors.append(selector)
    }

    /// Of a password in a rule that begins with `>` or `<`, or itself behind `#` or `!`.
    private static func digest(_ rule: [UInt8]) throws(AccessRuleError) -> String {
        let value = Array(rule.dropFirst())
        if rule.first == UInt8(ascii: ">") || rule.first == UInt8(ascii: "<") {
            return SHA256.digest(of: value).hexadecimal
        }
        let isDigest = value.count == 64 && value.allSatisfy { Self.digits.contains($0) }
        guard isDigest else { throw .badDigest }
        return String(decoding: value, as: UTF8.self)
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// A selector may come in several words, from the one that opens its parenthesis to the one that closes it.
    private static func mergeSelectors(_ words: [[UInt8]]) throws(RefusedAccessRule) -> [[UInt8]] {
        var merged: [[UInt8]] = []
        var open: (first: [UInt8], text: [UInt8])?
        for word in words {
            if let (first, text) = open {
                let longer = text + [0x20] + word
                open = (first, longer)
                if word.last == UInt8(ascii: ")") {
                    merged.append(longer)
                    open = nil
                }
            } else if word.first == UInt8(ascii: "("), word.last != UInt8(ascii: ")") {
                open = (word, word)
            } else {
                merged.append(word)
            }
        }
        if let open { throw RefusedAccessRule(rule: open.first, error: .unmatchedParenthesis(word: open.first)) }
        return merged
    }

    // MARK: As rules

    /// As ACL GETUSER lists them.
    var flags: [String] {
        [isOn ? "on" : "off"] + (needsNoPassword ? ["nopass"] : [])
            + [checksPayloads ? "sanitize-payload" : "skip-sanitize-payload"]
    }

    /// All rules that make this user, in the order that ACL LIST has them.
    var words: [[UInt8]] {
        flags.map { Array($0.utf8) } + passwords.map { Array("#\($0)".utf8) } + root.rules
            + selectors.map { [UInt8(ascii: "(")] + $0.rules.map(\.quotedIfNeeded).asLine + [UInt8(ascii: ")")] }
    }

    // MARK: Passwords and requests

    /// Takes equally long for every wrong password.
    func admits(password: ByteSpan) -> Bool {
        guard isOn else { return false }
        guard !needsNoPassword else { return true }
        let digest = Array(SHA256.digest(of: password.copied()).hexadecimal.utf8)
        var isRight = false
        for known in passwords {
            let difference = zip(known.utf8, digest).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) }
            if difference == 0 { isRight = true }
        }
        return isRight
    }

    /// Nil: one of its permissions allows the request as a whole.
    func denial(
        of id: CommandID, _ request: borrowing Arguments, in table: borrowing CommandIndex
    ) -> AccessDenial? {
        guard var reason = root.denial(of: id, request, in: table) else { return nil }
        for selector in selectors {
            guard let other = selector.denial(of: id, request, in: table) else { return nil }
            if other.isFurther(than: reason) { reason = other }
        }
        return reason
    }
}

/// A rule that was not understood, as the client or the file had it.
struct RefusedAccessRule: Error, Equatable, Sendable {
    let rule: [UInt8]
    let error: AccessRuleError

    /// As ACL SETUSER answers.
    var text: String {
        if case .unmatchedParenthesis = error { return error.text }
        return "Error in ACL SETUSER modifier '\(String(decoding: rule, as: UTF8.self))': \(error.text)"
    }
}

extension [UInt8] {
    /// As one word that `splitQuotedWords` reads back, where that would not read it as it is.
    var quotedIfNeeded: [UInt8] {
        contains { "\"'\\".utf8.contains($0) } ? quotedRepresentation(of: span) : self
    }
}

extension [[UInt8]] {
    /// The words with blanks between them.
    var asLine: [UInt8] { [UInt8](joined(separator: [UInt8(ascii: " ")])) }
}

extension Sequence<UInt8> {
    /// Two lower-case digits a byte.
    var hexadecimal: String { map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
}
