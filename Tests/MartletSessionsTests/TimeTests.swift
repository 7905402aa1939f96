// Deadlines on a clock that stands: idle, absolute, throttled, of sections, by activity.

import Foundation
import Martlet
import MartletClient
import Testing

@testable import MartletSessions

struct TimeTests {
    private func lifetime(_ idle: Int, _ absolute: Int?) -> SessionLifetime {
        SessionLifetime(idle: .seconds(idle), absolute: absolute.map { .seconds($0) })
    }

    @Test func idleAndAbsolute() async throws {
        let bench = try Bench(standing: true) { $0.touchThrottle = .always }
        let store = bench.store
        let id = try await store.create(lifetime: lifetime(60, 100)).session.id
        bench.advance(by: .milliseconds(59_999))
        #expect(try await store.timeToLive(id) == .milliseconds(1))
        #expect(try await store.require(id).timeRemaining == .milliseconds(40_001))
        // Use moves the deadline, but not beyond the absolute one.
        bench.advance(by: .milliseconds(40_000))
        #expect(try await store.exists(id))
        bench.advance(by: .milliseconds(1))
        #expect(try await store.get(id) == nil)
        // The server's own deadline is the last millisecond of a key.
        bench.advance(by: .milliseconds(1))
        #expect(try await bench.keys() == [])
        let other = try await store.create(lifetime: lifetime(60, nil)).session.id
        for _ in 0..<100 {
            bench.advance(by: .seconds(59))
            #expect(try await store.get(other) != nil)
        }
        bench.advance(by: .seconds(60))
        #expect(try await store.get(other) == nil)
    }

    /// E3: a session keeps its own lifetime, whatever the store's is.
    @Test func rememberMe() async throws {
        let bench = try Bench(standing: true)
        let id = try await bench.store.create(principal: "ann", lifetime: lifetime(30 * 86400, nil)).session.id
        for _ in 0..<5 {
            bench.advance(by: .seconds(29 * 86400))
            #expect(try await bench.store.get(id)?.timeRemaining == .seconds(30 * 86400))
        }
    }

    @Test func throttledTouches() async throws {
        let bench = try Bench(standing: true) { $0.touchThrottle = .fraction(0.1) }
        let store = bench.store
        let created = try await store.create(lifetime: lifetime(1000, nil)).session
        bench.advance(by: .milliseconds(99_999))
        let early = try await store.require(created.id)
        #expect(early.expiresAt == created.expiresAt && early.lastAccessedAt == created.createdAt)
        #expect(store.statistics.throttledTouches == 1 && store.statistics.events[.touched] == nil)
        bench.advance(by: .milliseconds(1))
        let late = try await store.require(created.id)
        #expect(late.expiresAt == created.expiresAt.addingTimeInterval(100))
        #expect(late.lastAccessedAt == created.createdAt.addingTimeInterval(100))
        #expect(try await store.get(created.id, touch: .none)?.expiresAt == late.expiresAt)
        #expect(store.statistics.events[.touched] == 1)
        for (rule, interval) in [
            (TouchThrottle.never, nil), (.always, 0), (.every(.seconds(60)), 60_000), (.fraction(0.25), 250_000),
        ] as [(TouchThrottle, Int64?)] { #expect(rule.interval(idle: 1_000_000) == interval) }
    }

    /// A6, A7: whole milliseconds, and a deadline never moves to an earlier time by use.
    @Test func activity() async throws {
        let bench = try Bench(standing: true)
        let store = bench.store
        let created = try await store.create(lifetime: lifetime(3601, nil)).session
        func touch(_ level: ActivityLevel) async throws -> TimeInterval? {
            guard case .extended(let date) = try await store.touch(created.id, activity: level) else { return nil }
            return date.timeIntervalSince(created.createdAt)
        }
        #expect(try await touch(.superActive) == 7202)
        #expect(try await touch(.active) == 7202)
        #expect(try await touch(.inactive) == 7202)
        bench.advance(by: .seconds(3000))
        #expect(try await touch(.active) == 8401.5)
        #expect(try await store.extend(created.id, to: created.createdAt))
        #expect(try await store.extend(created.id, to: created.createdAt.addingTimeInterval(9000)))
        #expect(try await store.get(created.id, touch: .none)?.expiresAt == created.createdAt.addingTimeInterval(9000))
    }

    /// A5, A11: a section may be gone while its session lives, never the other way round.
    @Test func sectionsHaveTimesOfTheirOwn() async throws {
        let bench = try Bench(standing: true)
        let store = bench.store
        let table = TTLPolicyTable.langPont
        let analysis = SessionSection<String>("analysis", ttl: .hierarchical(table, category: "analysis"))
        let stats = SessionSection<String>("stats", ttl: .hierarchical(table, category: "stats"))
        let id = try await store.create(lifetime: lifetime(3600, nil)).session.id
        try await store.set(analysis, to: "a", in: id)
        try await store.set(stats, to: "s", in: id)
        bench.advance(by: .milliseconds(899_999))
        #expect(try await store.require(id, touch: .none).value(analysis) == "a")
        bench.advance(by: .milliseconds(1))
        let later = try await store.require(id, touch: .none)
        #expect(try later.value(analysis) == nil && later.value(stats) == "s")
        // The server gives the memory back, too.
        bench.advance(by: .milliseconds(1))
        #expect(try await bench.client.send("HEXISTS", store.keys.session(id.handle), "s/analysis", as: Int.self) == 0)
        try await store.set(analysis, to: "b", in: id, activity: .superActive)
        bench.advance(by: .seconds(1798))
        #expect(try await store.require(id, touch: .none).value(analysis) == "b")
        bench.advance(by: .seconds(902))
        #expect(try await store.get(id) == nil)
    }

    /// The server says when a session's time is over; what has been ended otherwise is not told again.
    @Test(arguments: [false, true]) func expiredSessionsAreTold(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP, standing: true)
        let store = bench.store
        let events = try await store.events()
        let short = try await store.create(principal: "ann", lifetime: lifetime(10, nil)).session
        let long = try await store.create(lifetime: lifetime(20, nil)).session
        let deleted = try await store.create(lifetime: lifetime(10, nil)).session
        try await store.delete(deleted.id)
        bench.advance(by: .seconds(11))
        bench.advance(by: .seconds(11))
        var expired: [SessionHandle] = []
        for await event in events where event.kind == .expired {
            expired.append(event.handle)
            if expired.count == 2 { break }
        }
        #expect(expired == [short.handle, long.handle])
        #expect(store.statistics.events[.expired] == 2)
    }

