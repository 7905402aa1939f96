// What the slow log keeps of a command: enough to know it by, and no secrets.

enum SlowWords {
    private static let mostWords = 32
    private static let mostBytes = 128

    /// Of a command the first words, and of each the first bytes; what was left out is counted, and never copied.
    /// `name` is the command's full name.
    static func kept(_ arguments: borrowing Arguments, of name: String) -> [[UInt8]] {
        let isLong = arguments.count > mostWords
        var words = SecretWords.redacted(
            arguments, of: name, first: isLong ? mostWords - 1 : mostWords, copy: shortened)
        if isLong { words.append(Array("... (\(arguments.count - mostWords + 1) more arguments)".utf8)) }
        return words
    }

    private static func shortened(_ word: ByteSpan) -> [UInt8] {
        guard word.count > mostBytes else { return word.copied() }
        let rest = "... (\(word.count - mostBytes) more bytes)"
        return word.extracting(first: mostBytes).copied() + Array(rest.utf8)
    }
}
