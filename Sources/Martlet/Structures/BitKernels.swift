// Bit operations over byte strings: counting, searching, combining, and integers of any width at any bit.
// Bits are numbered from the highest bit of the first byte on:
//
//     byte    0        1        2
//     bit     01234567 89......
//             |000000 01|0111000 0|......    an unsigned field of 5 bits at offset 7 that holds 23: 10111
//
// Positions and widths come from commands that have checked them; what lies behind the end of a string reads as zero.

/// How many bits are set.
func popcount(_ bytes: ByteSpan) -> Int {
    let raw = bytes.bytes
    let words = bytes.count / 8
    var total = 0
    for word in 0..<words {
        // Any eight bytes are a number, and the load checks its bounds.
        total += raw.unsafeLoadUnaligned(fromByteOffset: word * 8, as: UInt64.self).nonzeroBitCount
    }
    for index in words * 8..<bytes.count { total += bytes[index].nonzeroBitCount }
    return total
}

/// How many of the bits in the range `bits` are set.
func popcount(_ bytes: ByteSpan, bits: Range<Int>) -> Int {
    let bits = bits.clamped(to: 0..<bytes.count * 8)
    guard !bits.isEmpty else { return 0 }
    let first = bits.lowerBound / 8
    let last = (bits.upperBound - 1) / 8
    // Shifts of a byte by 0 to 7 and by 1 to 8: what is before and after the range in its outer bytes.
    let before = bytes[first] & ~(0xFF >> UInt8(bits.lowerBound % 8))
    let after = bytes[last] & (0xFF >> UInt8((bits.upperBound - 1) % 8 + 1))
    return popcount(bytes.extracting(first...last)) - before.nonzeroBitCount - after.nonzeroBitCount
}

/// The position of the first bit in the range `bits` that equals `bit`; nil if there is none.
func firstBit(_ bit: Bool, in bytes: ByteSpan, bits: Range<Int>) -> Int? {
    let bits = bits.clamped(to: 0..<bytes.count * 8)
    let inverted: UInt64 = bit ? 0 : .max
    var mask = UInt64.max >> UInt64(bits.lowerBound % 8)
    var byte = bits.lowerBound / 8
    while byte * 8 < bits.upperBound {
        let candidates = (bigEndianWord(in: bytes, at: byte) ^ inverted) & mask
        if candidates != 0 {
            let position = byte * 8 + candidates.leadingZeroBitCount
            return position < bits.upperBound ? position : nil
        }
        mask = .max
        byte += 8
    }
    return nil
}

