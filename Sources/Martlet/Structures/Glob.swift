// Glob-style patterns over bytes: `*` any run, `?` any byte, `[a-z]` and `[^a-z]` classes, `\` before a literal byte.
// Matching goes from left to right without recursion. When it fails it returns to the last `*` only and lets that one
// swallow one byte more: an earlier `*` could only push the rest further right. The cost is at most one product of the
// two lengths. Malformed patterns have a meaning too: they match what they match in the servers that clients know.

/// Stars that are tried, except one that ends the pattern; a string that gets as far as one more does not match.
private let starLimit = 1_000

/// Whether `pattern` matches all of `string`. `ignoringCase` folds ASCII letters.
func globMatches(pattern: ByteSpan, string: ByteSpan, ignoringCase: Bool = false) -> Bool {
    var matcher = GlobMatcher(pattern: pattern, ignoringCase: ignoringCase)
    return matcher.matches(string)
}

private struct GlobMatcher: ~Escapable {
    private let pattern: ByteSpan
    private let ignoringCase: Bool
    /// Where in the pattern the matcher stands.
    private var position = 0

    @_lifetime(copy pattern)
    init(pattern: ByteSpan, ignoringCase: Bool) {
        self.pattern = pattern
        self.ignoringCase = ignoringCase
    }

    mutating func matches(_ string: ByteSpan) -> Bool {
        var index = 0
        // Where the last star's rest of the pattern begins, and the byte of the string that it was last tried at.
        var retry: (position: Int, index: Int)?
        var stars = 0
        // A pattern of stars does not match the empty string: nothing but the empty pattern does.
        while index < string.count {
            if position < pattern.count, pattern[position] == UInt8(ascii: "*") {
                skipStars()
                if position == pattern.count { return true }
                guard stars < starLimit else { return false }
                stars += 1
                retry = (position, index)
            } else if position < pattern.count, matchesOne(string[index]) {
                index += 1
                if index == string.count { skipStars() }
            } else if let last = retry {
                position = last.position
                index = last.index + 1
                retry = (position, index)
            } else {
                return false
            }
        }
        // At the string's end a rest of the pattern cannot match, nor could it from a later start.
        return position == pattern.count
    }

    private mutating func skipStars() {
        while position < pattern.count, pattern[position] == UInt8(ascii: "*") { position += 1 }
    }

    /// Steps over one element of the pattern, other than a star, and tells whether it matches `byte`.
    private mutating func matchesOne(_ byte: UInt8) -> Bool {
        let element = pattern[position]
        position += 1
        switch element {
        case UInt8(ascii: "?"):
            return true
        case UInt8(ascii: "["):
            return classMatches(byte)
        case UInt8(ascii: "\\") where position < pattern.count:
            position += 1
            return equal(pattern[position - 1], byte)
        default:
            return equal(element, byte)
        }
    }

    /// Steps over a class whose bracket has been read. A class that is not closed ends with the pattern; a bracket
    /// right after the opening closes it, so that `[]` matches nothing and `[^]` every byte.
    private mutating func classMatches(_ byte: UInt8) -> Bool {
        let isNegated = position < pattern.count && pattern[position] == UInt8(ascii: "^")
        if isNegated { position += 1 }
        var isMember = false
        while position < pattern.count {
            let first = pattern[position]
            let left = pattern.count - position
            if first == UInt8(ascii: "\\"), left >= 2 {
                // An escaped byte stands for itself in either case mode.
                if pattern[position + 1] == byte { isMember = true }
                position += 2
            } else if first == UInt8(ascii: "]") {
                position += 1
                break
            } else if left >= 3, pattern[position + 1] == UInt8(ascii: "-") {
                if rangeContains(byte, from: first, to: pattern[position + 2]) { isMember = true }
                position += 3
            } else {
                if equal(first, byte) { isMember = true }
                position += 1
            }
        }
        return isMember != isNegated
    }

    /// A range may be given from either end. Bytes are ordered as signed numbers, like C's `char` on x86, and the
    /// ends are sorted before their case is folded.
    private func rangeContains(_ byte: UInt8, from first: UInt8, to last: UInt8) -> Bool {
        let isReversed = Int8(bitPattern: first) > Int8(bitPattern: last)
        let low = Int8(bitPattern: folded(isReversed ? last : first))
        let high = Int8(bitPattern: folded(isReversed ? first : last))
        let value = Int8(bitPattern: folded(byte))
        return low <= value && value <= high
    }

    private func equal(_ left: UInt8, _ right: UInt8) -> Bool {
        left == right || folded(left) == folded(right)
    }

    private func folded(_ byte: UInt8) -> UInt8 {
        ignoringCase ? byte.asciiLowercased : byte
    }
}
