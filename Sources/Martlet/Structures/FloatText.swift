// Reads the text of a floating-point number as C's strtod does in the C locale, without libc: the embedding program may
// have set a locale whose decimal point is a comma. What it yields is the exact value, for any format to round.

/// The exact value of a float's text: decimal or hexadecimal digits with a fraction and an exponent, or infinity.
struct FloatText {
    enum Magnitude {
        case finite(LeadingBits)
        case infinite
    }

    let isNegative: Bool
    let magnitude: Magnitude

    /// Nil unless all of `text` is one number: no space on either side, no NaN.
    init?(_ text: ByteSpan) {
        var start = 0
        if !text.isEmpty, text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") { start = 1 }
        isNegative = start == 1 && text[0] == UInt8(ascii: "-")
        let body = text.extracting(droppingFirst: start)
        if isInfinity(body) {
            magnitude = .infinite
        } else if body.count > 2, body[0] == UInt8(ascii: "0"), body[1].asciiLowercased == UInt8(ascii: "x") {
            guard let bits = hexadecimal(body.extracting(droppingFirst: 2)) else { return nil }
            magnitude = .finite(bits)
        } else {
            guard let bits = decimal(body) else { return nil }
            magnitude = .finite(bits)
        }
    }
}

/// Significant digits that count. More than 768 only tell a double from a tie between two, and an input of extended
/// floats is shorter than this; beyond it, "something more follows" is all there is to know.
private let digitLimit = 5_120

/// No format has values this far out: beyond ten to this power, either way, the digits do not matter.
private let decimalHorizon = 5_000

private func isInfinity(_ text: ByteSpan) -> Bool {
    let name: StaticString = "infinity"
    guard text.count == 3 || text.count == 8 else { return false }
    for index in text.indices {
        // The name has eight bytes and the count was checked.
        let expected = name.utf8Start[index]
        if text[index].asciiLowercased != expected { return false }
    }
    return true
}

private func decimal(_ text: ByteSpan) -> LeadingBits? {
    guard let layout = FloatLayout(text, base: 10, exponentMark: UInt8(ascii: "e")) else { return nil }
    guard layout.significantDigits > 0 else { return LeadingBits(significand: 0, exponent: 0) }

    let power = layout.exponent + layout.lastPlace
    let topPower = power + layout.significantDigits - 1
    guard abs(topPower) < decimalHorizon else {
        return LeadingBits(significand: 1, exponent: topPower > 0 ? 1 << 20 : -1 << 20)
    }
    if layout.significantDigits <= 19 {
        var number: UInt64 = 0
        layout.forEachSignificantDigit(of: text) { digit in
            // Nineteen digits: below 10^19 < 2^64.
            number = number &* 10 &+ UInt64(digit)
        }
        return LeadingBits(number, timesTenTo: power)
    }
    var number = BigNatural(0)
    var kept = 0
    var hasMore = false
    layout.forEachSignificantDigit(of: text) { digit in
        if kept < digitLimit {
            number.multiply(by: 10, adding: UInt64(digit))
            kept += 1
        } else if digit != 0 {
            hasMore = true
        }
    }
    let cut = layout.significantDigits - kept
    guard hasMore else { return LeadingBits(number, timesTenTo: power + cut) }
    number.multiply(by: 10, adding: 1)
    return LeadingBits(number, timesTenTo: power + cut - 1)
}

private func hexadecimal(_ text: ByteSpan) -> LeadingBits? {
    guard let layout = FloatLayout(text, base: 16, exponentMark: UInt8(ascii: "p")) else { return nil }
    var bits = LeadingBits(significand: 0, exponent: 0)
    layout.forEachSignificantDigit(of: text) { digit in
        if bits.significand >> 124 == 0 {
            bits.significand = bits.significand << 4 | UInt128(digit)
        } else {
            bits.exponent += 4
            if digit != 0 { bits.isTruncated = true }
        }
    }
    bits.exponent += layout.exponent + layout.lastPlace * 4
    return bits
}

/// Where the parts of a float's text are, sign and prefix taken off.
///
///     000123.45600e-7
///        ^       ^   significant: from the first digit that is not zero to the last one of the digits
private struct FloatLayout {
    /// The bytes from the first nonzero digit to the end of the digits, which may hold the point.
    private(set) var significant = 0..<0
    private(set) var significantDigits = 0
    /// The power of the base that the last digit counts.
    private(set) var lastPlace = 0
    /// What follows the exponent mark, held within +-10^17 so that adding any digit count to it cannot overflow.
    private(set) var exponent = 0
    private let base: UInt8

    init?(_ text: ByteSpan, base: UInt8, exponentMark: UInt8) {
        self.base = base
        var index = 0
        var digits = 0
        var point: Int?
        var firstSignificant: Int?
        while index < text.count {
            if text[index] == UInt8(ascii: "."), point == nil {
                point = index
            } else if let digit = digitValue(text[index]), digit < base {
                digits += 1
                if digit != 0, firstSignificant == nil { firstSignificant = index }
                if firstSignificant != nil { significantDigits += 1 }
            } else {
                break
            }
            index += 1
        }
        guard digits > 0 else { return nil }
        if let point { lastPlace = point + 1 - index }
        significant = (firstSignificant ?? index)..<index
        if index < text.count {
            guard text[index].asciiLowercased == exponentMark,
                let value = Self.exponent(text.extracting(droppingFirst: index + 1))
            else { return nil }
            exponent = value
        }
    }

    private static func exponent(_ text: ByteSpan) -> Int? {
        let hasSign = !text.isEmpty && (text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+"))
        let start = hasSign ? 1 : 0
        guard text.count > start else { return nil }
        var value = 0
        for index in start..<text.count {
            guard let digit = digitValue(text[index]), digit < 10 else { return nil }
            value = min(value * 10 + Int(digit), 100_000_000_000_000_000)
        }
        return hasSign && text[0] == UInt8(ascii: "-") ? -value : value
    }

    func forEachSignificantDigit(of text: ByteSpan, _ body: (UInt8) -> Void) {
        for index in significant {
            if let digit = digitValue(text[index]) { body(digit) }
        }
    }
}

/// What a decimal or hexadecimal digit counts.
private func digitValue(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
