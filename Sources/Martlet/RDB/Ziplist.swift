// Redis's ziplist, which listpacks replaced in 7.0: read, never written.
//
//   block    total bytes (4) | offset of the last entry (4) | entries (2; 65535: not known) | entry ... | 0xFF
//   entry    length of the entry before: 1 byte, or 0xFE and 4 bytes | head [number or string]
//
//   head  00nnnnnn                    a string of n bytes
//         01nnnnnn nnnnnnnn           a string of n bytes, big end first
//         0x80 and 4 bytes            a string of n bytes, big end first
//         0xC0, 0xD0, 0xE0, 0xF0, 0xFE   an integer in the 2, 4, 8, 3, 1 bytes behind
//         0xF1 to 0xFD                an integer, 0 to 12
//
// Source: Redis's ziplist.c.

enum Ziplist {
    private static let headerCount = 10
    private static let end: UInt8 = 0xFF

    /// Hands the entries to `body`, one after the other; `offset` is where the block stands, for the error.
    static func visit(
        _ bytes: ByteSpan, at offset: Int, _ body: (ByteSpan) throws(RDBError) -> Void
    ) throws(RDBError) {
        guard bytes.count > headerCount, bytes.littleEndian(at: 0, width: 4) == UInt64(bytes.count),
            bytes[bytes.count - 1] == end
        else { throw RDBError("a ziplist whose length is not its length", at: offset) }
        let limit = bytes.count - 1
        var place = headerCount
        var before = 0
        var last = headerCount
        var count = 0
        while place < limit {
            guard let entry = entry(bytes, place, limit), entry.before == before else {
                throw RDBError("a broken entry in a ziplist", at: offset)
            }
            switch entry.content {
            case .integer(let integer):
                try withDecimal(integer) { (text: ByteSpan) throws(RDBError) in try body(text) }
            case .string(let range): try body(bytes.extracting(range))
            }
            last = place
            before = entry.end - place
            place = entry.end
            count += 1
        }
        let said = Int(bytes.littleEndian(at: 8, width: 2))
        guard said == count || said == 65535, bytes.littleEndian(at: 4, width: 4) == UInt64(last) else {
            throw RDBError("a ziplist that has not the entries that it says", at: offset)
        }
    }

    private struct Entry {
        enum Content {
            case integer(Int64)
            case string(Range<Int>)
        }

        let before: Int
        let content: Content
        let end: Int
    }

    /// The entry at `place`; nil when it does not end at `limit` or before.
    private static func entry(_ bytes: ByteSpan, _ place: Int, _ limit: Int) -> Entry? {
        let isLong = bytes[place] == 0xFE
        guard bytes[place] != 0xFF, place + (isLong ? 5 : 1) < limit else { return nil }
        let before = isLong ? Int(bytes.littleEndian(at: place + 1, width: 4)) : Int(bytes[place])
        let start = place + (isLong ? 5 : 1)
        guard let (content, end) = content(bytes, start, limit) else { return nil }
        return Entry(before: before, content: content, end: end)
    }

    private static func content(_ bytes: ByteSpan, _ place: Int, _ limit: Int) -> (Entry.Content, Int)? {
        let head = bytes[place]
        switch head {
        case 0x00...0x3F: return string(place + 1, Int(head), limit)
        case 0x40...0x7F:
            guard place + 2 <= limit else { return nil }
            return string(place + 2, Int(head & 0x3F) << 8 | Int(bytes[place + 1]), limit)
        case 0x80:
            guard place + 5 <= limit else { return nil }
            var count = 0
            for index in 1...4 { count = count << 8 | Int(bytes[place + index]) }
            return string(place + 5, count, limit)
        case 0xC0: return integer(bytes, place + 1, 2, limit)
        case 0xD0: return integer(bytes, place + 1, 4, limit)
        case 0xE0: return integer(bytes, place + 1, 8, limit)
        case 0xF0: return integer(bytes, place + 1, 3, limit)
        case 0xFE: return integer(bytes, place + 1, 1, limit)
        case 0xF1...0xFD: return (.integer(Int64(head & 0x0F) - 1), place + 1)
        default: return nil
        }
    }

    private static func string(_ place: Int, _ count: Int, _ limit: Int) -> (Entry.Content, Int)? {
        place + count <= limit ? (.string(place..<(place + count)), place + count) : nil
    }

    private static func integer(_ bytes: ByteSpan, _ place: Int, _ width: Int, _ limit: Int) -> (Entry.Content, Int)? {
        place + width <= limit ? (.integer(bytes.signedLittleEndian(at: place, width: width)), place + width) : nil
    }
}
