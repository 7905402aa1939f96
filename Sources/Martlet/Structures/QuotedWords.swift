// Lines of words, split as a shell would: blanks part words, "..." and '...' hold them together.
// `splitQuotedWords` reads them; `quotedRepresentation` writes any bytes as one printable word that it reads back.

/// The words of a line, or nil when a quote is not closed or something stands right behind a closing quote.
///
/// A quote may open in the middle of a word; the closing one always ends it.
/// Inside "..." the escapes are \n \r \t \b \a \xHH, and a backslash before anything else drops out;
/// inside '...' only \' is one. A zero byte ends the line.
package func splitQuotedWords(_ line: Span<UInt8>) -> [[UInt8]]? {
    var end = 0
    while end < line.count, line[end] != 0 { end += 1 }
    var words: [[UInt8]] = []
    var position = 0
    while true {
        while position < end, QuotedWords.isBlank(line[position]) { position += 1 }
        if position == end { return words }
        guard let word = QuotedWords.word(of: line, from: &position, to: end) else { return nil }
        words.append(word)
    }
}

/// The bytes between double quotes, everything unprintable escaped.
package func quotedRepresentation(of bytes: Span<UInt8>) -> [UInt8] {
    var text: [UInt8] = [QuotedWords.doubleQuote]
    for index in 0..<bytes.count { QuotedWords.appendEscaped(bytes[index], to: &text) }
    text.append(QuotedWords.doubleQuote)
    return text
}

private enum QuotedWords {
    // MARK: - One word

    static func word(of line: ByteSpan, from position: inout Int, to end: Int) -> [UInt8]? {
        var word: [UInt8] = []
        while position < end {
            let byte = line[position]
            position += 1
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"):
                return word
            case doubleQuote:
                return appendDoubleQuoted(of: line, from: &position, to: end, into: &word) ? word : nil
            case singleQuote:
                return appendSingleQuoted(of: line, from: &position, to: end, into: &word) ? word : nil
            default:
                word.append(byte)
            }
        }
        return word
    }

    private static func appendDoubleQuoted(
        of line: ByteSpan, from position: inout Int, to end: Int, into word: inout [UInt8]
    ) -> Bool {
        while position < end {
            let byte = line[position]
            position += 1
            if byte == doubleQuote { return position == end || isBlank(line[position]) }
            guard byte == backslash, position < end else {
                word.append(byte)
                continue
            }
            let escaped = line[position]
            if escaped == UInt8(ascii: "x"), position + 2 < end,
                let high = hexValue(line[position + 1]), let low = hexValue(line[position + 2])
            {
                word.append(high << 4 | low)
                position += 3
            } else {
                word.append(escapes.first { $0.letter == escaped }?.byte ?? escaped)
                position += 1
            }
        }
        return false
    }

    private static func appendSingleQuoted(
        of line: ByteSpan, from position: inout Int, to end: Int, into word: inout [UInt8]
    ) -> Bool {
        while position < end {
            let byte = line[position]
            position += 1
            if byte == singleQuote { return position == end || isBlank(line[position]) }
            if byte == backslash, position < end, line[position] == singleQuote {
                word.append(singleQuote)
                position += 1
            } else {
                word.append(byte)
            }
        }
        return false
    }

    static func appendEscaped(_ byte: UInt8, to text: inout [UInt8]) {
        if byte == backslash || byte == doubleQuote {
            text += [backslash, byte]
        } else if let letter = escapes.first(where: { $0.byte == byte })?.letter {
            text += [backslash, letter]
        } else if (0x20...0x7e).contains(byte) {
            text.append(byte)
        } else {
            text += [backslash, UInt8(ascii: "x"), hexDigits[Int(byte >> 4)], hexDigits[Int(byte & 15)]]
        }
    }

    // MARK: - Bytes

    static let doubleQuote = UInt8(ascii: "\"")
    private static let singleQuote = UInt8(ascii: "'")
    private static let backslash = UInt8(ascii: "\\")
    private static let hexDigits = Array("0123456789abcdef".utf8)
    private static let escapes: [(letter: UInt8, byte: UInt8)] = [
        (UInt8(ascii: "n"), 0x0a), (UInt8(ascii: "r"), 0x0d), (UInt8(ascii: "t"), 0x09),
        (UInt8(ascii: "a"), 0x07), (UInt8(ascii: "b"), 0x08),
    ]

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
