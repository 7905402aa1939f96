// What an event says: when, what the session was, and how surely it is told.

import Foundation
import Martlet
import MartletClient
import Testing

@testable import MartletSessions

struct EventTests {
    private static let start: Int64 = 1_800_000_000_000

    private func next(_ count: Int, of events: AsyncStream<SessionEvent>) async -> [SessionEvent] {
        var told: [SessionEvent] = []
        for await event in events {
            told.append(event)
            if told.count == count { break }
        }
        return told
    }

    @Test(arguments: [false, true]) func whatThisStoreDid(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP) { $0.limit = .evictOldest(1) }
        let store = bench.store
        let events = try await store.events()
        let first = try await store.create(metadata: ["device": "phone"]).session
        bench.advance(by: .seconds(1))
        let second = try await store.rotate(first.id, grace: .seconds(60))
        bench.advance(by: .seconds(1))
        _ = try await store.touch(first.id)
        bench.advance(by: .seconds(1))
        let third = try await store.promote(second.id, to: "ann").session
        bench.advance(by: .seconds(1))
        let fourth = try await store.create(principal: "ann").session
        bench.advance(by: .seconds(1))
        #expect(try await store.revoke(fourth.handle, of: "ann"))
        let told = await next(7, of: events)
        #expect(
            told.map(\.kind) == [.created, .rotated, .touched, .promoted, .created, .evictedByLimit, .revoked])
        #expect(told.map { $0.at.milliseconds - Self.start } == [0, 1000, 2000, 3000, 4000, 4000, 5000])
        #expect(told.allSatisfy { $0.delivery == .exact && $0.lastKnown?.id == $0.handle })
        #expect(
            told.map(\.handle) == [
                first.handle, second.handle, second.handle, third.handle, fourth.handle, third.handle, fourth.handle,
            ])
        #expect(told.prefix(4).allSatisfy { $0.lastKnown?.metadata == ["device": "phone"] })
        #expect(told.map(\.principal) == [nil, nil, nil, "ann", "ann", "ann", "ann"])
        #expect(told[2].lastKnown?.expiresAt == second.expiresAt.addingTimeInterval(2))
        #expect(told[6].lastKnown?.createdAt == fourth.createdAt)
    }

    /// Who logs out with the id before a rotation ends the session that others know by its new handle.
    @Test func whatEndedIsNamedByItsOwnHandle() async throws {
        let bench = try Bench()
        let events = try await bench.store.events()
        let first = try await bench.store.create(principal: "ann").session
        let second = try await bench.store.rotate(first.id, grace: .seconds(60))
        bench.advance(by: .seconds(2))
        #expect(try await bench.store.delete(first.id))
        let told = await next(3, of: events)[2]
        #expect(told.kind == .deleted && told.handle == second.handle && told.principal == "ann")
        #expect(told.at.milliseconds == Self.start + 2000)
    }

    @Test func logoutEverywhereTellsWhatEachWas() async throws {
        let bench = try Bench()
        let store = bench.store
        for device in ["phone", "laptop"] {
            _ = try await store.create(principal: "ann", metadata: ["device": device])
        }
        let events = try await store.events()
        bench.advance(by: .seconds(3))
        #expect(try await store.revokeAll(of: "ann") == 2)
        let told = await next(2, of: events)
        #expect(Set(told.compactMap { $0.lastKnown?.metadata["device"] }) == ["phone", "laptop"])
        #expect(told.allSatisfy { $0.kind == .revoked && $0.at.milliseconds == Self.start + 3000 })
    }

    /// The server tells a handle and nothing else; whose it was can be asked for a certain user.
    @Test(arguments: [false, true]) func whatTheServerDid(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP) { $0.principalSecret = [1, 2, 3] }
        let store = bench.store
        let lifetime = SessionLifetime(idle: .seconds(10), absolute: nil)
        let created = try await store.create(principal: "ann", lifetime: lifetime).session
        let events = try await store.events()
        bench.advance(by: .seconds(11))
        let told = await next(1, of: events)[0]
        #expect(told.kind == .expired && told.handle == created.handle && told.lastKnown == nil)
        #expect(told.principal == nil && told.delivery == (overTCP ? .bestEffort : .exact))
        if !overTCP { #expect(told.at.milliseconds == Self.start + 11_000) }
        #expect(store.belongs(told.handle, to: "ann") && !store.belongs(told.handle, to: "bob"))
        let stranger = try SessionStore(bench.client)
        #expect(!stranger.belongs(told.handle, to: "ann"))
    }
}
