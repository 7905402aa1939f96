// Login, rotation, limits, logout everywhere.

import Foundation
import Martlet
import MartletClient
import TestSupport
import Testing

@testable import MartletSessions

struct SecurityTests {
    /// E7, scenario 9: login makes the id that was known before worthless.
    @Test(arguments: [false, true]) func promotion(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP)
        let store = bench.store
        let before = try await store.create(metadata: ["ip": "1"]).session.id
        try await store.set(Sections.cart, to: Cart(items: ["a"]), in: before)
        try await store.set(Sections.csrf, to: "old", in: before)
        let user = try await store.promote(before, to: "ann", keeping: ["cart"]).session
        #expect(user.id != before && user.principal == "ann" && user.metadata == ["ip": "1"])
        #expect(try await store.get(before) == nil)
        let session = try await store.require(user.id)
        #expect(try session.value(Sections.cart) == Cart(items: ["a"]) && session.value(Sections.csrf) == nil)
        #expect(try await store.count(of: "ann") == 1)
        // Login with a session that is gone, or with none.
        #expect(try await store.promote(before, to: "ann").session.principal == "ann")
        #expect(try await store.promote(nil, to: "bob").session.principal == "bob")
    }

    /// Who logs in again in the same browser needs no second place.
    @Test(arguments: [SessionLimit.reject(1), .evictOldest(1)]) func loginAgain(limit: SessionLimit) async throws {
        let bench = try Bench { $0.limit = limit }
        let store = bench.store
        let first = try await store.promote(nil, to: "ann").session
        let second = try await store.promote(first.id, to: "ann")
        #expect(second.evicted.isEmpty)
        #expect(try await store.get(first.id) == nil)
        #expect(try await store.sessions(of: "ann").map(\.id) == [second.session.handle])
        #expect(try await bench.keys().filter { $0.hasPrefix("mt:s:") }.count == 1)
    }

    @Test func rotation() async throws {
        let bench = try Bench(standing: true)
        let store = bench.store
        let first = try await store.create(principal: "ann").session
        try await store.set(Sections.cart, to: Cart(items: ["a"]), in: first.id)
        try await store.increment(Sections.visits, in: first.id)
        let second = try await store.rotate(first.id, grace: .seconds(10))
        #expect(second.id != first.id && second.expiresAt == first.expiresAt)
        #expect(try second.value(Sections.cart) == Cart(items: ["a"]) && second.value(Sections.visits) == 1)
        // Requests on their way with the old id are served, and change the same session.
        bench.advance(by: .milliseconds(9999))
        #expect(try await store.get(first.id)?.handle == second.handle)
        #expect(try await store.increment(Sections.visits, in: first.id) == 2)
        #expect(try await store.increment(Sections.visits, in: second.id) == 3)
        bench.advance(by: .milliseconds(2))
        #expect(try await store.get(first.id) == nil)
        let third = try await store.rotate(second.id)
        #expect(try await store.get(second.id) == nil)
        #expect(try await store.sessions(of: "ann").map(\.id) == [third.handle])
        #expect(try await store.audit().withoutDeadline == 0)
        // Who logs out with the old id during the grace means the session.
        let fourth = try await store.rotate(third.id, grace: .seconds(10))
        #expect(try await store.delete(third.id))
        #expect(try await store.get(fourth.id) == nil)
        #expect(try await store.count(of: "ann") == 0)
    }

    /// Requests with each of the ids before are served as long as their grace lasts.
    @Test func rotatingTwiceWithinTheGrace() async throws {
        let bench = try Bench(standing: true)
        let store = bench.store
        let first = try await store.create(principal: "ann").session
        let second = try await store.rotate(first.id, grace: .seconds(10))
        bench.advance(by: .seconds(5))
        let third = try await store.rotate(second.id, grace: .seconds(10))
        for id in [first.id, second.id, third.id] { #expect(try await store.get(id)?.handle == third.handle) }
        #expect(try await store.revokeAll(of: "ann", except: first.id) == 0)
        bench.advance(by: .seconds(6))
        #expect(try await store.get(first.id) == nil)
        #expect(try await store.get(second.id)?.handle == third.handle)
        #expect(try await store.sessions(of: "ann").map(\.id) == [third.handle])
    }

    /// An alias that leads to itself, which no store wrote, is not followed for ever.
    @Test func anAliasOfItself() async throws {
        let bench = try Bench()
        let id = try await bench.store.create(principal: "ann").session.id
        try await bench.client.send("DEL", bench.store.keys.session(id.handle))
        try await bench.client.send("SET", bench.store.keys.alias(id.handle), id.handle.digest)
        #expect(try await bench.store.get(id) == nil)
        #expect(try await bench.store.delete(id) == false)
    }

    /// D4, D11, scenario 8: never more than allowed, and the new one is never the one to go.
    @Test(arguments: [SessionLimit.evictOldest(5), .evictLeastRecentlyUsed(5), .reject(5)])
    func limits(limit: SessionLimit) async throws {
        let bench = try Bench {
            $0.limit = limit
            $0.conflictRetries = 10_000
        }
        let store = bench.store
        let results = await withTaskGroup(of: Result<CreatedSession, SessionError>.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    do throws(SessionError) {
                        return .success(try await store.create(principal: "ann"))
                    } catch {
                        return .failure(error)
                    }
                }
            }
            var results: [Result<CreatedSession, SessionError>] = []
            for await result in group {
                results.append(result)
                let count = try? await store.count(of: "ann")
                #expect((count ?? 99) <= 5)
            }
            return results
        }
        #expect(try await store.count(of: "ann") == 5)
        let created = results.compactMap { try? $0.get() }
        let evicted = created.flatMap(\.evicted)
        if limit.policy == .reject {
            #expect(created.count == 5)
            for case .failure(let error) in results { #expect(error.code == .sessionLimitReached) }
        } else {
            #expect(created.count == 200 && Set(evicted.map(\.id)).count == 195)
            #expect(store.statistics.events[.evictedByLimit] == 195)
        }
        #expect(try await bench.keys().filter { $0.hasPrefix("mt:s:") }.count == 5)
    }

    @Test func whoIsEvicted() async throws {
        let oldest = try Bench(standing: true) { $0.limit = .evictOldest(2) }
        let unused = try Bench(standing: true) {
            $0.limit = .evictLeastRecentlyUsed(2)
            $0.touchThrottle = .always
        }
        for (bench, isOldest) in [(oldest, true), (unused, false)] {
            let store = bench.store
            let first = try await store.create(principal: "ann").session
            bench.advance(by: .seconds(1))
            let second = try await store.create(principal: "ann").session
            bench.advance(by: .seconds(1))
            _ = try await store.get(first.id)
            let third = try await store.create(principal: "ann")
            #expect(third.evicted.map(\.id) == [isOldest ? first.handle : second.handle])
        }
    }

    /// D10, E13, scenario 7: logins while all are logged out either come after or are logged out, too.
    @Test func logoutEverywhereDuringLogins() async throws {
        let bench = try Bench { $0.conflictRetries = 10_000 }
        let store = bench.store
        let mine = try await store.create(principal: "ann").session
        for _ in 0..<20 { _ = try await store.create(principal: "ann") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { _ = try await store.promote(nil, to: "ann") } }
            group.addTask {
                let count = try await store.revokeAll(of: "ann", except: mine.id)
                #expect(count >= 20)
            }
            try await group.waitForAll()
        }
        #expect(try await store.exists(mine.id))
        let keys = try await bench.keys().filter { $0.hasPrefix("mt:s:") }.count
        #expect(try await store.count(of: "ann") == keys)
        #expect(keys >= 1 && keys <= 51)
        #expect(try await store.revokeAll(of: "ann", except: mine.id) == keys - 1)
        #expect(try await store.count(of: "ann") == 1)
    }

    /// Sessions that no index names are ended all the same; one that is used is named again.
    @Test func anIndexThatWasDeletedByHand() async throws {
        let bench = try Bench()
        let store = bench.store
        let lost = try await store.create(principal: "ann").session
        let used = try await store.create(principal: "ann").session
        _ = try await bench.client.send("DEL", store.keys.index(lost.handle.tag))
        #expect(try await store.count(of: "ann") == 0)
        #expect(try await store.audit().unindexed == 2)
        _ = try await store.touch(used.id)
        #expect(try await store.sessions(of: "ann").map(\.id) == [used.handle])
        #expect(try await store.revokeAll(of: "ann") == 1)
        #expect(try await store.get(lost.id) == nil)
        #expect(try await store.get(used.id) == nil)
        let error = await #expect(throws: SessionError.self) { try await store.increment(Sections.visits, in: lost.id) }
        #expect(error?.code == .missing)
        #expect(try await store.promote(nil, to: "ann").session.principal == "ann")
        #expect(try await store.count(of: "ann") == 1)
    }

    /// Scenario 15: a page of devices.
    @Test func devices() async throws {
        let bench = try Bench(standing: true)
        let store = bench.store
        var sessions: [Session] = []
        for device in ["phone", "laptop", "tablet"] {
            sessions.append(try await store.create(principal: "ann", metadata: ["device": device]).session)
            bench.advance(by: .seconds(1))
        }
        let other = try await store.create(principal: "bob").session
        let list = try await store.sessions(of: "ann")
        #expect(list.map { $0.metadata["device"] } == ["tablet", "laptop", "phone"])
        let page = try await store.sessions(of: "ann", limit: 1, after: list[0].id)
        #expect(page.map(\.id) == [list[1].id])
        #expect(try await !store.revoke(other.handle, of: "ann"))
        #expect(try await store.exists(other.id))
        #expect(try await store.revoke(list[1].id, of: "ann"))
        #expect(try await !store.revoke(list[1].id, of: "ann"))
        #expect(try await store.get(sessions[1].id) == nil)
        try await store.set(Sections.cart, to: Cart(items: ["a"]), in: sessions[0].id)
        let export = try await store.export("ann")
        #expect(export.count == 2)
        let cart = export.compactMap { $0.sections["cart"] }.map { String(decoding: $0, as: UTF8.self) }
        #expect(cart == [#"{"isGift":false,"items":["a"]}"#])
        #expect(try await store.erase("ann") == ErasureReport(sessions: 2))
        #expect(try await store.count(of: "ann") == 0)
        #expect(try await store.exists(other.id))
        #expect(try await store.activePrincipals(since: .seconds(60)) == 1)
    }

    /// E12, E14: each session once, however many there are.
    @Test func allSessions() async throws {
        let bench = try Bench { $0.prefix = "a*?[b]:" }
        let store = bench.store
        var handles: Set<SessionHandle> = []
        for number in 0..<500 {
            handles.insert(
                try await store.create(principal: number < 250 ? Principal("u\(number % 50)") : nil).session.handle)
        }
        _ = try await bench.client.send("SET", "a*?[b]:s:{strange", "1")
        _ = try await bench.client.send("SET", "axyb:s:{other}", "1")
        var seen: [SessionHandle] = []
        for try await summary in store.allSessions(batch: 37) { seen.append(summary.id) }
        #expect(seen.count == 500 && Set(seen) == handles)
        #expect(try await store.activePrincipals(since: .seconds(3600)) == 50)
        let report = try await store.audit()
        #expect(report.sessions == 500 && report.withoutDeadline == 1 && report.unindexed == 0)
        #expect(throws: SessionError.self) {
            var configuration = SessionStoreConfiguration()
            configuration.prefix = "{x}"
            _ = try SessionStore(bench.client, configuration: configuration)
        }
    }

    @Test func locks() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create().session.id
        let order = Order()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 {
                group.addTask {
                    try await store.withLock(id, wait: .seconds(3600)) {
                        await order.enter()
                        try await bench.client.send("PING")
                        await order.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(await order.most == 1)
        try await store.withLock(id) {
            let error = await #expect(throws: SessionError.self) {
                try await store.withLock(id, wait: .zero) {}
            }
            #expect(error?.code == .lockTimeout)
        }
        #expect(try await bench.client.send("EXISTS", store.keys.lock(id.handle), as: Int.self) == 0)
    }

    private actor Order {
        private var inside = 0
        private(set) var most = 0

        func enter() {
            inside += 1
            most = max(most, inside)
        }

        func leave() { inside -= 1 }
    }

    /// What was done is told after it can be seen, in order.
    @Test func events() async throws {
        let bench = try Bench()
        let store = bench.store
        let events = try await store.events()
        let first = try await store.create(principal: "ann").session
        let second = try await store.rotate(first.id)
        _ = try await store.touch(second.id)
        let third = try await store.promote(second.id, to: "bob").session
        try await store.delete(third.id)
        let fourth = try await store.create(principal: "ann").session
        try await store.revokeAll(of: "ann")
        var told: [SessionEvent] = []
        for await event in events {
            told.append(event)
            if told.count == 7 { break }
        }
        #expect(told.map(\.kind) == [.created, .rotated, .touched, .promoted, .deleted, .created, .revoked])
        #expect(
            told.map(\.handle) == [
                first.handle, second.handle, second.handle, third.handle, third.handle, fourth.handle, fourth.handle,
            ])
        #expect(told[4].principal == "bob" && store.statistics.events[.created] == 2)
    }

    /// A18: what must be on disk is, or the caller hears that it is not.
    @Test func durability() async throws {
        let bench = try Bench { $0.criticalDurability = .fsync() }
        let error = await #expect(throws: SessionError.self) { try await bench.store.create(principal: "ann") }
        #expect(error?.code == .notDurable && error?.mayBeApplied == true)
        #expect(try await bench.store.count(of: "ann") == 1)
        // With an append only file it is on disk, although nobody would have synced it yet.
        try await withAppendOnlyFile { configuration in
            var configuration = configuration
            configuration.appendfsync = .everySecond
            let logged = try Bench(configuration: configuration) {
                $0.criticalDurability = .fsync(timeout: .seconds(3600))
            }
            #expect(try await logged.store.create(principal: "ann").session.principal == "ann")
        }
        let replicas = try Bench(standing: false) { $0.criticalDurability = .replicas(1, timeout: .milliseconds(1)) }
        let alone = await #expect(throws: SessionError.self) { try await replicas.store.create() }
        #expect(alone?.code == .notDurable)
        // To a server 0 would mean for ever.
        let hasty = try Bench(standing: false) { $0.criticalDurability = .replicas(1, timeout: .zero) }
        let atOnce = await #expect(throws: SessionError.self) { try await hasty.store.create() }
        #expect(atOnce?.code == .notDurable)
    }

    /// Rates and counts of the time since the last look; thresholds are those of the source documents.
    @Test func monitoring() async throws {
        let bench = try Bench()
        let monitor = SessionMonitor(bench.store, countsSessions: true)
        for _ in 0..<5 { _ = try await bench.store.create(principal: "ann") }
        let first = await monitor.sample().metrics
        // A17: sessions, not keys.
        #expect(first[.activeSessions] == 5)
        #expect((first[.creationRate] ?? 0) > 0 && (first[.operationDuration] ?? 0) > 0)
        #expect((first[.memoryUsage] ?? 0) > 0 && (first[.memoryShare] ?? 2) < 1 && first[.poolShare] == 0)
        #expect((first[.connectionCount] ?? 0) >= 1 && first[.connectionErrors] == 0)
        let second = await monitor.sample().metrics
        #expect(second[.creationRate] == 0 && second[.operationDuration] == 0)
        await bench.server.stop()
        _ = try? await bench.store.create()
        let third = await monitor.sample()
        #expect(third.alerts.contains { $0.metric == .connectionErrors && $0.threshold == 0 })
        #expect(third.metrics[.memoryUsage] == nil)
    }

    @Test func alerts() {
        let policy = SessionAlertPolicy.langPont
        #expect(
            policy.alerts([
                .operationDuration: 50, .memoryShare: 0.8, .poolShare: 0.9, .connectionErrors: 0, .creationRate: 1000,
                .expirationRate: 500, .corruptionErrors: 0, .connectionCount: 1e9,
            ]) == [])
        let metrics: [SessionMetric: Double] = [
            .operationDuration: 51, .memoryShare: 0.81, .poolShare: 0.91, .connectionErrors: 1, .creationRate: 1001,
            .expirationRate: 501, .corruptionErrors: 1,
        ]
        #expect(policy.alerts(metrics).count == 7)
        var before = SessionStatistics()
        before.events = [.created: 10, .expired: 1]
        var now = before
        now.events = [.created: 40, .promoted: 30, .expired: 6]
        let rates = SessionMonitor.metrics(now, since: before, over: .seconds(30))
        #expect(rates[.creationRate] == 120 && rates[.expirationRate] == 10)
    }
}
