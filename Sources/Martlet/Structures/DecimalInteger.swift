// Whole numbers as decimal text, both ways, without allocating.
// `parseInt64` takes only the one canonical spelling of a number, so that text -> number -> text is lossless and may
// decide how a value is stored. The two other readers keep the wider habits of C's strtoull, each for its one use.

/// Bytes that hold the text of any 64-bit integer: "-9223372036854775808" and "18446744073709551615" are the longest.
let decimalCapacity = 20

/// The number that `text` spells canonically: no space, no plus sign, no leading zero, no "-0"; nil for all else.
package func parseInt64(_ text: Span<UInt8>) -> Int64? {
    let isNegative = !text.isEmpty && text[0] == UInt8(ascii: "-")
    let start = isNegative ? 1 : 0
    // Ten to the nineteenth is beyond Int64, and nineteen digits cannot overflow UInt64.
    guard text.count > start, text.count - start <= 19 else { return nil }

    // Wraps for bytes below "0", which then read as more than nine.
    let first = text[start] &- UInt8(ascii: "0")
    if first == 0 { return text.count == 1 ? 0 : nil }
    guard first <= 9 else { return nil }

    var magnitude = UInt64(first)
    var index = start + 1
    while index < text.count {
        // The loop condition bounds the index; a byte below "0" wraps to more than nine.
        let digit = text[unchecked: index] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        // At most nineteen digits in all: the result is below 10^19 < 2^64.
        magnitude = magnitude &* 10 &+ UInt64(digit)
        // Below `text.count`, so it cannot overflow.
        index &+= 1
    }
    return signed(magnitude, isNegative: isNegative)
}

private func signed(_ magnitude: UInt64, isNegative: Bool) -> Int64? {
    guard isNegative else { return Int64(exactly: magnitude) }
    guard magnitude <= Int64.min.magnitude else { return nil }
    // The magnitude of a negative Int64 was just checked, so its two's complement is that number.
    return Int64(truncatingIfNeeded: 0 &- magnitude)
}

/// The number that `text` holds in the canonical form or in any form that C's strtoull reads to the end: spaces and a
/// sign may lead, and a minus sign wraps around, except that a canonical negative number is refused.
/// As in C the text ends at its first zero byte.
func parseUInt64(_ text: ByteSpan) -> UInt64? {
    let text = text.extracting(first: indexOfZero(in: text))
    if let number = parseInt64(text) { return UInt64(exactly: number) }
    var start = 0
    while start < text.count, isSpace(text[start]) { start += 1 }
    return scanWrappingUInt64(text.extracting(droppingFirst: start))
}

/// The cursor that `text` spells, read as C's strtoul reads it: nothing at all is zero, a sign and leading zeros are
/// welcome, a minus sign wraps around, and the text ends at its first zero byte. Nil if it begins with a space, goes on
/// after the number, or does not fit.
func parseScanCursor(_ text: ByteSpan) -> UInt64? {
    let text = text.extracting(first: indexOfZero(in: text))
    return text.isEmpty ? 0 : scanWrappingUInt64(text)
}

