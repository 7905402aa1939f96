// Histograms of durations held against the durations themselves.

import Testing

@testable import Martlet

struct LatencyHistogramTests {
    @Test func percentilesAreExactToAPerCent() {
        var random = TestRandom()
        for _ in 0..<30 {
            let seed = random.next()
            var dice = SeededRandom(seed: seed)
            var (histogram, values) = (LatencyHistogram(), [Int64]())
            for _ in 0..<(1 + dice.below(500)) {
                let value = Int64(dice.below(1 << (1 + dice.below(29))))
                histogram.record(nanoseconds: value)
                values.append(value)
            }
            values.sort()
            #expect(histogram.count == values.count)
            for percentile in [0, 1, 50, 90, 99, 99.9, 100] {
                let place = max(1, Int((percentile / 100 * Double(values.count)).rounded(.up)))
                let (found, wanted) = (histogram.value(atPercentile: percentile), values[place - 1])
                #expect(found >= wanted && found <= wanted + wanted / 100 + 1, "seed \(seed) p\(percentile)")
            }
            let cumulative = histogram.cumulative
            #expect(cumulative.last?.count == values.count, "seed \(seed)")
            for (microseconds, count) in cumulative {
                let below = values.count { $0 < microseconds * 1000 }
                let around = values.count { $0 < (microseconds + 1) * 1000 + microseconds * 10 }
                #expect(count >= below && count <= around, "seed \(seed) \(microseconds) us")
            }
        }
    }

    @Test func theEndsAreKept() {
        var histogram = LatencyHistogram()
        #expect(histogram.value(atPercentile: 50) == 0 && histogram.cumulative.isEmpty)
        for value in [-5, 0, .max, 5_000_000_000] as [Int64] { histogram.record(nanoseconds: value) }
        #expect(histogram.value(atPercentile: 0) == 0 && histogram.value(atPercentile: 100) == (1 << 30) - 1)
        #expect(histogram.count == 4)
        var longer = LatencyHistogram(longest: .max)
        for value in [4_000_000_000, .max] as [Int64] { longer.record(nanoseconds: value) }
        #expect((4_000_000_000...4_040_000_000).contains(longer.value(atPercentile: 50)))
        #expect(longer.value(atPercentile: 100) == .max)
    }

    @Test func commandsTellTheirs() throws {
        let server = try TestServer()
        try server.run("CONFIG RESETSTAT")
        for line in ["SET a 1", "SET a 2", "GET a", "CLIENT ID"] { try server.run(line) }
        guard case .map(let all) = try server.run("LATENCY HISTOGRAM") else {
            Issue.record("no map")
            return
        }
        #expect(Set(all.compactMap(\.key.string)).isSuperset(of: ["set", "get", "client|id", "config|resetstat"]))
        let calls = RESPValue.map([
            .init("calls", 2), .init("histogram_usec", .map([.init(1, 2)])),
        ])
        #expect(try server.run("LATENCY HISTOGRAM set nosuch") == .map([.init("set", calls)]))
        let info = try #require(try server.run("INFO latencystats").string)
        #expect(info.contains("latency_percentiles_usec_set:p50=0.000,p99=0.000,p99.9=0.000\r\n"))
        #expect(info.contains("latency_percentiles_usec_client|id:"))
        try server.expect(["CONFIG SET latency-tracking no": .ok, "LATENCY HISTOGRAM": .map([])])
    }
}
