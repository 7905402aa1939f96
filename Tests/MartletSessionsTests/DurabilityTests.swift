// How safe changes are: what the store, the sections and the calls ask for is waited for together.

import Martlet
import MartletClient
import TestSupport
import Testing

@testable import MartletSessions

struct DurabilityTests {
    private static let consent = SessionSection<Bool>("consent", durability: .fsync())

    @Test func nothingOfBothIsLost() {
        let disk = Durability.fsync(timeout: .seconds(2))
        let replicas = Durability.replicas(3, timeout: .seconds(5))
        let both = disk.and(replicas)
        #expect(both == replicas.and(disk) && both.and(both) == both && both != disk && both != replicas)
        #expect(both.disk == .seconds(2) && both.replicas == 3 && both.patience == .seconds(5))
        #expect(both.and(.memory) == both && Durability.memory.and(both) == both)
        #expect(both.and(.fsync(timeout: .seconds(1))) == both && both.and(.replicas(1, timeout: .zero)) == both)
        #expect(both.and(.fsync(timeout: .seconds(9))).disk == .seconds(9))
        #expect(Durability.replicas(0) == .memory)
    }

    /// The server has no append only file: whoever asks for the disk hears that it is not to be had.
    @Test func sectionsAskForMore() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create().session.id
        try await store.set(Sections.cart, to: Cart(), in: id)
        let writes: [@Sendable () async throws -> Void] = [
            { try await store.set(Self.consent, to: true, in: id) },
            { _ = try await store.mutate(id) { draft in try draft.set(Self.consent, to: false) } },
            { try await store.remove(Self.consent, in: id) },
            { _ = try await store.mutate(id) { draft in draft.remove(Self.consent) } },
            { _ = try await store.create { (draft) throws(SessionError) in try draft.set(Self.consent, to: true) } },
        ]
        for (number, write) in writes.enumerated() {
            let version = try await store.require(id).version
            let error = await #expect(throws: SessionError.self) { try await write() }
            #expect(error?.code == .notDurable && error?.mayBeApplied == true)
            // It is done all the same.
            #expect(try await store.require(id).version == version + (number < 4 ? 1 : 0))
        }
        // What other sections ask for is not waited for.
        _ = try await store.mutate(id) { draft in try draft.set(Sections.cart, to: Cart(isGift: true)) }
    }

    @Test func callsAskForMore() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create(principal: "ann").session.id
        let writes: [@Sendable () async throws -> Void] = [
            { try await store.set(Sections.cart, to: Cart(), in: id, durability: .fsync()) },
            { try await store.remove(Sections.cart, in: id, durability: .fsync()) },
            { try await store.increment(Sections.visits, in: id, durability: .fsync()) },
            { try await store.mergeMetadata(["a": "b"], in: id, durability: .fsync()) },
            { _ = try await store.touch(id, durability: .fsync()) },
            {
                _ = try await store.mutate(id) { draft in
                    try draft.set(Sections.cart, to: Cart())
                    draft.wait(for: .fsync())
                }
            },
        ]
        for write in writes {
            let error = await #expect(throws: SessionError.self) { try await write() }
            #expect(error?.code == .notDurable)
        }
        #expect(try await store.require(id).value(Sections.visits) == 1)
    }

    @Test func loginsAndRequestsAskForMore() async throws {
        let bench = try Bench()
        let before = try await bench.store.create().session.id
        let promoted = await #expect(throws: SessionError.self) {
            try await bench.store.promote(before, to: "ann") { (draft) throws(SessionError) in
                try draft.set(Self.consent, to: true)
            }
        }
        #expect(promoted?.code == .notDurable)
        let browser = Browser(bench.store)
        try await browser.visit { $0.set(Sections.cart, to: Cart()) }
        for change in [{ $0.set(Self.consent, to: true) }, { $0.remove(Self.consent) }] as [(RequestSession) -> Void] {
            let error = await #expect(throws: SessionError.self) { try await browser.visit { change($0) } }
            #expect(error?.code == .notDurable)
        }
    }

    /// The store asks for the disk, which is there, and a section for a replica, which is not.
    @Test func bothAreWaitedFor() async throws {
        try await withAppendOnlyFile { configuration in
            let bench = try Bench(standing: false, configuration: configuration) {
                $0.durability = .fsync(timeout: .seconds(3600))
            }
            let id = try await bench.store.create().session.id
            try await bench.store.set(Sections.cart, to: Cart(), in: id)
            let section = SessionSection<Int>("shared", durability: .replicas(1, timeout: .milliseconds(1)))
            let error = await #expect(throws: SessionError.self) { try await bench.store.set(section, to: 1, in: id) }
            #expect(error?.code == .notDurable)
        }
    }
}
