// Byte views: the name `ByteSpan` and the few things that are done with one everywhere.
//
// A span is a borrowed, bounds-checked window on bytes that somebody else owns. Comparison works on eight bytes at a
// time; the last word overlaps the one before it, so that there is no byte-by-byte tail.

typealias ByteSpan = Span<UInt8>

extension Span where Element == UInt8 {
    /// Whether both hold the same bytes.
    func equals(_ other: ByteSpan) -> Bool {
        withUnsafeBytes { left in other.withUnsafeBytes { right in RawBytes.equal(left, right) } }
    }

    /// The eight bytes from `offset` on as a number, little end first.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        precondition(offset >= 0 && offset <= count - 8)
        return withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) }
    }

    /// Byte order, as memcmp and then the length have it: negative, zero or positive.
    func compare(_ other: ByteSpan) -> Int {
        withUnsafeBytes { left in other.withUnsafeBytes { right in RawBytes.compare(left, right) } }
    }

    /// Whether the bytes spell `name` when ASCII letters of either case count as the same: for option and command
    /// names.
    func equalsIgnoringCase(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        return withUnsafeBytes { bytes in
            name.withUTF8Buffer { letters in
                for index in 0..<bytes.count where bytes[index].asciiLowercased != letters[index].asciiLowercased {
                    return false
                }
                return true
            }
        }
    }

    /// The unsigned number in the `width` (at most 8) bytes from `offset` on, little end first.
    func littleEndian(at offset: Int, width: Int) -> UInt64 {
        var value: UInt64 = 0
        for place in 0..<width { value |= UInt64(self[offset + place]) << UInt64(8 * place) }
        return value
    }

    /// The same with a sign.
    func signedLittleEndian(at offset: Int, width: Int) -> Int64 {
        let unused = UInt64(64 - 8 * width)
        // Shifting up and back extends the sign.
        return Int64(bitPattern: littleEndian(at: offset, width: width) << unused) >> Int64(unused)
    }

    /// A copy of the bytes that owns itself.
    func copied() -> [UInt8] {
        withUnsafeBytes { [UInt8]($0) }
    }

    /// The bytes as text; what is not UTF-8 becomes replacement characters.
    var text: String {
        withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }

    /// A view of memory that `owner` keeps alive and unchanged for as long as it is borrowed.
    @_lifetime(borrow owner)
    init<Owner: ~Copyable & ~Escapable>(viewing bytes: UnsafeRawBufferPointer, ownedBy owner: borrowing Owner) {
        let elements = bytes.assumingMemoryBound(to: UInt8.self)
        self = _overrideLifetime(Span(_unsafeElements: elements), borrowing: owner)
    }
}

extension UInt8 {
    /// The byte itself, or its lower-case form when it is an ASCII capital.
    var asciiLowercased: UInt8 {
        self >= 0x41 && self <= 0x5A ? self | 0x20 : self
    }
}

/// Comparison of raw memory, for the structures that keep keys in storage of their own.
enum RawBytes {
    @inline(__always)
    static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        let count = left.count
        guard count == right.count else { return false }
        guard let left = left.baseAddress, let right = right.baseAddress else { return count == 0 }
        if count >= 8 {
            let last = count - 8
            var offset = 0
            while offset < last {
                if word(left, offset) != word(right, offset) { return false }
                offset += 8
            }
            return word(left, last) == word(right, last)
        }
        if count >= 4 {
            return left.loadUnaligned(as: UInt32.self) == right.loadUnaligned(as: UInt32.self)
                && left.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
                    == right.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
        }
        guard count > 0 else { return true }
        // First, middle and last: all there are.
        let (middle, last) = (count >> 1, count - 1)
        return left.load(as: UInt8.self) == right.load(as: UInt8.self)
            && left.load(fromByteOffset: middle, as: UInt8.self) == right.load(fromByteOffset: middle, as: UInt8.self)
            && left.load(fromByteOffset: last, as: UInt8.self) == right.load(fromByteOffset: last, as: UInt8.self)
    }

    /// Puts `bytes` in the place of `range` of the first `oldCount` bytes; `memory` has room for the result.
    static func splice(
        _ memory: UnsafeMutableRawBufferPointer, oldCount: Int, _ range: Range<Int>, with bytes: ByteSpan
    ) {
        precondition(range.lowerBound >= 0 && range.upperBound <= oldCount && oldCount <= memory.count)
        let target = range.lowerBound + bytes.count
        precondition(oldCount - range.upperBound <= memory.count - target)
        guard let base = memory.baseAddress else { return }
        if target != range.upperBound {
            // Both lie inside `memory`, as checked above; they may overlap.
            (base + target).copyMemory(from: base + range.upperBound, byteCount: oldCount - range.upperBound)
        }
        bytes.withUnsafeBytes { source in
            // An empty span has no address and copies nothing.
            if let address = source.baseAddress {
                (base + range.lowerBound).copyMemory(from: address, byteCount: source.count)
            }
        }
    }

    static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let shared = min(left.count, right.count)
        if shared > 0, let a = left.baseAddress, let b = right.baseAddress {
            var offset = 0
            while offset + 8 <= shared {
                // Read as big-endian, the first differing byte decides the order of the words.
                let (x, y) = (word(a, offset).bigEndian, word(b, offset).bigEndian)
                if x != y { return x < y ? -1 : 1 }
                offset += 8
            }
            while offset < shared {
                let (x, y) = (left[offset], right[offset])
                if x != y { return x < y ? -1 : 1 }
                offset += 1
            }
        }
        return left.count - right.count
    }

    @inline(__always)
    private static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }
}
