// The longest common subsequence of two strings: the algorithm behind LCS.
// Redis fills a table with the length for every pair of prefixes and walks back through it. Of several longest
// subsequences its reply shows the one that this walk finds, so the walk is the same here. But it only asks one bit of
// a cell, whether the cell above is greater than the one to the left: a row of lengths and a table of bits will do.
//
//          b:  c   a   b          walking back from the last corner:
//     a: a   . .   1   1            equal bytes: take one, go up and left
//        b   . .   1   2 <-         otherwise: go up if above is greater, else left

struct LongestCommonSubsequence {
    /// Why strings are refused.
    enum Refusal: Error, Equatable {
        /// "String too long for LCS"
        case stringTooLong
        /// "Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
        case tableTooLarge
    }

    /// A run of bytes that is in both strings and that the subsequence takes as a whole.
    struct Match: Equatable {
        let first: ClosedRange<Int>
        let second: ClosedRange<Int>

        var length: Int { first.count }
    }

    /// The subsequence itself.
    let bytes: [UInt8]
    /// The runs that make it up, from the strings' ends to their beginnings, without those that are too short.
    let matches: [Match]

    /// The length, of which `matches` may show less.
    var length: Int { bytes.count }

    /// `tableLimit` bounds Redis's table of four bytes for every pair of prefixes (proto-max-bulk-len), and with it the
    /// time; the memory used here is a thirty-second of that. Matches shorter than `minimumMatchLength` are left out.
    init(
        of first: ByteSpan, and second: ByteSpan, minimumMatchLength: Int = 0, tableLimit: Int
    ) throws(Refusal) {
        try Self.check(first.count, second.count, tableLimit)
        var isAboveGreater = [UInt64](repeating: 0, count: (first.count * second.count + 63) / 64)
        let total = Self.fill(first, second) { row, column in
            let cell = row * second.count + column
            isAboveGreater[cell / 64] |= 1 << (cell % 64)
        }

        var bytes = [UInt8](repeating: 0, count: total)
        var matches: [Match] = []
        // How many bytes of each string are still to be walked, how many of the subsequence to be found, and how many
        // matched without a gap up to here.
        var (row, column, left, run) = (first.count, second.count, total, 0)
        func endRun() {
            if run > 0, run >= minimumMatchLength {
                matches.append(Match(first: row...row + run - 1, second: column...column + run - 1))
            }
            run = 0
        }
        while row > 0 && column > 0 {
            if first[row - 1] == second[column - 1] {
                left -= 1
                bytes[left] = first[row - 1]
                row -= 1
                column -= 1
                run += 1
            } else {
                endRun()
                let cell = (row - 1) * second.count + column - 1
                if isAboveGreater[cell / 64] >> (cell % 64) & 1 == 1 { row -= 1 } else { column -= 1 }
            }
        }
        endRun()
        self.bytes = bytes
        self.matches = matches
    }

    /// The length alone, for strings that `init` would accept, in less memory still.
    static func length(of first: ByteSpan, and second: ByteSpan, tableLimit: Int) throws(Refusal) -> Int {
        try check(first.count, second.count, tableLimit)
        return fill(first, second) { _, _ in }
    }

    private static func check(_ first: Int, _ second: Int, _ tableLimit: Int) throws(Refusal) {
        guard max(first, second) < Int(UInt32.max) - 1 else { throw .stringTooLong }
        let (cells, cellsOverflow) = (first + 1).multipliedReportingOverflow(by: second + 1)
        let (size, sizeOverflow) = cells.multipliedReportingOverflow(by: 4)
        guard !cellsOverflow, !sizeOverflow, size <= tableLimit else { throw .tableTooLarge }
    }

    /// Computes the table's last cell row by row, and calls `noteAboveGreater` for the cells whose bytes differ and
    /// where the way back goes up.
    @inline(__always)
    private static func fill(
        _ first: ByteSpan, _ second: ByteSpan, noteAboveGreater: (_ row: Int, _ column: Int) -> Void
    ) -> Int {
        // Before a column is computed its place still holds the row above.
        var lengths = [UInt32](repeating: 0, count: second.count)
        for row in first.indices {
            let byte = first[row]
            var left: UInt32 = 0
            var aboveLeft: UInt32 = 0
            for column in second.indices {
                let above = lengths[column]
                if byte == second[column] {
                    left = aboveLeft + 1
                } else if above > left {
                    left = above
                    noteAboveGreater(row, column)
                }
                lengths[column] = left
                aboveLeft = above
            }
        }
        return Int(lengths.last ?? 0)
    }
}
