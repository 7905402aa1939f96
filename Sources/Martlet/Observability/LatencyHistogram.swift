// How long calls took: counts by duration, exact to less than one per cent. Source: the layout of Redis's latency
// histograms (HdrHistogram with two digits, 1 ns to 1 s), of which LATENCY HISTOGRAM shows the powers of two.
//
//   octave 0       1 ns each, 0 to 127 ns
//   octave n > 0   2^(n-1) ns each, 2^(n+6) to 2^(n+7) - 1 ns; all are made up to the longest duration there was

package struct LatencyHistogram: Equatable, Sendable {
    private static let stepsPerOctave = 128
    /// Longer durations count as this one, in ns.
    private let longest: Int64
    /// The one that begins at 1024 ns, about a microsecond.
    private static let firstOctaveShown = 4

    /// Octave by octave, as far as durations have reached.
    private var counts: [Int] = []
    package private(set) var count = 0

    /// Up to just below a second, as Redis's, or to `longest` ns.
    package init(longest: Int64 = (1 << 30) - 1) { self.longest = longest }

    package mutating func record(nanoseconds: Int64) {
        let value = min(max(nanoseconds, 0), longest)
        // 0 for what is below 2^7, 56 at most.
        let octave = max(0, 57 - value.leadingZeroBitCount)
        let step = Int(value >> Int64(max(0, octave - 1))) & (Self.stepsPerOctave - 1)
        let index = octave * Self.stepsPerOctave + step
        if index >= counts.count { reach(octave) }
        counts[index] += 1
        count += 1
    }

    @inline(never)
    private mutating func reach(_ octave: Int) {
        let missing = (octave + 1) * Self.stepsPerOctave - counts.count
        counts.append(contentsOf: repeatElement(0, count: missing))
    }

    private var octaveCount: Int { counts.count / Self.stepsPerOctave }

    private func counts(ofOctave octave: Int) -> ArraySlice<Int> {
        counts[(octave * Self.stepsPerOctave)..<((octave + 1) * Self.stepsPerOctave)]
    }

    /// The longest duration that falls into a step, in ns.
    private static func end(_ octave: Int, _ step: Int) -> Int64 {
        // Below 2^63 + 1 before 1 is taken away, because there are 57 octaves.
        octave == 0 ? Int64(step) : Int64(clamping: UInt64(stepsPerOctave + step + 1) << UInt64(octave - 1) - 1)
    }

    /// The duration that so many per cent of the calls did not exceed, in ns.
    package func value(atPercentile percentile: Double) -> Int64 {
        let wanted = max(1, Int((percentile / 100 * Double(count)).rounded(.up)))
        var seen = 0
        for (index, found) in counts.enumerated() where found > 0 {
            seen += found
            if seen >= wanted { return Self.end(index / Self.stepsPerOctave, index % Self.stepsPerOctave) }
        }
        return 0
    }

    /// Microseconds, in powers of two, and how many calls did not exceed them; only where there are more than below.
    var cumulative: [(microseconds: Int64, count: Int)] {
        var (result, seen, reported) = ([(microseconds: Int64, count: Int)](), 0, 0)
        for octave in 0..<octaveCount {
            // The first step holds the power of two itself.
            let found = seen + counts[octave * Self.stepsPerOctave]
            if octave >= Self.firstOctaveShown, found > reported {
                result.append((Self.end(octave, 0) / 1000, found))
                reported = found
            }
            seen += counts(ofOctave: octave).reduce(0, +)
        }
        if seen > reported {
            result.append((Self.end(max(octaveCount, Self.firstOctaveShown), 0) / 1000, seen))
        }
        return result
    }
}
