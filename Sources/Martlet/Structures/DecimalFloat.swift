// Doubles as text: any spelling that C's strtod reads, and back with the seventeen digits of C's "%.17g".
// Neither way uses libc, whose answer depends on the program's locale; both are exact and round half to even.

/// The double nearest to `text`, all of which must be a number as C writes one: decimal or hexadecimal, or "inf" or
/// "infinity" in any case. Nil for NaN, for spaces, and for a finite number that only infinity or zero would be near.
func parseDouble(_ text: ByteSpan) -> Double? {
    guard let number = FloatText(text) else { return nil }
    switch number.magnitude {
    case .infinite:
        return number.isNegative ? -Double.infinity : Double.infinity
    case .finite(let bits):
        guard let value = BinaryFormat.double.round(bits) else { return nil }
        if value.significand == 0 && bits.significand != 0 { return nil }
        // A normal significand's top bit adds one to the exponent field; a subnormal one lacks it, and its field is 0.
        let field = UInt64(value.place - BinaryFormat.double.places.lowerBound) << 52
        let magnitude = Double(bitPattern: field + value.significand)
        return number.isNegative ? -magnitude : magnitude
    }
}

/// Bytes that hold the text of any double: "-1.7976931348623157e+308" is the longest, at 24.
private let doubleTextCapacity = 24

/// Calls `body` with the text of `value`, which lies on the stack: what C's "%.17g" prints, and "inf", "-inf", "nan".
func withDoubleText<Result: ~Copyable, Failure: Error>(
    _ value: Double, _ body: (ByteSpan) throws(Failure) -> Result
) throws(Failure) -> Result {
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: doubleTextCapacity) {
        (buffer) throws(Failure) -> Result in
        var text = OutputSpan(buffer: buffer, initializedCount: 0)
        write(value, to: &text)
        return try body(text.span)
    }
}

private func write(_ value: Double, to text: inout OutputSpan<UInt8>) {
    guard !value.isNaN else { return write("nan", to: &text) }
    if value.sign == .minus { text.append(UInt8(ascii: "-")) }
    let magnitude = value.magnitude
    if magnitude == .infinity {
        write("inf", to: &text)
    } else if magnitude < 1e17, let whole = UInt64(exactly: magnitude) {
        write(whole, to: &text)
    } else {
        write(SeventeenDigits(of: magnitude), to: &text)
    }
}

private func write(_ number: SeventeenDigits, to text: inout OutputSpan<UInt8>) {
    var digits = number.digits
    var count = SeventeenDigits.count
    while digits.isMultiple(of: 10) {
        digits /= 10
        count -= 1
    }
    let exponent = number.exponent
    if exponent < -4 || exponent >= SeventeenDigits.count {
        write(digits, fractionDigits: count - 1, to: &text)
        write(exponent < 0 ? "e-" : "e+", to: &text)
        if abs(exponent) < 10 { text.append(UInt8(ascii: "0")) }
        write(UInt64(exponent.magnitude), to: &text)
    } else {
        // Whole numbers below 10^17 do not come here, so there is a fraction.
        write(digits, fractionDigits: count - 1 - exponent, to: &text)
    }
}

/// Writes `digits / 10^fractionDigits`, without a point if there is no fraction.
private func write(_ digits: UInt64, fractionDigits: Int, to text: inout OutputSpan<UInt8>) {
    var scale: UInt64 = 1
    // From 10^18 up all the digits are behind the point, as they are at 10^18.
    for _ in 0..<min(fractionDigits, 18) { scale *= 10 }
    let (whole, fraction) = digits.quotientAndRemainder(dividingBy: scale)
    write(whole, to: &text)
    guard fractionDigits > 0 else { return }
    text.append(UInt8(ascii: "."))
    text.append(repeating: UInt8(ascii: "0"), count: fractionDigits - decimalDigits(count: fraction))
    write(fraction, to: &text)
}

private func write(_ number: UInt64, to text: inout OutputSpan<UInt8>) {
    withDecimal(number) { digits in
        for index in digits.indices { text.append(digits[index]) }
    }
}

private func write(_ name: StaticString, to text: inout OutputSpan<UInt8>) {
    // A static string's bytes live as long as the program.
    for byte in UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount) { text.append(byte) }
}

/// The seventeen decimal digits nearest to a double: `digits * 10^(exponent - 16)`.
private struct SeventeenDigits {
    static let count = 17

    /// Seventeen digits, the first one not zero.
    let digits: UInt64
    /// The power of ten that the first digit counts.
    let exponent: Int

    /// `value` is finite and greater than zero.
    init(of value: Double) {
        let place = max(value.exponentBitPattern, 1)
        let hidden: UInt64 = value.exponentBitPattern == 0 ? 0 : 1 << 52
        let significand = value.significandBitPattern | hidden
        let binaryExponent = Int(place) - 1075

        // The power of ten below the power of two below the value: right, or one too low. 315653/2^20 is log10(2).
        let topBit = binaryExponent + 63 - significand.leadingZeroBitCount
        var exponent = (topBit * 315_653) >> 20
        while true {
            var scaled = LeadingBits(significand, timesTenTo: Self.count - 1 - exponent)
            scaled.exponent += binaryExponent
            let digits = UInt64(scaled.rounded(toMultipleOf: 0))
            if digits < 100_000_000_000_000_000 {
                self.digits = digits
                self.exponent = exponent
                return
            }
            exponent += 1
        }
    }
}
