// What a store must bear: data that no store wrote, times without bounds, servers that forget, steps that fail.

import Foundation
import Synchronization
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
        for _ in 0..<1_000_000 where listeners == 0 {
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
