// How long operations took: one array of counters, by operation, outcome and length, so that counting one is a step
// into an array.
//
//   operation 0, succeeded:  sum in ns  bucket 0  bucket 1 ...     operation 0, missed:  ...
//
// A bucket holds lengths in ns that have the same highest bit and the same two bits behind it, so that it is at most a
// quarter longer than what lies in it:
//
//   0  1  2  3 | 4  5  6  7 | 8-9  10-11  12-13  14-15 | 16-19 ...                  the last one: four minutes and more

/// What came of an operation.
public enum OperationOutcome: Int, Sendable, CaseIterable {
    /// It did what was asked.
    case succeeded
    /// The session is gone.
    case missed
    /// It failed.
    case failed
}

/// How long the operations of one kind took.
public struct DurationHistogram: Sendable, Equatable {
    /// By length.
    private let buckets: ArraySlice<Int>
    private let nanoseconds: Int

    fileprivate init(_ cell: ArraySlice<Int>) {
        nanoseconds = cell.first ?? 0
        buckets = cell.dropFirst()
    }

    /// How many there were.
    public var count: Int { buckets.reduce(0, +) }

    /// How long they took together.
    public var sum: Duration { .nanoseconds(nanoseconds) }

    /// So long, or shorter by up to a fifth, took the slowest of this part of them that is made up of the fastest: 0.5
    /// for the median, 0.99, 1 for the slowest of all. More than 274 seconds count as those. Nil: there were none.
    public func percentile(_ part: Double) -> Duration? {
        let count = count
        guard count > 0, !part.isNaN else { return nil }
        let rank = max(1, Int((min(max(part, 0), 1) * Double(count)).rounded(.up)))
        var seen = 0
        for (index, number) in buckets.enumerated() {
            seen += number
            if seen >= rank { return .nanoseconds(OperationDurations.end(ofBucket: index)) }
        }
        return nil
    }
}

/// How long operations took, by kind and outcome.
struct OperationDurations: Sendable, Equatable {
    private static let bucketCount = 4 * 37
    private static let cellCount = 1 + bucketCount

    private var numbers = [Int](
        repeating: 0, count: SessionOperation.allCases.count * OperationOutcome.allCases.count * cellCount)

    mutating func count(_ operation: SessionOperation, _ outcome: OperationOutcome, took duration: Duration) {
        let start = Self.start(operation, outcome)
        let nanoseconds = Self.nanoseconds(duration)
        numbers[start] += nanoseconds
        numbers[start + 1 + Self.bucket(nanoseconds)] += 1
    }

    func histogram(_ operation: SessionOperation, _ outcome: OperationOutcome) -> DurationHistogram {
        let start = Self.start(operation, outcome)
        return DurationHistogram(numbers[start..<start + Self.cellCount])
    }

    /// How many there were by kind; those that there were.
    func counts(_ outcome: OperationOutcome) -> [SessionOperation: Int] {
        var counts: [SessionOperation: Int] = [:]
        for operation in SessionOperation.allCases {
            let count = histogram(operation, outcome).count
            if count > 0 { counts[operation] = count }
        }
        return counts
    }

    private static func start(_ operation: SessionOperation, _ outcome: OperationOutcome) -> Int {
        (operation.place * OperationOutcome.allCases.count + outcome.rawValue) * cellCount
    }

    /// Longer ones count as the longest of the last bucket, so that a sum of any number of them is one.
    private static func nanoseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        guard seconds < 274 else { return 1 << 38 - 1 }
        return max(0, Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000))
    }

    static func bucket(_ nanoseconds: Int) -> Int {
        guard nanoseconds >= 4 else { return max(nanoseconds, 0) }
        let exponent = Int.bitWidth - 1 - nanoseconds.leadingZeroBitCount
        return min((exponent - 1) * 4 + (nanoseconds >> (exponent - 2)) & 3, bucketCount - 1)
    }

    /// The first length that lies behind the bucket.
    static func end(ofBucket bucket: Int) -> Int {
        guard bucket >= 4 else { return bucket + 1 }
        return (5 + bucket & 3) << (bucket / 4 - 1)
    }
}
