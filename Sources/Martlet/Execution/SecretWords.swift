// Commands as others may see them: passwords are not shown, neither in the slow log nor to those who monitor.

enum SecretWords {
    private static let replacement = Array("(redacted)".utf8)

    /// The words of a command, secrets replaced. `name` is the command's full name.
    static func redacted(_ arguments: borrowing Arguments, of name: String) -> [[UInt8]] {
        var words = (0..<arguments.count).map { arguments[$0].copied() }
        for index in secrets(arguments, of: name) where index < words.count { words[index] = replacement }
        return words
    }

    private static func secrets(_ arguments: borrowing Arguments, of name: String) -> [Int] {
        switch name {
        case "auth": return Array(1..<max(1, arguments.count))
        case "hello":
            guard let index = (1..<arguments.count).first(where: { arguments.matches($0, "auth") }) else { return [] }
            return [index + 1, index + 2]
        case "config|set":
            return stride(from: 2, to: arguments.count, by: 2).filter {
                DirectiveTable.directive(named: arguments.text($0))?.flags.contains(.sensitive) ?? false
            }.map { $0 + 1 }
        default: return []
        }
    }
}
