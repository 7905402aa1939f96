// Words that several bitmap commands read: the offset of a bit, and the unit of a range.

extension Arguments {
    /// The offset of a bit in a string of at most `limit` bytes. For a field of `width` bits, `#n` means the n-th
    /// field.
    func bitOffset(_ index: Int, limit: Int, width: Int? = nil) throws(ReplyError) -> Int {
        let word = self[index]
        let isCounted = width != nil && !word.isEmpty && word[0] == UInt8(ascii: "#")
        guard let number = parseInt64(isCounted ? word.extracting(droppingFirst: 1) : word) else { throw .bitOffset }
        let (offset, overflow) = number.multipliedReportingOverflow(by: isCounted ? Int64(width ?? 1) : 1)
        // The end of the field must be countable as well, whatever the limit is.
        guard !overflow, offset >= 0, offset >> 3 < Int64(limit), offset <= Int64.max - 64 else { throw .bitOffset }
        return Int(offset)
    }

    /// BYTE or BIT at word `index`: whether positions count bits.
    func countsBits(_ index: Int) throws(ReplyError) -> Bool {
        if matches(index, "BIT") { return true }
        guard matches(index, "BYTE") else { throw .syntax }
        return false
    }
}

extension IndexRange {
    /// The bits meant in a string of `byteCount` bytes.
    func bits(byteCount: Int, countsBits: Bool) -> Range<Int> {
        if countsBits { return positions(count: byteCount * 8) }
        let bytes = positions(count: byteCount)
        return bytes.lowerBound * 8..<bytes.upperBound * 8
    }
}

extension ReplyError {
    fileprivate static var bitOffset: ReplyError { ReplyError("ERR bit offset is not an integer or out of range") }
}