    @Test func millisecondsAreWhole() {
        for seconds in [1, 3601, 86_399, 31_536_001] {
            #expect(Duration.seconds(seconds).milliseconds == Int64(seconds) * 1000)
        }
        #expect(Duration.milliseconds(-5).milliseconds == -5 && Duration.microseconds(1999).milliseconds == 1)
        #expect(Duration.seconds(Int64.max).milliseconds == 100_000_000_000_000)
    }

    @Test func theTableOfTheSourceDocuments() {
        let table = TTLPolicyTable.langPont
        for (category, seconds) in [
            ("auth", 3600), ("security", 3600), ("translation", 1800), ("analysis", 900), ("ui", 86400),
            ("stats", 86400), ("anything", 86400),
        ] { #expect(table.duration(category: category) == .seconds(seconds)) }
        #expect(table.duration(category: "auth", activity: .active) == .seconds(5400))
        #expect(table.duration(category: "translation", activity: .superActive) == .seconds(3600))
        #expect(table.duration(category: "ui", activity: .inactive) == .seconds(43200))
    }

    /// D2, D3: the index outlives each of its sessions, so that logout everywhere finds the oldest.
    @Test func theIndexLivesAsLongAsItsSessions() async throws {
        let bench = try Bench(standing: true) { $0.touchThrottle = .always }
        let store = bench.store
        let long = try await store.create(principal: "ann", lifetime: lifetime(86400, nil)).session.id
        _ = try await store.create(principal: "ann", lifetime: lifetime(900, nil))
        bench.advance(by: .seconds(960))
        #expect(try await store.count(of: "ann") == 1)
        bench.advance(by: .seconds(86000 - 960))
        #expect(try await store.get(long) != nil)
        bench.advance(by: .seconds(86000))
        #expect(try await store.revokeAll(of: "ann") == 1)
        #expect(try await store.get(long) == nil)
        // D4: nothing is left behind but the epoch, and that has a deadline.
        #expect(try await bench.keys().allSatisfy { $0.hasPrefix("mt:e:") })
        #expect(try await store.audit().withoutDeadline == 0)
    }
}
