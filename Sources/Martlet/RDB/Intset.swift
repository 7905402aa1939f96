// Redis's intset: a sorted block of different integers.
//
//   width (4; 2, 4 or 8) | integers (4) | integer | integer | ...        little end first
//
// Source: Redis's intset.c.

enum Intset {
    private static let headerCount = 8

    /// Hands the integers to `body`, smallest first; `offset` is where the block stands, for the error.
    static func visit(
        _ bytes: ByteSpan, at offset: Int, _ body: (ByteSpan) throws(RDBError) -> Void
    ) throws(RDBError) {
        guard bytes.count >= headerCount else { throw RDBError("an intset without a header", at: offset) }
        let width = Int(bytes.littleEndian(at: 0, width: 4))
        let count = Int(bytes.littleEndian(at: 4, width: 4))
        guard [2, 4, 8].contains(width), bytes.count == headerCount + width * count else {
            throw RDBError("an intset whose length is not its length", at: offset)
        }
        var before: Int64?
        for index in 0..<count {
            let integer = bytes.signedLittleEndian(at: headerCount + index * width, width: width)
            if let before, before >= integer { throw RDBError("an intset that is not sorted", at: offset) }
            before = integer
            try withDecimal(integer) { (text: ByteSpan) throws(RDBError) in try body(text) }
        }
    }

    static func write(_ integers: SortedIntegers, to block: inout ByteBuffer) {
        block.appendInteger(Int64(integers.width), width: 4)
        block.appendInteger(Int64(integers.count), width: 4)
        // The integers themselves stand as they do here.
        if integers.count > 0 { block.append(integers.bytes.extracting(droppingFirst: 1)) }
    }
}
