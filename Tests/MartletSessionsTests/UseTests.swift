// Reading and using sessions when others do so at once, when the server refuses, and when it was changed by hand.

import TestSupport
import Testing

@testable import Martlet
@testable import MartletClient
@testable import MartletSessions

struct UseTests {
    private func lifetime(_ idle: Int) -> SessionLifetime { SessionLifetime(idle: .seconds(idle), absolute: nil) }

    /// B10: of many that find a touch due one writes.
    @Test(arguments: [false, true]) func readersAfterAPause(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP) { $0.conflictRetries = 1000 }
        let store = bench.store
        let id = try await store.create(principal: "ann").session.id
        bench.advance(by: .seconds(600))
        try await withThrowingTaskGroup(of: Optional<Duration>.self) { group in
            for _ in 0..<30 { group.addTask { try await store.get(id)?.timeRemaining } }
            for try await rest in group { #expect(rest == .seconds(1800)) }
        }
        #expect(store.statistics.events[.touched] == 1 && store.statistics.throttledTouches == 29)
    }

    /// B10: no memory is a reason not to write that a session was used, not one to end it.
    @Test func aTouchThatIsRefused() async throws {
        let bench = try Bench()
        let store = bench.store
        let created = try await store.create(principal: "ann").session
        bench.advance(by: .seconds(600))
        try await bench.client.send("CONFIG", "SET", "maxmemory", 1)
        for mode in [TouchMode.configured, .always] {
            #expect(try await store.get(created.id, touch: mode)?.expiresAt == created.expiresAt)
        }
        #expect(store.statistics.failedTouches == 2 && store.statistics.failed[.get] == nil)
        // Who only wants to use it hears of it.
        let error = await #expect(throws: SessionError.self) { try await store.touch(created.id) }
        #expect(error?.code == .server)
        try await bench.client.send("CONFIG", "SET", "maxmemory", 0)
        #expect(try await store.get(created.id)?.wasExtended == true)
    }

    /// Several at once are served like one: by the ids before, and without those that cannot be read.
    @Test func manyOfWhichSomeCannotBeRead() async throws {
        let bench = try Bench()
        let store = bench.store
        var ids: [SessionID] = []
        for _ in 0..<4 { ids.append(try await store.create(principal: "ann").session.id) }
        let second = try await store.rotate(ids[0], grace: .seconds(10))
        let third = try await store.rotate(second.id, grace: .seconds(10))
        try await bench.client.send("SET", store.keys.session(ids[1].handle), "x")
        try await store.delete(ids[2])
        let found = try await store.get(ids)
        #expect(try found[0].get()?.handle == third.handle && found[0].get()?.id == ids[0])
        #expect(throws: SessionError.self) { try found[1].get() }
        #expect(try found[2].get() == nil && found[3].get()?.id == ids[3])
        #expect(store.statistics.failed[.get] == 1)
        await bench.server.stop()
        for result in try await store.get(ids) {
            let error = #expect(throws: SessionError.self) { try result.get() }
            #expect(error?.code == .unavailable)
        }
    }

