// Sessions that are kept beside the server: never older than what the server holds, whoever changes it.

import MartletClient
import Testing

@testable import Martlet
@testable import MartletSessions

struct SessionCacheTests {
    private func readsAtServer(_ bench: Bench) async throws -> Int {
        let info = try await bench.client.send("INFO", "commandstats", as: String.self)
        let line = info.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_hgetall:") }
        let count = line?.split(separator: "=").dropFirst().first?.prefix { $0.isNumber }
        return count.flatMap { Int($0) } ?? 0
    }

    @Test func readingAgainAsksNobody() async throws {
        let bench = try Bench()
        let id = try await bench.store.create { (draft) throws(SessionError) in
            try draft.set(Sections.cart, to: Cart(items: ["a"]))
        }.session.id
        for _ in 0..<10 {
            #expect(try await bench.store.get(id)?.value(Sections.cart) == Cart(items: ["a"]))
        }
        #expect(try await readsAtServer(bench) == 1)
        let uncached = try Bench { $0.cachedSessions = 0 }
        let other = try await uncached.store.create().session.id
        for _ in 0..<3 { #expect(try await uncached.store.get(other) != nil) }
        #expect(try await readsAtServer(uncached) == 3)
    }

    /// Over TCP there is nobody who would say that something has changed.
    @Test func onlyInProcess() async throws {
        let bench = try Bench(overTCP: true)
        let id = try await bench.store.create().session.id
        for _ in 0..<3 { #expect(try await bench.store.get(id) != nil) }
        #expect(bench.store.cache == nil)
        #expect(try await readsAtServer(bench) == 3)
    }

    @Test func aFakeSeesEachReading() async throws {
        let control = FakeControl(offersCommand: false)
        let bench = try Bench(standing: false, fake: control)
        let id = try await bench.store.create().session.id
        for _ in 0..<3 { #expect(try await bench.store.get(id) != nil) }
        #expect(control.received.count { $0.words.first == Array("HGETALL".utf8) } == 3)
    }

    /// Who is nobody's has no index that others could move meanwhile.
    @Test func onlyUsersIndexIsWatched() async throws {
        let control = FakeControl(offersCommand: false)
        let bench = try Bench(standing: false, fake: control)
        let store = bench.store
        func watches(_ principal: Principal?) async throws -> Int {
            let id = try await store.create(principal: principal).session.id
            control.forgetReceived()
            #expect(try await store.touch(id) != .missing)
            return control.received.count { $0.words.first == Array("WATCH".utf8) }
        }
        #expect(try await watches(nil) == 1)
        #expect(try await watches("ann") == 2)
    }

    @Test func changesBehindTheStoresBackAreSeen() async throws {
        let bench = try Bench()
        let (store, client) = (bench.store, bench.client)
        let id = try await store.create(principal: "ann") { (draft) throws(SessionError) in
            try draft.set(Sections.list, to: [1])
        }.session.id
        let key = store.keys.session(id.handle)
        let other = try await store.create(principal: "ann") { (draft) throws(SessionError) in
            try draft.set(Sections.list, to: [2, 2])
        }.session.id
        #expect(try await store.get(id)?.value(Sections.list) == [1])
        let envelope = try await client.send("HGET", store.keys.session(other.handle), "s/list", as: [UInt8].self)
        try await client.send("HSET", key, "s/list", envelope)
        #expect(try await store.get(id)?.value(Sections.list) == [2, 2])
        try await client.send("HDEL", key, "s/list")
        #expect(try await store.get(id)?.value(Sections.list) == nil)
        try await client.send("RENAME", key, "elsewhere")
        #expect(try await store.get(id) == nil)
        try await client.send("RENAME", "elsewhere", key)
        #expect(try await store.get(id) != nil)
        try await client.send("SWAPDB", 0, 1)
        #expect(try await store.get(id) == nil)
        try await client.send("SWAPDB", 0, 1)
        #expect(try await store.get(id) != nil)
        try await client.send("FLUSHALL")
        #expect(try await store.get(id) == nil)
    }

    @Test func deadlinesAreKept() async throws {
        let bench = try Bench(standing: true) { $0.touchThrottle = .never }
        let store = bench.store
        let lifetime = SessionLifetime(idle: .seconds(8), absolute: nil)
        let id = try await store.create(lifetime: lifetime) { (draft) throws(SessionError) in
            try draft.set(Sections.list, to: [1])
        }.session.id
        #expect(try await store.get(id) != nil)
        bench.clock?.advance(milliseconds: 7_999)
        #expect(try await store.get(id) != nil)
        bench.clock?.advance(milliseconds: 2)
        #expect(try await store.get(id) == nil)

        let short = try await store.create(lifetime: lifetime).session.id
        #expect(try await store.get(short) != nil)
        try await bench.client.send("PEXPIRE", store.keys.session(short.handle), 100)
        #expect(try await store.get(short) != nil)
        bench.clock?.advance(milliseconds: 101)
        #expect(try await store.get(short) == nil)
    }

    /// Sections end before their session, and what was decoded ends with them.
    @Test func sectionsEndInTheCacheToo() async throws {
        let bench = try Bench(standing: true) { $0.touchThrottle = .never }
        let brief = SessionSection<String>("brief", ttl: .fixed(.seconds(3)))
        let id = try await bench.store.create { (draft) throws(SessionError) in try draft.set(brief, to: "x") }.session
            .id
        for _ in 0..<2 { #expect(try await bench.store.get(id)?.value(brief) == "x") }
        bench.clock?.advance(milliseconds: 3_001)
        #expect(try await bench.store.get(id)?.value(brief) == nil)
    }

    /// The server hears now and then that the key is in use.
    @Test func whatIsReadOftenIsReadFromTheServerNowAndThen() async throws {
        let bench = try Bench(standing: true) { $0.touchThrottle = .never }
        let id = try await bench.store.create().session.id
        for _ in 0..<25 {
            #expect(try await bench.store.get(id) != nil)
            bench.clock?.advance(milliseconds: 1000)
        }
        #expect(try await readsAtServer(bench) == 3)
    }

    @Test func revokedAndRotatedSessionsAreGone() async throws {
        let bench = try Bench()
        let store = bench.store
        let first = try await store.create(principal: "ann").session.id
        let second = try await store.create(principal: "ann").session.id
        for id in [first, second] { #expect(try await store.get(id) != nil) }
        let rotated = try await store.rotate(first).id
        #expect(try await store.get(first) == nil)
        #expect(try await store.get(rotated) != nil)
        // By hand, so that nothing but the epoch changes.
        try await bench.client.send("SET", store.keys.epoch(second.handle.tag), 1)
        for id in [rotated, second] { #expect(try await store.get(id) == nil) }
    }

    /// They would be read from the server again anyway.
    @Test func whatIsNotReadForLongLeavesTheCache() async throws {
        let bench = try Bench(standing: true) { $0.touchThrottle = .never }
        var ids: [SessionID] = []
        for _ in 0..<60 { ids.append(try await bench.store.create().session.id) }
        for id in ids[..<40] { #expect(try await bench.store.get(id) != nil) }
        #expect(bench.store.cache?.count == 40)
        bench.clock?.advance(milliseconds: 5_000)
        #expect(try await bench.store.get(ids[0]) != nil)
        bench.clock?.advance(milliseconds: 5_000)
        for id in ids[40...] { #expect(try await bench.store.get(id) != nil) }
        #expect(bench.store.cache?.count == 20)
        #expect(try await bench.store.get(ids[0]) != nil)
        #expect(bench.store.cache?.count == 21)
    }

    @Test func soManyAreKept() async throws {
        let bench = try Bench { $0.cachedSessions = 10 }
        var ids: [SessionID] = []
        for _ in 0..<30 { ids.append(try await bench.store.create().session.id) }
        for _ in 0..<3 {
            for id in ids { #expect(try await bench.store.get(id) != nil) }
        }
        #expect(bench.store.cache?.count == 10)
        // Each kept one observes two keys, and the last that went are forgotten with the next reading.
        let observed = await bench.server.engine.loop.perform { [engine = bench.server.engine] in
            engine.server.observers.count
        }
        #expect(observed >= 20 && observed <= 24)
    }

    @Test func aServerThatStoppedIsNotThereAnyMore() async throws {
        let bench = try Bench()
        let id = try await bench.store.create().session.id
        #expect(try await bench.store.get(id) != nil)
        await bench.server.stop()
        let error = await #expect(throws: SessionError.self) { try await bench.store.get(id) }
        #expect(error?.code == .unavailable)
    }

    @Test func encryptedSectionsAreNotKeptInTheClear() async throws {
        let bench = try Bench { $0.cipher = Reversal() }
        let id = try await bench.store.create { (draft) throws(SessionError) in
            try draft.set(Sections.list, to: [1])
        }.session.id
        let session = try #require(try await bench.store.get(id))
        #expect(try session.value(Sections.list) == [1] && session.decoded == nil)
    }

    /// Whoever has written reads what was written, or what came behind it, at any mix of tasks.
    @Test func writersReadWhatTheyWrote() async throws {
        let bench = try Bench { $0.cachedSessions = 3 }
        let store = bench.store
        let sections = (0..<4).map { SessionSection<Int>("n\($0)") }
        var ids: [SessionID] = []
        for _ in 0..<6 { ids.append(try await store.create().session.id) }
        let shared = ids
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (task, section) in sections.enumerated() {
                group.addTask {
                    var dice = SeededRandom(seed: UInt64(task + 1))
                    for number in 0..<300 {
                        let id = shared[dice.below(shared.count)]
                        try await store.set(section, to: number, in: id)
                        #expect(try await store.get(id)?.value(section) == number)
                        _ = try await store.get(shared[dice.below(shared.count)])
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

/// A cipher that hides nothing, for tests.
private struct Reversal: SessionCipher {
    func seal(_ bytes: [UInt8], context: [UInt8]) -> [UInt8] { bytes.reversed() }
    func open(_ bytes: [UInt8], context: [UInt8]) -> [UInt8] { bytes.reversed() }
}
