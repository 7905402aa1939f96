// The 80-bit floating-point numbers of the x87 unit, in software.
// Redis computes INCRBYFLOAT and HINCRBYFLOAT in C's `long double`, which on x86 is this format: doing the same by hand
// gives the same text on every platform. Only what those two commands need is here: read, add, write.

/// A number of 64 significant bits and a 15-bit exponent, or infinity, or not a number. The sign of zero is not kept.
struct ExtendedFloat: Equatable {
    private enum Magnitude: Equatable {
        case finite(BinaryFormat.Value)
        case infinite
        case notANumber
    }

    private let isNegative: Bool
    private let magnitude: Magnitude

    /// Texts of this length or more are refused unread (Redis: MAX_LONG_DOUBLE_CHARS).
    static let textLimit = 5 * 1024

    private init(isNegative: Bool, magnitude: Magnitude) {
        self.isNegative = isNegative
        self.magnitude = magnitude
    }

    private init(isNegative: Bool, finite value: BinaryFormat.Value) {
        self.init(isNegative: isNegative && value.significand != 0, magnitude: .finite(value))
    }

    private init(isNegative: Bool, rounding number: LeadingBits) {
        if let value = BinaryFormat.extended.round(number) {
            self.init(isNegative: isNegative, finite: value)
        } else {
            self.init(isNegative: isNegative, magnitude: .infinite)
        }
    }

    /// Exact: any `Int64` fits.
    init(_ number: Int64) {
        let bits = LeadingBits(significand: UInt128(number.magnitude), exponent: 0)
        self.init(isNegative: number < 0, rounding: bits)
    }

    /// The number nearest to `text`, all of which must be a number as C's strtold reads it, "inf" and hexadecimal
    /// included. Nil ("value is not a valid float") for NaN, for spaces, for texts from `textLimit` up, and for a
    /// finite number that only infinity or zero would be near.
    init?(_ text: ByteSpan) {
        guard text.count < Self.textLimit, let number = FloatText(text) else { return nil }
        switch number.magnitude {
        case .infinite:
            self.init(isNegative: number.isNegative, magnitude: .infinite)
        case .finite(let bits):
            guard let value = BinaryFormat.extended.round(bits) else { return nil }
            if value.significand == 0 && bits.significand != 0 { return nil }
            self.init(isNegative: number.isNegative, finite: value)
        }
    }

    /// False for infinity and NaN ("increment would produce NaN or Infinity").
    var isFinite: Bool {
        if case .finite = magnitude { true } else { false }
    }

    /// The sum, correctly rounded.
    static func + (left: ExtendedFloat, right: ExtendedFloat) -> ExtendedFloat {
        switch (left.magnitude, right.magnitude) {
        case (.notANumber, _): left
        case (_, .notANumber): right
        case (.infinite, .infinite):
            left.isNegative == right.isNegative ? left : ExtendedFloat(isNegative: false, magnitude: .notANumber)
        case (.infinite, .finite): left
        case (.finite, .infinite): right
        case (.finite(let leftValue), .finite(let rightValue)):
            leftValue.place >= rightValue.place
                ? sum(leftValue, left.isNegative, rightValue, right.isNegative)
                : sum(rightValue, right.isNegative, leftValue, left.isNegative)
        }
    }

    /// `high` has the higher place. The two are lined up in 128 bits, with one bit free for the carry:
    ///
    ///     high  0hhhhhhhh hhhhhhhh........ ........
    ///     low   000000lll lllllllllllll... ........   bits that fall off the end are only remembered as "some"
    private static func sum(
        _ high: BinaryFormat.Value, _ highIsNegative: Bool, _ low: BinaryFormat.Value, _ lowIsNegative: Bool
    ) -> ExtendedFloat {
        let gap = high.place - low.place
        let wide = UInt128(high.significand) << 63
        let narrow = (UInt128(low.significand) << 63) >> gap
        let isTruncated = narrow << gap != UInt128(low.significand) << 63
        var bits = LeadingBits(significand: 0, exponent: high.place - 63, isTruncated: isTruncated)
        if highIsNegative == lowIsNegative {
            bits.significand = wide + narrow
        } else if wide < narrow {
            // Only possible when the places are close, so that nothing was cut off.
            bits.significand = narrow - wide
            return ExtendedFloat(isNegative: lowIsNegative, rounding: bits)
        } else {
            // What was cut off belongs to the number that is taken away: take one unit more, and some comes back.
            bits.significand = wide - narrow - (isTruncated ? 1 : 0)
        }
        return ExtendedFloat(isNegative: highIsNegative, rounding: bits)
    }

    /// What C's "%.17Lf" prints, without the zeros at the end of the fraction, and "0" for whatever rounds to zero
    /// (Redis: ld2string with LD_STR_HUMAN). "inf", "-inf" and "nan" are spelled as such.
    var humanText: [UInt8] {
        switch magnitude {
        case .notANumber:
            return Array("nan".utf8)
        case .infinite:
            return Array((isNegative ? "-inf" : "inf").utf8)
        case .finite(let value):
            var text: [UInt8] = []
            if value.place > 0 {
                if isNegative { text.append(UInt8(ascii: "-")) }
                Self.append(wholeNumber: value, to: &text)
            } else {
                append(fractionalNumber: value, to: &text)
            }
            return text
        }
    }

    /// For places above zero: the value is a whole number from 2^64 up.
    private static func append(wholeNumber value: BinaryFormat.Value, to text: inout [UInt8]) {
        var rest = BigNatural(value.significand)
        rest.shiftLeft(by: value.place)
        var groups: [UInt64] = []
        while !rest.isZero { groups.append(rest.divide(by: 10_000_000_000_000_000_000)) }
        for (index, group) in groups.reversed().enumerated() {
            if index > 0 {
                for _ in decimalDigits(count: group)..<19 { text.append(UInt8(ascii: "0")) }
            }
            append(group, to: &text)
        }
    }

    /// For places up to zero: the whole part fits 64 bits.
    private func append(fractionalNumber value: BinaryFormat.Value, to text: inout [UInt8]) {
        let digits = 17
        let scale: UInt64 = 100_000_000_000_000_000
        // Shifts by more than the width give zero.
        var whole = value.significand >> -value.place
        let remainder = value.significand - whole << -value.place
        // Below 2^64 * 2^57: it fits.
        let scaled = LeadingBits(significand: UInt128(remainder) * UInt128(scale), exponent: value.place)
        var fraction = UInt64(scaled.rounded(toMultipleOf: 0))
        if fraction == scale {
            fraction = 0
            // There is a fraction, so the whole part is below 2^63.
            whole += 1
        }
        if isNegative, whole != 0 || fraction != 0 { text.append(UInt8(ascii: "-")) }
        Self.append(whole, to: &text)
        guard fraction != 0 else { return }
        text.append(UInt8(ascii: "."))
        for _ in decimalDigits(count: fraction)..<digits { text.append(UInt8(ascii: "0")) }
        while fraction.isMultiple(of: 10) { fraction /= 10 }
        Self.append(fraction, to: &text)
    }

    private static func append(_ number: UInt64, to text: inout [UInt8]) {
        withDecimal(number) { digits in
            for index in digits.indices { text.append(digits[index]) }
        }
    }
}