/// Eight bytes, the first one highest, with zeros for those behind the end.
private func bigEndianWord(in bytes: ByteSpan, at offset: Int) -> UInt64 {
    if bytes.count - offset >= 8 {
        // Any eight bytes are a number, and the load checks its bounds.
        return UInt64(bigEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    var word: UInt64 = 0
    for index in offset..<offset + 8 { word = word << 8 | UInt64(index < bytes.count ? bytes[index] : 0) }
    return word
}

// MARK: Combining

enum BitOperation {
    case and, or, xor
}

/// Combines `source`, continued with zeros, into `result`, which is as long as the longest of all sources.
/// Begin with a result of zeros and `.or` for the first source.
func combineBits(_ operation: BitOperation, _ source: ByteSpan, into result: inout MutableSpan<UInt8>) {
    let common = min(source.count, result.count)
    source.withUnsafeBufferPointer { source in
        result.withUnsafeMutableBufferPointer { result in
            // Up to `common` both buffers have bytes, from there to its count the result has. These plain loops are
            // what the compiler turns into vector code.
            switch operation {
            case .and:
                for index in 0..<common { result[index] &= source[index] }
                for index in common..<result.count { result[index] = 0 }
            case .or:
                for index in 0..<common { result[index] |= source[index] }
            case .xor:
                for index in 0..<common { result[index] ^= source[index] }
            }
        }
    }
}

/// Inverts every bit.
func invertBits(_ result: inout MutableSpan<UInt8>) {
    result.withUnsafeMutableBufferPointer { result in
        // The indices are the buffer's own.
        for index in result.indices { result[index] = ~result[index] }
    }
}

// MARK: Fields

/// The unsigned field of `width` bits, 1 to 64, at bit `offset`, zero or more.
func unsignedBitfield(in bytes: ByteSpan, offset: Int, width: Int) -> UInt64 {
    // Eight bits of the ninth byte belong to the field at most, when it begins in the middle of the first.
    let byte = offset / 8
    let window = UInt128(paddedWord(in: bytes, at: byte)) << 8 | UInt128(paddedByte(in: bytes, at: byte + 8))
    return UInt64(truncatingIfNeeded: window >> (72 - offset % 8 - width)) & (.max >> UInt64(64 - width))
}

/// The field read as a two's complement number.
func signedBitfield(in bytes: ByteSpan, offset: Int, width: Int) -> Int64 {
    let field = unsignedBitfield(in: bytes, offset: offset, width: width)
    // Up to the top of the word and back: the second shift repeats the field's highest bit.
    return Int64(truncatingIfNeeded: field << UInt64(64 - width)) >> Int64(64 - width)
}

private func paddedWord(in bytes: ByteSpan, at offset: Int) -> UInt64 {
    offset < bytes.count ? bigEndianWord(in: bytes, at: offset) : 0
}

private func paddedByte(in bytes: ByteSpan, at offset: Int) -> UInt8 {
    offset < bytes.count ? bytes[offset] : 0
}

/// Writes the low `width` bits of `value` at bit `offset`; `bytes` must reach to the field's end. A signed field is
/// written by its bit pattern.
func setBitfield(in bytes: inout MutableSpan<UInt8>, offset: Int, width: Int, to value: UInt64) {
    var position = offset
    var left = width
    while left > 0 {
        // As many bits as go into this byte, below its first `start` ones.
        let start = position % 8
        let count = min(8 - start, left)
        let shift = UInt8(8 - start - count)
        let mask = (UInt8.max >> UInt8(8 - count)) << shift
        left -= count
        let part = UInt8(truncatingIfNeeded: value >> UInt64(left)) << shift
        bytes[position / 8] = bytes[position / 8] & ~mask | part & mask
        position += count
    }
}

/// What becomes of a sum that its field cannot hold.
enum BitfieldOverflow {
    case wrap, saturate, fail
}

/// `value + increment` as an unsigned field of `width` bits holds it; nil if that overflows under `.fail`.
/// `value` itself may be too large: with an increment of zero this fits a value to the field.
func unsignedBitfieldSum(
    _ value: UInt64, _ increment: Int64, width: Int, overflow: BitfieldOverflow
) -> UInt64? {
    let greatest = UInt64.max >> UInt64(64 - width)
    let isAbove = value > greatest || increment > 0 && increment.magnitude > greatest - value
    let isBelow = !isAbove && increment < 0 && increment.magnitude > value
    // Modulo 2^64, and then modulo 2^width, is what wrapping means.
    let sum = value &+ UInt64(bitPattern: increment)
    guard isAbove || isBelow else { return sum }
    switch overflow {
    case .wrap: return sum & greatest
    case .saturate: return isAbove ? greatest : 0
    case .fail: return nil
    }
}

/// `value + increment` as a signed field of `width` bits holds it; nil if that overflows under `.fail`.
/// `value` itself may be out of range: with an increment of zero this fits a value to the field.
func signedBitfieldSum(_ value: Int64, _ increment: Int64, width: Int, overflow: BitfieldOverflow) -> Int64? {
    let greatest = Int64.max >> Int64(64 - width)
    let least = -greatest - 1
    let (sum, wraps) = value.addingReportingOverflow(increment)
    // By tradition the room above a narrow field's value is taken modulo 2^64: a value so low that the room overflows
    // counts as too large, and saturates to the greatest number instead of the least. Clients can see it, so it stays.
    let hasFalseRoom = width < 64 && greatest.subtractingReportingOverflow(value).overflow
    let isAbove = value > greatest || increment > 0 && (wraps || sum > greatest) || hasFalseRoom
    let isBelow = value < least || increment < 0 && (wraps || sum < least)
    guard isAbove || isBelow else { return sum }
    switch overflow {
    // The shifts repeat the field's highest bit above it.
    case .wrap: return (sum << Int64(64 - width)) >> Int64(64 - width)
    case .saturate: return isAbove ? greatest : least
    case .fail: return nil
    }
}
