// Why a session is missing, where something is left that tells.

import MartletClient
import Testing

@testable import Martlet
@testable import MartletSessions

struct MissingTests {
    /// Whatever is wanted of the session, the reason is the same.
    private func reasons(_ id: SessionID, _ store: SessionStore) async throws -> Set<SessionError.MissingReason?> {
        let calls: [@Sendable () async throws -> Void] = [
            { _ = try await store.require(id) },
            { try await store.set(Sections.cart, to: Cart(), in: id) },
            { _ = try await store.mutate(id) { draft in try draft.set(Sections.cart, to: Cart()) } },
            { try await store.increment(Sections.visits, in: id) },
            { _ = try await store.rotate(id) },
            { try await store.withLock(id) {} },
        ]
        var reasons: Set<SessionError.MissingReason?> = []
        for call in calls {
            let error = await #expect(throws: SessionError.self) { try await call() }
            #expect(error?.code == .missing)
            reasons.insert(error?.reason)
        }
        #expect(try await store.get(id) == nil)
        #expect(try await store.touch(id) == .missing)
        return reasons
    }

    @Test(arguments: [0, 100_000]) func whatIsLeftTells(cached: Int) async throws {
        let bench = try Bench { $0.cachedSessions = cached }
        let store = bench.store
        let lifetime = SessionLifetime(idle: .seconds(10), absolute: nil)
        let expired = try await store.create(lifetime: lifetime).session.id
        try await bench.client.send("PERSIST", store.keys.session(expired.handle))
        let revoked = try await store.create(principal: "ann").session.id
        try await bench.client.send("DEL", store.keys.index(revoked.handle.tag))
        try await store.revokeAll(of: "ann")
        let rotated = try await store.create().session.id
        _ = try await store.rotate(rotated)
        let promoted = try await store.create(principal: "bob").session.id
        _ = try await store.promote(promoted, to: "bob")
        let deleted = try await store.create().session.id
        try await store.delete(deleted)
        bench.advance(by: .seconds(10))
        #expect(try await reasons(expired, store) == [.expired])
        #expect(try await reasons(revoked, store) == [.revoked])
        #expect(try await reasons(rotated, store) == [.rotated])
        #expect(try await reasons(promoted, store) == [.rotated])
        #expect(try await reasons(deleted, store) == [nil])
        bench.advance(by: .seconds(61))
        #expect(try await reasons(rotated, store) == [nil])
    }

    /// A session that took another's place and is over now tells by itself.
    @Test func behindAnAlias() async throws {
        let bench = try Bench()
        let store = bench.store
        let first = try await store.create(principal: "ann").session.id
        let second = try await store.rotate(first, grace: .seconds(60)).id
        try await bench.client.send("SET", store.keys.epoch(second.handle.tag), 1)
        #expect(try await reasons(first, store) == [.revoked])
    }

    /// It costs no more than before: one exchange, and one for the alias.
    @Test func theReasonIsNotAskedFor() async throws {
        let control = FakeControl(offersCommand: false)
        let bench = try Bench(standing: false, fake: control)
        let store = bench.store
        let id = try await store.create().session.id
        try await store.delete(id)
        control.forgetReceived()
        let error = await #expect(throws: SessionError.self) { try await store.require(id) }
        #expect(error?.reason == nil)
        let words = control.received.compactMap { $0.words.first.map { String(decoding: $0, as: UTF8.self) } }
        #expect(words == ["HGETALL", "GET", "TIME", "GET", "TIME"])
    }
}
