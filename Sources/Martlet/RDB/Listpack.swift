// Redis's listpack: the strings of a small collection in one block.
//
//   block    total bytes (4) | elements (2; 65535: not known) | element ... | 0xFF
//   element  head [number or string] | length of all before, backwards readable (1 to 5 bytes)
//
//   head  0nnnnnnn                    an integer, 0 to 127
//         10nnnnnn                    a string of n bytes
//         110nnnnn nnnnnnnn           an integer of 13 bits with sign
//         1110nnnn nnnnnnnn           a string of n bytes
//         0xF0 and 4 bytes            a string of n bytes
//         0xF1, 0xF2, 0xF3, 0xF4      an integer in the 2, 3, 4, 8 bytes behind
//
// Numbers stand little end first, those inside a head's own bits big end first. Source: Redis's listpack.c and the
// listpack specification.

enum Listpack {
    fileprivate static let headerCount = 6
    fileprivate static let end: UInt8 = 0xFF

    /// Hands the elements to `body`, one after the other; `offset` is where the block stands, for the error.
    static func visit(
        _ bytes: ByteSpan, at offset: Int, _ body: (ByteSpan) throws(RDBError) -> Void
    ) throws(RDBError) {
        guard bytes.count > headerCount, bytes.littleEndian(at: 0, width: 4) == UInt64(bytes.count),
            bytes[bytes.count - 1] == end
        else { throw RDBError("a listpack whose length is not its length", at: offset) }
        let last = bytes.count - 1
        var place = headerCount
        var count = 0
        while place < last {
            guard let element = element(bytes, place, last),
                isLength(element.end - place, readableBackwards: bytes, element.end, last)
            else { throw RDBError("a broken element in a listpack", at: offset) }
            switch element.content {
            case .integer(let integer):
                try withDecimal(integer) { (text: ByteSpan) throws(RDBError) in try body(text) }
            case .string(let range): try body(bytes.extracting(range))
            }
            place = element.end + backLength(element.end - place)
            count += 1
        }
        let said = Int(bytes.littleEndian(at: 4, width: 2))
        guard said == count || said == 65535 else {
            throw RDBError("a listpack that has not as many elements as it says", at: offset)
        }
    }

    private struct Element {
        enum Content {
            case integer(Int64)
            case string(Range<Int>)
        }

        let content: Content
        let end: Int
    }

    /// The element at `place`; nil when it does not end at `limit` or before.
    private static func element(_ bytes: ByteSpan, _ place: Int, _ limit: Int) -> Element? {
        let head = bytes[place]
        switch head {
        case 0x00...0x7F: return Element(content: .integer(Int64(head)), end: place + 1)
        case 0x80...0xBF: return string(place + 1, Int(head & 0x3F), limit)
        case 0xC0...0xDF:
            guard place + 2 <= limit else { return nil }
            let bits = Int64(head & 0x1F) << 8 | Int64(bytes[place + 1])
            return Element(content: .integer(bits < 4096 ? bits : bits - 8192), end: place + 2)
        case 0xE0...0xEF:
            guard place + 2 <= limit else { return nil }
            return string(place + 2, Int(head & 0x0F) << 8 | Int(bytes[place + 1]), limit)
        case 0xF0:
            guard place + 5 <= limit else { return nil }
            return string(place + 5, Int(bytes.littleEndian(at: place + 1, width: 4)), limit)
        case 0xF1: return integer(bytes, place + 1, 2, limit)
        case 0xF2: return integer(bytes, place + 1, 3, limit)
        case 0xF3: return integer(bytes, place + 1, 4, limit)
        case 0xF4: return integer(bytes, place + 1, 8, limit)
        default: return nil
        }
    }

    private static func string(_ place: Int, _ count: Int, _ limit: Int) -> Element? {
        place + count <= limit ? Element(content: .string(place..<(place + count)), end: place + count) : nil
    }

    private static func integer(_ bytes: ByteSpan, _ place: Int, _ width: Int, _ limit: Int) -> Element? {
        guard place + width <= limit else { return nil }
        return Element(content: .integer(bytes.signedLittleEndian(at: place, width: width)), end: place + width)
    }

    /// How many bytes the length behind an element takes. That 16383 and its like take one more is Redis's way.
    fileprivate static func backLength(_ length: Int) -> Int {
        switch length {
        case ...127: 1
        case ..<16383: 2
        case ..<2_097_151: 3
        case ..<268_435_455: 4
        default: 5
        }
    }

    /// Seven bits a byte, the highest first; all but the first byte have the top bit set.
    fileprivate static func backByte(_ index: Int, of length: Int) -> UInt8 {
        let width = backLength(length)
        let bits = UInt8(length >> (7 * (width - 1 - index)) & 0x7F)
        return index == 0 ? bits : bits | 0x80
    }

    private static func isLength(
        _ length: Int, readableBackwards bytes: ByteSpan, _ place: Int, _ limit: Int
    ) -> Bool {
        let width = backLength(length)
        guard place + width <= limit else { return false }
        for index in 0..<width where bytes[place + index] != backByte(index, of: length) { return false }
        return true
    }
}

/// Builds a listpack.
struct ListpackWriter: ~Copyable {
    /// The elements so far.
    private var block: ByteBuffer
    private var count = 0

    /// `block` is memory to work in, whose content is dropped.
    init(block: consuming ByteBuffer = ByteBuffer()) {
        self.block = block
        self.block.clear()
    }

    mutating func append(_ string: ByteSpan) {
        // No longer text spells an Int64.
        if string.count <= 20, let integer = parseInt64(string) { return append(integer) }
        let start = block.count
        if string.count < 1 << 6 {
            block.append(UInt8(0x80 | string.count))
        } else if string.count < 1 << 12 {
            block.append(UInt8(0xE0 | string.count >> 8))
            block.append(UInt8(string.count & 0xFF))
        } else {
            block.append(0xF0)
            block.appendInteger(Int64(string.count), width: 4)
        }
        block.append(string)
        finish(from: start)
    }

    mutating func append(_ integer: Int64) {
        let start = block.count
        if (0...127).contains(integer) {
            block.append(UInt8(integer))
        } else if (-4096...4095).contains(integer) {
            let bits = integer & 0x1FFF
            block.append(UInt8(0xC0 | bits >> 8))
            block.append(UInt8(bits & 0xFF))
        } else {
            let (head, width): (UInt8, Int) =
                switch integer {
                case -0x8000...0x7FFF: (0xF1, 2)
                case -0x80_0000...0x7F_FFFF: (0xF2, 3)
                case -0x8000_0000...0x7FFF_FFFF: (0xF3, 4)
                default: (0xF4, 8)
                }
            block.append(head)
            block.appendInteger(integer, width: width)
        }
        finish(from: start)
    }

    private mutating func finish(from start: Int) {
        let length = block.count - start
        for index in 0..<Listpack.backLength(length) { block.append(Listpack.backByte(index, of: length)) }
        count += 1
    }

    /// The finished block.
    consuming func takeBlock() -> ByteBuffer {
        let total = Listpack.headerCount + block.count + 1
        var finished = ByteBuffer(capacity: total)
        // Whoever builds a block keeps it far below 4 GB.
        finished.appendInteger(Int64(total), width: 4)
        finished.appendInteger(Int64(min(count, 65535)), width: 2)
        finished.append(block.bytes)
        finished.append(Listpack.end)
        return finished
    }
}
