// The zipmap in which Redis before 2.6 kept small hashes: read, never written.
//
//   block    fields (1; 254 or more: not known) | pair ... | 0xFF
//   pair     length | field | length | unused (1) | value | unused bytes
//   length   1 byte up to 253, or 0xFE and 4 bytes, little end first
//
// Source: Redis's zipmap.c.

enum Zipmap {
    /// Hands fields and values to `body` in turn; `offset` is where the block stands, for the error.
    static func visit(
        _ bytes: ByteSpan, at offset: Int, _ body: (ByteSpan) throws(RDBError) -> Void
    ) throws(RDBError) {
        guard bytes.count >= 2, bytes[bytes.count - 1] == 0xFF else {
            throw RDBError("a zipmap without an end", at: offset)
        }
        let limit = bytes.count - 1
        var place = 1
        var count = 0
        while place < limit {
            guard let field = string(bytes, place, unused: false, limit),
                let value = string(bytes, field.end, unused: true, limit)
            else { throw RDBError("a broken pair in a zipmap", at: offset) }
            try body(bytes.extracting(field.range))
            try body(bytes.extracting(value.range))
            place = value.end
            count += 1
        }
        guard count > 0 else { throw RDBError("a zipmap without fields", at: offset) }
        guard bytes[0] >= 254 || Int(bytes[0]) == count else {
            throw RDBError("a zipmap that has not as many fields as it says", at: offset)
        }
    }

    private static func string(
        _ bytes: ByteSpan, _ place: Int, unused: Bool, _ limit: Int
    ) -> (range: Range<Int>, end: Int)? {
        guard place < limit, bytes[place] != 0xFF else { return nil }
        let isLong = bytes[place] == 0xFE
        var start = place + (isLong ? 5 : 1)
        // The byte of unused bytes is needed, too.
        guard start + (unused ? 1 : 0) <= limit else { return nil }
        let count = isLong ? Int(bytes.littleEndian(at: place + 1, width: 4)) : Int(bytes[place])
        // Nobody writes a short length in the long form.
        guard !isLong || count >= 254 else { return nil }
        let free = unused ? Int(bytes[start]) : 0
        if unused { start += 1 }
        let end = start + count + free
        return end <= limit ? (start..<(start + count), end) : nil
    }
}
