// Writing the pieces of RDB files: lengths and strings.
//
//   length   00nnnnnn                          up to 63
//            01nnnnnn nnnnnnnn                 up to 16383
//            10000000 and 4 bytes              up to 2^32 - 1, big end first
//            10000001 and 8 bytes              the rest
//   string   length, bytes
//            11000000 and 1 byte               an integer, little end first
//            11000001 and 2 bytes
//            11000010 and 4 bytes
//            11000011 length length bytes      compressed: compressed length, length, LZF

/// What a file says of the uses of each key, for the eviction policy in effect.
enum RDBUses {
    case none
    /// Seconds since the last use, seen from this state of the access clock.
    case idleSeconds(at: UInt32)
    /// The counter of uses.
    case frequency
}

struct RDBWriter: ~Copyable {
    var buffer = ByteBuffer()
    private let compresses: Bool
    let uses: RDBUses
    private var compressor: LZFCompressor?
    private var scratch = ByteBuffer()

    /// Shorter strings do not get shorter by compression.
    private static let shortestCompressed = 21

    init(compresses: Bool, uses: RDBUses = .none) {
        self.compresses = compresses
        self.uses = uses
    }

    consuming func takeBuffer() -> ByteBuffer { buffer }

    // MARK: Lengths and numbers

    mutating func append(length: Int) {
        precondition(length >= 0)
        if length < 1 << 6 {
            buffer.append(UInt8(length))
        } else if length < 1 << 14 {
            buffer.append(UInt8(0x40 | length >> 8))
            buffer.append(UInt8(length & 0xFF))
        } else if length <= Int(UInt32.max) {
            buffer.append(0x80)
            appendBigEndian(UInt64(length), width: 4)
        } else {
            buffer.append(0x81)
            appendBigEndian(UInt64(length), width: 8)
        }
    }

    private mutating func appendBigEndian(_ value: UInt64, width: Int) {
        for place in (0..<width).reversed() { buffer.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place))) }
    }

    /// A time in milliseconds: eight bytes, little end first.
    mutating func append(milliseconds: Int64) { buffer.appendInteger(milliseconds, width: 8) }

    // MARK: Strings

    mutating func append(string: ByteSpan) {
        // Longer texts spell no Int32.
        if string.count <= 11, let integer = parseInt64(string), appendShort(integer) { return }
        if appendCompressed(string) { return }
        append(length: string.count)
        buffer.append(string)
    }

    mutating func append(string integer: Int64) {
        if appendShort(integer) { return }
        withDecimal(integer) { (text: ByteSpan) in
            append(length: text.count)
            buffer.append(text)
        }
    }

    /// False when the integer is too large for the short forms.
    private mutating func appendShort(_ integer: Int64) -> Bool {
        let (code, width): (UInt8, Int)
        if Int8(exactly: integer) != nil {
            (code, width) = (0xC0, 1)
        } else if Int16(exactly: integer) != nil {
            (code, width) = (0xC1, 2)
        } else if Int32(exactly: integer) != nil {
            (code, width) = (0xC2, 4)
        } else {
            return false
        }
        buffer.append(code)
        buffer.appendInteger(integer, width: width)
        return true
    }

    /// False when it is not to be compressed, or does not get shorter.
    mutating func appendCompressed(_ string: ByteSpan) -> Bool {
        guard compresses, string.count >= Self.shortestCompressed else { return false }
        var taken = ByteBuffer()
        swap(&taken, &scratch)
        taken.clear()
        defer { swap(&taken, &scratch) }
        if compressor == nil { compressor = LZFCompressor() }
        guard compressor?.compress(string, into: &taken) ?? false else { return false }
        buffer.append(0xC3)
        append(length: taken.count)
        append(length: string.count)
        buffer.append(taken.bytes)
        return true
    }
}