    /// Nil and false say that there is no such session as clearly as an error does.
    @Test func whatIsMissedIsCounted() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create(principal: "ann").session.id
        #expect(try await store.get(id) != nil)
        #expect(try await store.delete(id))
        #expect(try await store.get(id) == nil)
        #expect(try await store.touch(id) == .missing)
        #expect(try await !store.extend(id, to: .distantFuture))
        #expect(try await !store.delete(id))
        #expect(try await !store.revoke(id.handle, of: "ann"))
        #expect(store.statistics.missed == [.get: 1, .touch: 2, .delete: 1, .revoke: 1])
        #expect(store.statistics.succeeded == [.create: 1, .get: 1, .delete: 1])
    }

    /// B19: an index that lost one of its sessions, or begins anew with another, names it again when it is used.
    @Test func anIndexThatLostOne() async throws {
        let bench = try Bench()
        let store = bench.store
        let lost = try await store.create(principal: "ann").session.id
        let index = store.keys.index(lost.handle.tag)
        try await bench.client.send("DEL", index)
        _ = try await store.create(principal: "ann")
        #expect(try await store.count(of: "ann") == 1)
        _ = try await store.touch(lost)
        #expect(try await store.count(of: "ann") == 2)
        try await bench.client.send("HDEL", index, lost.handle.digest)
        _ = try await store.touch(lost)
        #expect(try await store.count(of: "ann") == 2)
        #expect(try await store.audit().unindexed == 0)
    }

    /// B20: work that is done is not undone because its lock cannot be freed.
    @Test func aLockThatCannotBeFreed() async throws {
        let bench = try Bench()
        let id = try await bench.store.create().session.id
        let value = try await bench.store.withLock(id) {
            await bench.server.stop()
            return 7
        }
        #expect(value == 7)
    }

    /// B20: who waits for a lock and is cancelled gets an error of the store.
    @Test func waitingForALockIsCancelled() async throws {
        let bench = try Bench()
        let id = try await bench.store.create().session.id
        var settings = RedisClientConfiguration().patient
        settings.clock = ClientClock(now: { .zero }, sleep: { _ in throw CancellationError() })
        let client = RedisClient(bench.server, configuration: settings)
        defer { client.close() }
        let waiting = try SessionStore(client)
        try await bench.store.withLock(id, lease: .seconds(3600)) {
            let error = await #expect(throws: SessionError.self) { try await waiting.withLock(id) {} }
            #expect(error?.code == .cancelled)
        }
    }

    /// B21: who may not ask what the server can, or may not use it, does without.
    @Test(arguments: [["command"], ["hpexpireat"]]) func commandsThatAreForbidden(names: [String]) async throws {
        let line = ConfigurationLine(number: 1, text: "")
        var configuration = Configuration()
        configuration.renamedCommands = names.map { CommandRename(command: $0, newName: "", line: line) }
        let bench = try Bench(configuration: configuration)
        let store = bench.store
        // As it was found at a server that was there before.
        if names == ["hpexpireat"] { store.state.supportsFieldTTL = true }
        let id = try await store.create { (draft) throws(SessionError) in
            try draft.set(Sections.csrf, to: "a")
        }.session.id
        #expect(store.state.supportsFieldTTL == false)
        if names == ["hpexpireat"] { store.state.supportsFieldTTL = true }
        try await store.set(Sections.csrf, to: "b", in: id)
        #expect(try await store.require(id).value(Sections.csrf) == "b")
        bench.advance(by: .seconds(900))
        #expect(try await store.require(id).value(Sections.csrf) == nil)
    }

    /// B22: sections that a session begins with, or takes along, give their memory back in time as well.
    @Test func timesOfSectionsFromTheBeginning() async throws {
        let bench = try Bench()
        let store = bench.store
        let fill = { @Sendable (draft: inout SessionDraft) throws(SessionError) in try draft.set(Sections.csrf, to: "a")
        }
        let created = try await store.create(fill).session
        let rotated = try await store.rotate(
            store.create(fill).session.id)
        let before = try await store.create(fill).session.id
        let promoted = try await store.promote(before, to: "ann", keeping: ["csrf"]).session
        for seconds in [901, 0] {
            for session in [created, rotated, promoted] {
                let field = try await bench.client.send(
                    "HEXISTS", store.keys.session(session.handle), "s/csrf", as: Int.self)
                #expect(field == (seconds > 0 ? 1 : 0))
            }
            bench.advance(by: .seconds(seconds))
        }
    }

    /// D14: an id that exists, which chance does not bring about, is not taken over.
    @Test func anIDThatExists() async throws {
        let bench = try Bench { $0.random = SeededRandom(seed: 7) }
        var configuration = SessionStoreConfiguration()
        configuration.random = SeededRandom(seed: 7)
        let twin = try SessionStore(bench.client, configuration: configuration)
        let first = try await bench.store.create(metadata: ["whose": "first"]).session
        let error = await #expect(throws: SessionError.self) { try await twin.create() }
        #expect(error?.code == .conflict)
        #expect(try await bench.store.require(first.id).metadata == ["whose": "first"])
    }

    /// E16: a session whose key was given no end by hand ends all the same, and an audit finds it.
    @Test(arguments: [0, 100_000]) func aSessionThatWasPersisted(cached: Int) async throws {
        let bench = try Bench { $0.cachedSessions = cached }
        let store = bench.store
        let id = try await store.create(principal: "ann", lifetime: lifetime(10)).session.id
        let key = store.keys.session(id.handle)
        try await bench.client.send("PERSIST", key)
        bench.advance(by: .milliseconds(9_999))
        #expect(try await store.get(id, touch: .none) != nil)
        bench.advance(by: .milliseconds(1))
        #expect(try await bench.client.send("TTL", key, as: Int.self) == -1)
        #expect(try await store.get(id) == nil)
        #expect(try await store.touch(id) == .missing)
        #expect(try await store.count(of: "ann") == 0)
        let error = await #expect(throws: SessionError.self) { try await store.set(Sections.list, to: [1], in: id) }
        #expect(error?.code == .missing)
        #expect(try await store.audit().withoutDeadline == 1)
    }

    /// What the store would not write under its keys is counted, whatever the key is for.
    @Test func strangeKeys() async throws {
        let bench = try Bench()
        let store = bench.store
        let handle = try await store.create(principal: "ann").session.handle
        _ = try await store.revokeAll(of: "ann")
        _ = try await store.create(principal: "ann")
        #expect(try await store.audit().foreign == 0)
        let other = try await store.create().session.handle
        for key in [store.keys.alias(other), store.keys.lock(other), store.keys.epoch(other.tag)] {
            try await bench.client.send("HSET", key, "f", "x")
        }
        try await bench.client.send("SET", store.keys.index(other.tag), "x")
        for name in ["mt:s:{", "mt:s:{x}y", "mt:s:{\(handle.tag)}\(handle.digest)}"] {
            try await bench.client.send("HSET", name, "@t", "1")
        }
        try await bench.client.send("SET", store.keys.session(handle), "x")
        #expect(try await store.audit().foreign == 8)
        try await bench.client.send("SET", "mt:other", "x")
        #expect(try await store.audit().foreign == 8)
    }
}
