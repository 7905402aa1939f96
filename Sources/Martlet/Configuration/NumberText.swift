// How numbers are written in directives. Three dialects, as Redis reads them:
//   integer   -5, 0, 42           nothing before it, nothing after it, no leading zero
//   lenient   " +5", "007", ""    what C's strtoll takes when nothing may follow
//   memory    100, 1k, 1kb, 2GB   k m g are powers of 1000; kb mb gb are powers of 1024

enum NumberText {
    static func integer(_ text: some BidirectionalCollection<UInt8>) -> Int? {
        let digits = text.first == UInt8(ascii: "-") ? text.dropFirst() : text[...]
        guard let first = digits.first, digits.allSatisfy(isDigit) else { return nil }
        if first == UInt8(ascii: "0") { return text.count == 1 ? 0 : nil }
        return Int(String(decoding: text, as: UTF8.self))
    }

    /// Too large a number is the largest one; an empty text is 0.
    static func lenient(_ text: [UInt8], radix: Int = 10) -> Int? {
        if text.isEmpty { return 0 }
        var rest = text.drop { $0 == 0x20 || (0x09...0x0d).contains($0) }
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        let highest = UInt8(ascii: "0") + UInt8(radix - 1)
        guard !rest.isEmpty, rest.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= highest }) else { return nil }
        let magnitude = String(decoding: rest, as: UTF8.self)
        return Int((isNegative ? "-" : "") + magnitude, radix: radix) ?? (isNegative ? .min : .max)
    }

    /// Too large an amount is the largest one; no digits count as 0.
    static func memory(_ text: [UInt8]) -> UInt64? {
        let digits = text.prefix(while: isDigit)
        guard let unit = memoryUnits[text.dropFirst(digits.count).asciiLowercased] else { return nil }
        let amount = digits.isEmpty ? 0 : UInt64(String(decoding: digits, as: UTF8.self)) ?? .max
        let (bytes, overflow) = amount.multipliedReportingOverflow(by: unit)
        return overflow ? .max : bytes
    }

    private static let memoryUnits: [String: UInt64] = [
        "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1_000_000, "mb": 1 << 20, "g": 1_000_000_000, "gb": 1 << 30,
    ]

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension Collection<UInt8> {
    /// The text with A to Z in lower case and every other byte as it is.
    var asciiLowercased: String {
        String(decoding: map(\.asciiLowercased), as: UTF8.self)
    }
}
