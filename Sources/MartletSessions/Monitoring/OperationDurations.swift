// How long operations took, by kind and by what came of them.

import Martlet

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
    /// Longer than any operation takes that is waited for; so short that their sum cannot overflow in a lifetime.
    private static let longest: Int64 = (1 << 38) - 1

    private var lengths = LatencyHistogram(longest: Self.longest)
    private var nanoseconds: Int64 = 0

    /// How many there were.
    public var count: Int { lengths.count }

    /// How long they took together.
    public var sum: Duration { .nanoseconds(nanoseconds) }

    /// So long, or less than a hundredth shorter, took the slowest of this part of them that is made up of the fastest:
    /// 0.5 for the median, 0.99, 1 for the slowest of all. More than 274 seconds count as those. Nil: there were none.
    public func percentile(_ part: Double) -> Duration? {
        guard count > 0, !part.isNaN else { return nil }
        return .nanoseconds(lengths.value(atPercentile: min(max(part, 0), 1) * 100))
    }

    mutating func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let length =
            switch seconds {
            case ..<0: Int64(0)
            // Less than a second below zero has no seconds.
            case 0..<274: max(0, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
            default: Self.longest
            }
        nanoseconds += length
        lengths.record(nanoseconds: length)
    }
}

/// A histogram for each kind of operation and outcome.
struct OperationDurations: Sendable, Equatable {
    private var histograms = [DurationHistogram](
        repeating: DurationHistogram(), count: SessionOperation.allCases.count * OperationOutcome.allCases.count)

    mutating func count(_ operation: SessionOperation, _ outcome: OperationOutcome, took duration: Duration) {
        histograms[Self.place(operation, outcome)].record(duration)
    }

    func histogram(_ operation: SessionOperation, _ outcome: OperationOutcome) -> DurationHistogram {
        histograms[Self.place(operation, outcome)]
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

    private static func place(_ operation: SessionOperation, _ outcome: OperationOutcome) -> Int {
        operation.place * OperationOutcome.allCases.count + outcome.rawValue
    }
}
