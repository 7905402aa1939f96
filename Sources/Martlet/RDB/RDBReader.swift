// Reading the pieces of RDB files (drawn in RDBWriter.swift) from bytes that anybody may have made: every step checks
// that the bytes are there, and no length is believed before they are.

struct RDBReader: ~Escapable {
    let bytes: ByteSpan
    private(set) var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: ByteSpan) { self.bytes = bytes }

    var remaining: Int { bytes.count - offset }
    var isAtEnd: Bool { remaining == 0 }

    // MARK: Numbers

    mutating func byte() throws(RDBError) -> UInt8 {
        guard remaining > 0 else { throw cut() }
        defer { offset += 1 }
        return bytes[offset]
    }

    mutating func littleEndian(width: Int) throws(RDBError) -> UInt64 {
        guard remaining >= width else { throw cut() }
        defer { offset += width }
        return bytes.littleEndian(at: offset, width: width)
    }

    private mutating func bigEndian(width: Int) throws(RDBError) -> UInt64 {
        guard remaining >= width else { throw cut() }
        var value: UInt64 = 0
        for place in 0..<width { value = value << 8 | UInt64(bytes[offset + place]) }
        offset += width
        return value
    }

    mutating func milliseconds() throws(RDBError) -> Int64 { Int64(bitPattern: try littleEndian(width: 8)) }

    private enum Length {
        case plain(UInt64)
        case encoded(UInt8)
    }

    private mutating func anyLength() throws(RDBError) -> Length {
        let start = offset
        let first = try byte()
        switch first >> 6 {
        case 0: return .plain(UInt64(first & 0x3F))
        case 1: return .plain(UInt64(first & 0x3F) << 8 | UInt64(try byte()))
        case 3: return .encoded(first & 0x3F)
        default:
            switch first {
            case 0x80: return .plain(try bigEndian(width: 4))
            case 0x81: return .plain(try bigEndian(width: 8))
            default: throw RDBError("unknown form of a length", at: start)
            }
        }
    }

    /// A length or another number of that form; it may be larger than what follows.
    mutating func length() throws(RDBError) -> UInt64 {
        let start = offset
        guard case .plain(let length) = try anyLength() else {
            throw RDBError("a string where a length should be", at: start)
        }
        return length
    }

    // MARK: Strings

    mutating func withString<Result>(
        _ body: (ByteSpan) throws(RDBError) -> Result
    ) throws(RDBError) -> Result {
        let start = offset
        switch try anyLength() {
        case .plain(let length): return try body(take(length))
        case .encoded(0): return try withText(Int64(Int8(truncatingIfNeeded: try littleEndian(width: 1))), body)
        case .encoded(1): return try withText(Int64(Int16(truncatingIfNeeded: try littleEndian(width: 2))), body)
        case .encoded(2): return try withText(Int64(Int32(truncatingIfNeeded: try littleEndian(width: 4))), body)
        case .encoded(3):
            let compressed = try length()
            let count = try length()
            var text = ByteBuffer()
            // A count beyond Int is as wrong as one that does not come out.
            guard let count = Int(exactly: count), LZF.decompress(try take(compressed), count: count, into: &text)
            else { throw RDBError("a compressed string that does not come out as it should", at: start) }
            return try body(text.bytes)
        case .encoded: throw RDBError("unknown form of a string", at: start)
        }
    }

    private func withText<Result>(
        _ integer: Int64, _ body: (ByteSpan) throws(RDBError) -> Result
    ) throws(RDBError) -> Result {
        try withDecimal(integer) { (text: ByteSpan) throws(RDBError) in try body(text) }
    }

    @_lifetime(copy self)
    private mutating func take(_ length: UInt64) throws(RDBError) -> ByteSpan {
        guard let count = Int(exactly: length), count <= remaining else { throw cut() }
        defer { offset += count }
        return bytes.extracting(offset..<(offset + count))
    }

    private func cut() -> RDBError { RDBError("the data ends too early", at: offset, isCut: true) }
}
