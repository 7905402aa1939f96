// Locks of sessions: what they say of the session, and what becomes of them when it is gone or has another id.

import Martlet
import MartletClient
import TestSupport
import Testing

@testable import MartletSessions

struct LockTests {
    /// The lease is over, and another has done the work: whoever comes late writes nothing over it.
    @Test func theFenceRefusesWhoComesLate() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create().session.id
        try await store.set(Sections.list, to: [0], in: id)
        try await store.withLock(id, lease: .seconds(5)) { late in
            bench.advance(by: .milliseconds(5001))
            try await store.withLock(id, wait: .zero) { lock in
                #expect(lock == late)
                let next = try await store.set(Sections.list, to: [1], in: id, ifVersion: lock.fence)
                #expect(try await store.remove(Sections.csrf, in: id, ifVersion: next) == next + 1)
            }
            let writes: [() async throws -> Void] = [
                { try await store.set(Sections.list, to: [2], in: id, ifVersion: late.fence) },
                { try await store.remove(Sections.list, in: id, ifVersion: late.fence) },
                {
                    _ = try await store.mutate(id, ifVersion: late.fence) { draft in
                        try draft.set(Sections.list, to: [2])
                    }
                },
            ]
            for write in writes {
                let error = await #expect(throws: SessionError.self) { try await write() }
                #expect(error?.code == .conflict)
            }
        }
        #expect(try await store.require(id).value(Sections.list) == [1])
    }

    @Test func aSessionThatIsGone() async throws {
        let bench = try Bench()
        let store = bench.store
        let (gone, revoked) = (
            try await store.create().session.id, try await store.create(principal: "ann").session.id
        )
        try await store.delete(gone)
        try await bench.client.send("SET", store.keys.epoch(revoked.handle.tag), 1)
        for id in [gone, revoked] {
            let error = await #expect(throws: SessionError.self) {
                try await store.withLock(id) { Issue.record("There is nothing to lock") }
            }
            #expect(error?.code == .missing)
            #expect(try await bench.client.send("EXISTS", store.keys.lock(id.handle), as: Int.self) == 0)
        }
    }

    /// During the grace of a rotation both ids are locked by whoever holds one.
    @Test func aSessionThatWasRotated() async throws {
        let bench = try Bench()
        let store = bench.store
        let first = try await store.create().session.id
        let second = try await store.rotate(first, grace: .seconds(60)).id
        for (held, other) in [(first, second), (second, first)] {
            try await store.withLock(held) { lock in
                #expect(lock.fence == 2)
                let error = await #expect(throws: SessionError.self) { try await store.withLock(other, wait: .zero) {} }
                #expect(error?.code == .lockTimeout)
            }
        }
    }

    /// What lies behind the lock cannot be read: the lock is free again.
    @Test func aSessionThatCannotBeRead() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create().session.id
        try await bench.client.send("SET", store.keys.session(id.handle), "x")
        let error = await #expect(throws: SessionError.self) { try await store.withLock(id) {} }
        #expect(error?.code == .server)
        #expect(try await bench.client.send("EXISTS", store.keys.lock(id.handle), as: Int.self) == 0)
    }
}
