// A range of positions as GETRANGE, BITCOUNT and their like take one: both ends belong to it, negative positions count
// from the end, and whatever lies outside is cut off.

struct IndexRange {
    static let all = IndexRange(start: 0, end: -1)

    let start: Int64
    let end: Int64

    /// Counted from the end and the wrong way round: empty, although cutting could make it look otherwise.
    var isBackward: Bool { start < 0 && end < 0 && start > end }

    /// The positions meant among `count`.
    func positions(count: Int) -> Range<Int> {
        // A count is not negative, so adding it to a negative position cannot overflow.
        let first = start < 0 ? max(0, Int64(count) + start) : start
        let last = min(end < 0 ? max(0, Int64(count) + end) : end, Int64(count) - 1)
        return first <= last ? Int(first)..<Int(last) + 1 : 0..<0
    }
}

extension Arguments {
    /// The range that begins at word `first` and ends at word `last`.
    func indexRange(_ first: Int, _ last: Int) throws(ReplyError) -> IndexRange {
        let start = try integer(first)
        return IndexRange(start: start, end: try integer(last))
    }
}