/// A sign or none, then one digit or more and nothing else; a negative number counts back from 2^64.
private func scanWrappingUInt64(_ text: ByteSpan) -> UInt64? {
    let hasSign = !text.isEmpty && (text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+"))
    let start = hasSign ? 1 : 0
    guard text.count > start else { return nil }
    var magnitude: UInt64 = 0
    for index in start..<text.count {
        // A byte below "0" wraps to more than nine.
        let digit = text[index] &- UInt8(ascii: "0")
        let (tens, tensOverflow) = magnitude.multipliedReportingOverflow(by: 10)
        let (sum, sumOverflow) = tens.addingReportingOverflow(UInt64(digit))
        guard digit <= 9, !tensOverflow, !sumOverflow else { return nil }
        magnitude = sum
    }
    // Wrapping is the meaning here: C negates an unsigned number.
    return hasSign && text[0] == UInt8(ascii: "-") ? 0 &- magnitude : magnitude
}

private func indexOfZero(in text: ByteSpan) -> Int {
    for index in text.indices where text[index] == 0 { return index }
    return text.count
}

private func isSpace(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (9...13).contains(byte)
}

/// How many decimal digits `count` takes.
func decimalDigits(count: UInt64) -> Int {
    var rest = count
    var digits = 1
    while rest >= 10_000 {
        rest /= 10_000
        digits += 4
    }
    return digits + (rest >= 10 ? 1 : 0) + (rest >= 100 ? 1 : 0) + (rest >= 1_000 ? 1 : 0)
}

/// How many bytes the decimal text of `number` takes, its sign included.
func decimalLength(_ number: Int64) -> Int {
    decimalDigits(count: number.magnitude) + (number < 0 ? 1 : 0)
}

/// Writes the decimal text of `number` and returns its length.
/// `destination` must have room for `decimalCapacity` bytes, or for `decimalLength(number)` if the caller has it.
func writeDecimal(_ number: Int64, to destination: UnsafeMutablePointer<UInt8>) -> Int {
    guard number < 0 else { return writeDecimal(UInt64(number), to: destination) }
    // The sign is part of the room that the caller promised.
    destination[0] = UInt8(ascii: "-")
    return 1 + writeDecimal(number.magnitude, to: destination + 1)
}

/// Writes the decimal text of `number` and returns its length; the room needed is as for the signed form.
func writeDecimal(_ number: UInt64, to destination: UnsafeMutablePointer<UInt8>) -> Int {
    let count = decimalDigits(count: number)
    var rest = number
    var end = count
    // Four digits a step: half as many divisions that wait for each other. All writes are between the destination and
    // `count` bytes on, the room that the caller promised.
    while rest >= 10_000 {
        let (higher, four) = rest.quotientAndRemainder(dividingBy: 10_000)
        let (high, low) = UInt32(four).quotientAndRemainder(dividingBy: 100)
        writePair(high, to: destination + (end - 4))
        writePair(low, to: destination + (end - 2))
        rest = higher
        end -= 4
    }
    if rest >= 100 {
        writePair(UInt32(rest % 100), to: destination + (end - 2))
        rest /= 100
    }
    if rest >= 10 {
        writePair(UInt32(rest), to: destination)
    } else {
        destination[0] = UInt8(ascii: "0") + UInt8(rest)
    }
    return count
}

@inline(__always)
private func writePair(_ pair: UInt32, to destination: UnsafeMutablePointer<UInt8>) {
    let tens = pair / 10
    // The pair is below 100, so both digits are below ten and neither sum reaches 256.
    destination[0] = UInt8(truncatingIfNeeded: 48 &+ tens)
    // As above.
    destination[1] = UInt8(truncatingIfNeeded: 48 &+ (pair &- tens &* 10))
}

/// Calls `body` with the decimal text of `number`, which lies on the stack.
func withDecimal<Result: ~Copyable, Failure: Error>(
    _ number: Int64, _ body: (ByteSpan) throws(Failure) -> Result
) throws(Failure) -> Result {
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: decimalCapacity) {
        (buffer) throws(Failure) -> Result in
        // A buffer of positive capacity has a base address, and `decimalCapacity` is the room that is asked for.
        let count = writeDecimal(number, to: buffer.baseAddress.unsafelyUnwrapped)
        return try body(UnsafeBufferPointer(rebasing: buffer[..<count]).span)
    }
}

/// Calls `body` with the decimal text of `number`, which lies on the stack.
func withDecimal<Result: ~Copyable, Failure: Error>(
    _ number: UInt64, _ body: (ByteSpan) throws(Failure) -> Result
) throws(Failure) -> Result {
    try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: decimalCapacity) {
        (buffer) throws(Failure) -> Result in
        // A buffer of positive capacity has a base address, and `decimalCapacity` is the room that is asked for.
        let count = writeDecimal(number, to: buffer.baseAddress.unsafelyUnwrapped)
        return try body(UnsafeBufferPointer(rebasing: buffer[..<count]).span)
    }
}
