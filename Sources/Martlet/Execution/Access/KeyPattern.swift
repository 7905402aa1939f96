// Names of keys that a user may read, write, or both.

struct KeyPattern: Equatable, Sendable {
    struct Access: OptionSet, Sendable {
        let rawValue: Int
        static let read = Access(rawValue: 1)
        static let write = Access(rawValue: 2)
        static let both: Access = [.read, .write]

        init(rawValue: Int) { self.rawValue = rawValue }

        /// What a command needs. Nothing of both is needed to learn whether a key exists.
        init(for flags: KeySpec.Flags) {
            self = []
            if flags.contains(.access) { insert(.read) }
            if !flags.isDisjoint(with: [.insert, .delete, .update]) { insert(.write) }
        }
    }

    let pattern: [UInt8]
    var access: Access

    func allows(_ key: ByteSpan, _ wanted: Access) -> Bool {
        access.isSuperset(of: wanted) && globMatches(pattern: pattern.span, string: key)
    }

    var isEverything: Bool { access == .both && pattern == [UInt8(ascii: "*")] }

    /// `~pattern`, `%R~pattern` or `%W~pattern`.
    var rule: [UInt8] {
        let prefix =
            switch access {
            case .both: "~"
            case .read: "%R~"
            default: "%W~"
            }
        return Array(prefix.utf8) + pattern
    }
}

extension KeyPattern {
    /// Reads a rule that begins with `~` or `%`.
    init(rule: [UInt8]) throws(AccessRuleError) {
        var rest = rule.dropFirst()
        var access = Access.both
        if rule.first == UInt8(ascii: "%") {
            access = []
            while let letter = rest.first {
                rest = rest.dropFirst()
                if letter == UInt8(ascii: "~") { break }
                let wanted: Access? =
                    switch letter | 0x20 {
                    case UInt8(ascii: "r"): .read
                    case UInt8(ascii: "w"): .write
                    default: nil
                    }
                guard let wanted, access.isDisjoint(with: wanted) else { throw .syntax }
                access.insert(wanted)
            }
            guard !access.isEmpty else { throw .syntax }
        }
        guard !rest.containsBlanks else { throw .syntax }
        self.init(pattern: Array(rest), access: access)
    }
}

extension Sequence<UInt8> {
    /// Whether there is white space or a zero byte among them: such names could not be written down in a file.
    var containsBlanks: Bool { contains { $0 == 0 || $0 == 0x20 || (0x09...0x0D).contains($0) } }
}
