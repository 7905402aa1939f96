// What a store must bear: data that no store wrote, times without bounds, servers that forget, steps that fail.

import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Martlet
@testable import MartletClient
@testable import MartletSessions

struct RobustnessTests {
    /// Fields that somebody else wrote make a session that is not there, and trap nowhere.
    @Test(arguments: [
        "1 0 0 1152921504606846975 -288230376151711744 0", "1 1152921504606846976 0 0 0 0",
        "1 0 0 0 1125899906842624 0",
        "1 2 3", "", "x", "1 0 0 0 -1 0",
    ])
    func timesThatNoStoreWrote(times: String) async throws {
        let bench = try Bench { $0.cachedSessions = 0 }
        let id = try await bench.store.create(principal: "ann").session.id
        try await bench.client.send("HSET", bench.store.keys.session(id.handle), "@t", times)
        #expect(try await bench.store.get(id) == nil)
        #expect(try await bench.store.touch(id) == .missing)
        #expect(try await bench.store.sessions(of: "ann").isEmpty)
    }

    @Test func numbersOutOfBounds() async throws {
        #expect(
            UserSessions.deadline(.integer(.max), at: 1_800_000_000_000) == Int64(1_800_000_000_000) + (Int64(1) << 60))
        #expect(UserSessions.deadline(.integer(-1), at: 0) == .max && UserSessions.deadline(.integer(-2), at: 0) == nil)
        for seconds in ["-9223372036854775808", "-1", "9223372036854775807", "x"] {
            let reply = RESPValue.array([.bulkString(Array(seconds.utf8)), .bulkString(Array("0".utf8))])
            #expect(throws: SessionError.self) { _ = try SessionServer.milliseconds(reply) }
        }
        let bench = try Bench()
        let id = try await bench.store.create(principal: "ann").session.id
        try await bench.client.send("SET", bench.store.keys.epoch(id.handle.tag), Int.max)
        #expect(try await bench.store.get(id) == nil)
        let error = await #expect(throws: SessionError.self) {
            try await bench.store.revokeAll(of: "ann", except: id)
        }
        #expect(error?.code == .server)
        var table = TTLPolicyTable.langPont
        table.percentages = [.normal: .max, .active: .min]
        table.bases = [.medium: .seconds(Int64.max)]
        #expect(
            table.duration(category: "ui") > .seconds(1) && table.duration(category: "ui", activity: .active) == .zero)
    }

    /// A section may live for ever, for all that a server can say.
    @Test(arguments: [Duration.seconds(Int64.max), .seconds(-5)]) func sectionsWithoutBounds(ttl: Duration) async throws
    {
        let bench = try Bench()
        let section = SessionSection<String>("note", ttl: .fixed(ttl))
        let id = try await bench.store.create().session.id
        try await bench.store.set(section, to: "text", in: id)
        #expect(try await bench.store.require(id).value(section) == (ttl > .zero ? "text" : nil))
    }

    /// Login that cannot end the session before leaves nothing behind that nobody knows of.
    @Test func loginThatFailsHalfway() async throws {
        let bench = try Bench()
        let store = bench.store
        let before = try await store.create().session.id
        // Ending it looks for the id that came after it, and finds something strange.
        try await bench.client.send("HSET", store.keys.alias(before.handle), "f", "v")
        let error = await #expect(throws: SessionError.self) { try await store.promote(before, to: "ann") }
        #expect(error?.code == .server && error?.mayBeApplied == true)
        #expect(try await store.count(of: "ann") == 0)
        #expect(try await store.get(before) != nil)
    }

    /// Two that touch and log in at once: the index lives as long as the longer session.
    @Test func theIndexIsNotShortenedByOthers() async throws {
        let bench = try Bench { $0.touchThrottle = .always }
        let store = bench.store
        for round in 0..<40 {
            let user = Principal("user \(round)")
            let short = try await store.create(
                principal: user, lifetime: SessionLifetime(idle: .seconds(900), absolute: nil)
            ).session.id
            async let long = store.create(
                principal: user, lifetime: SessionLifetime(idle: .seconds(86400), absolute: nil))
            async let touched = store.touch(short)
            _ = try await (long, touched)
            let index = store.keys.index(short.handle.tag)
            #expect(try await bench.client.send("TTL", index, as: Int.self) > 86_000)
        }
    }

    @Test func aLockOfACancelledTask() async throws {
        let bench = try Bench()
        let id = try await bench.store.create().session.id
        let held = Task {
            try await bench.store.withLock(id, lease: .seconds(3600)) {
                withUnsafeCurrentTask { $0?.cancel() }
                try Task.checkCancellation()
            }
        }
        _ = await held.result
        #expect(try await bench.store.withLock(id, wait: .zero) { 7 } == 7)
    }

    /// A server that takes another's place, or was restarted, is told again what to tell.
    @Test func eventsOfAServerThatForgot() async throws {
        let bench = try Bench(overTCP: true, standing: true)
        let store = bench.store
        let events = try await store.events()
        func flags() async throws -> String {
            try await bench.client.send("CONFIG", "GET", "notify-keyspace-events", as: [String: String].self).values
                .joined()
        }
        #expect(Set(try await flags()) == ["E", "x", "e"])
        try await bench.client.send("CONFIG", "SET", "notify-keyspace-events", "")
        try await bench.client.send("CLIENT", "KILL", "TYPE", "pubsub")
        var listeners = 0
        while listeners == 0 {
            let reply = try await bench.client.send("PUBSUB", "NUMSUB", "__keyevent@0__:expired")
            listeners = reply.elements?.last?.integer.map { Int($0) } ?? 0
        }
        #expect(Set(try await flags()) == ["E", "x", "e"])
        let id = try await store.create(lifetime: SessionLifetime(idle: .seconds(10), absolute: nil)).session.id
        bench.advance(by: .seconds(11))
        for await event in events where event.kind == .expired {
            #expect(event.handle == id.handle)
            break
        }
    }

    /// Scenario 14: nothing is lost track of when a server is gone for a while, and health tells when it is back.
    @Test func aServerThatIsGoneForAWhile() async throws {
        let place = ServerPlace()
        let first = try place.start()
        var settings = place.settings
        settings.retry = .never
        let client = try RedisClient(settings)
        defer { client.close() }
        let store = try SessionStore(client)
        let core = SessionMiddlewareCore(store: store)
        let created = try await store.create().session
        let cookie = String(SessionCookiePolicy().setCookie(for: created).prefix { $0 != ";" })
        #expect(await store.health(deep: true).status == .healthy)
        await first.stop()
        #expect(await store.health(deep: true).status == .unavailable)
        // Nobody gets a new, empty session because of it.
        await #expect(throws: (any Error).self) {
            try await core.handle(cookieHeader: cookie) { request in
                request.set(Sections.cart, to: Cart(items: ["a"]))
                return try await request.principal()
            }
        }
        let second = try place.start()
        defer { second.stop() }
        while await store.health(deep: true).status != .healthy {}
        #expect(try await store.get(created.id) == nil)
    }

    /// Scenario 15: after a day of coming and going every key has a deadline, and nobody is named.
    @Test func aDayOfComingAndGoing() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var dice = SeededRandom(seed: seed)
        let bench = try Bench(standing: true) { $0.limit = .evictOldest(4) }
        let store = bench.store
        var ids: [SessionID] = []
        for _ in 0..<96 {
            for _ in 0..<10 {
                let user = Principal("visitor-\(dice.below(20))@example.org")
                switch dice.below(8) {
                case 0: ids.append(try await store.create().session.id)
                case 1, 2, 3: ids.append(try await store.create(principal: user).session.id)
                case 4: if let id = ids.randomElement(using: &dice) { _ = try await store.get(id) }
                case 5: if let id = ids.randomElement(using: &dice) { try await store.delete(id) }
                case 6:
                    guard let id = ids.randomElement(using: &dice), try await store.exists(id) else { continue }
                    ids.append(try await store.rotate(id, grace: .seconds(10)).id)
                default: _ = try await store.revokeAll(of: user)
                }
            }
            bench.advance(by: .seconds(900))
        }
        let report = try await store.audit()
        #expect(report.withoutDeadline == 0, "seed \(seed)")
        #expect(report.foreign == 0 && report.unindexed == 0, "seed \(seed)")
        let keys = try await bench.keys()
        #expect(!keys.isEmpty && keys.allSatisfy { !$0.contains("visitor") })
        for number in 0..<20 { _ = try await store.erase(Principal("visitor-\(number)@example.org")) }
        for key in try await bench.keys().filter({ $0.hasPrefix("mt:s:") }) {
            let owner = try await bench.client.send("HGET", key, "@u", as: String?.self)
            #expect(owner == nil)
        }
    }

    /// D16: what the server throws away for want of memory does not vanish silently.
    @Test func sessionsThatAreEvicted() async throws {
        let bench = try Bench()
        let store = bench.store
        let events = try await store.events()
        let id = try await store.create().session.id
        try await bench.client.send("CONFIG", "SET", "maxmemory-policy", "allkeys-random", "maxmemory", "1")
        // Any command makes room first.
        _ = try? await bench.client.send("SET", "k", "v")
        for await event in events where event.kind == .evictedByMemory {
            #expect(event.handle == id.handle)
            break
        }
        #expect(store.statistics.events[.evictedByMemory] == 1)
    }
}
