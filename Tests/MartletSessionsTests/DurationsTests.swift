// The histograms of operations: what is said of how long they took.

import Martlet
import MartletClient
import Testing

@testable import MartletSessions

struct DurationsTests {
    @Test func percentiles() throws {
        var durations = OperationDurations()
        #expect(durations.histogram(.get, .succeeded).percentile(0.5) == nil)
        for length in 1...1000 { durations.count(.get, .succeeded, took: .microseconds(length)) }
        durations.count(.get, .failed, took: .seconds(3))
        durations.count(.list, .missed, took: .seconds(1_000_000_000_000))
        durations.count(.create, .missed, took: .seconds(-1_000_000_000_000))
        durations.count(.create, .missed, took: .milliseconds(-500))
        let reads = durations.histogram(.get, .succeeded)
        #expect(reads.count == 1000 && reads.sum == .microseconds(500_500))
        for (part, length) in [(0.5, 500), (0.99, 990), (1, 1000), (0, 1), (-1, 1), (2, 1000)] as [(Double, Int)] {
            let found = try #require(reads.percentile(part))
            #expect(found >= .microseconds(length) && found <= .microseconds(length) * 101 / 100)
        }
        #expect(reads.percentile(.nan) == nil)
        #expect(durations.histogram(.get, .failed).sum == .seconds(3))
        #expect(durations.histogram(.list, .missed).percentile(1) ?? .zero > .seconds(120))
        #expect(durations.histogram(.create, .missed).count == 2 && durations.histogram(.create, .missed).sum == .zero)
        #expect(durations.counts(.missed) == [.list: 1, .create: 2] && durations.counts(.succeeded) == [.get: 1000])
    }

    /// Each operation has a place of its own.
    @Test func places() {
        #expect(SessionOperation.allCases.map(\.place) == Array(0..<SessionOperation.allCases.count))
        #expect(OperationOutcome.allCases.map(\.rawValue) == [0, 1, 2])
    }

    @Test func aStoreMeasuresItself() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create().session.id
        for _ in 0..<10 { #expect(try await store.get(id) != nil) }
        try await store.delete(id)
        #expect(try await store.get(id) == nil)
        await bench.server.stop()
        _ = try? await store.create()
        let statistics = store.statistics
        let reads = statistics.durations(of: .get)
        #expect(reads.count == 10 && reads.sum > .zero)
        #expect(statistics.durations(of: .get, .missed).count == 1)
        #expect(statistics.durations(of: .create, .failed).count == 1)
        let slowest = try #require(reads.percentile(1))
        #expect(slowest <= statistics.longestOperation * 5 / 4 + .nanoseconds(1))
    }
}
