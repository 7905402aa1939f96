// Commands as others may see them: passwords are not shown, neither in the slow log nor to those who monitor.

enum SecretWords {
    private static let replacement = Array("(redacted)".utf8)

    /// The words of a command, secrets replaced. `name` is the command's full name.
    static func redacted(_ arguments: borrowing Arguments, of name: String) -> [[UInt8]] {
        redacted(arguments, of: name, first: arguments.count) { $0.copied() }
    }

    /// The same of the first `count` words, and of each what `copy` makes of it.
    static func redacted(
        _ arguments: borrowing Arguments, of name: String, first count: Int, copy: (ByteSpan) -> [UInt8]
    ) -> [[UInt8]] {
        var words = (0..<min(count, arguments.count)).map { copy(arguments[$0]) }
        for index in secrets(arguments, of: name) where index < words.count { words[index] = replacement }
        return words
    }

    private static func secrets(_ arguments: borrowing Arguments, of name: String) -> [Int] {
        switch name {
        case "auth": return Array(1..<max(1, arguments.count))
        case "hello": return secretsOfHello(arguments)
        // Names of users are nobody else's business, either.
        case "acl|getuser", "acl|setuser", "acl|deluser": return Array(2..<max(2, arguments.count))
        case "config|set":
            return stride(from: 2, to: arguments.count, by: 2).filter {
                let name = arguments[$0].copied().asciiLowercased
                return DirectiveTable.directive(named: name)?.flags.contains(.sensitive) ?? false
            }.map { $0 + 1 }
        default: return []
        }
    }

    /// AUTH takes two words, SETNAME one, which may be called like an option.
    private static func secretsOfHello(_ arguments: borrowing Arguments) -> [Int] {
        var (index, secrets) = (2, [Int]())
        while index < arguments.count {
            if arguments.matches(index, "auth") {
                secrets += [index + 1, index + 2]
                index += 3
            } else {
                index += arguments.matches(index, "setname") ? 2 : 1
            }
        }
        return secrets
    }
}
