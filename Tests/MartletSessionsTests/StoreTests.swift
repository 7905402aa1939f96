// The store's promises, in process and over TCP.

import MartletClient
import Synchronization
import Testing

@testable import Martlet
@testable import MartletSessions

struct LifecycleTests {
    @Test(arguments: [false, true]) func beginReadEnd(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP)
        let store = bench.store
        let created = try await store.create(principal: "ann", metadata: ["ip": "10.0.0.1"]) {
            (draft) throws(SessionError) in try draft.set(Sections.cart, to: Cart(items: ["a"]))
        }
        let id = created.session.id
        #expect(created.evicted.isEmpty && created.session.principal == "ann" && created.session.version == 1)
        let session = try #require(try await store.get(id))
        #expect(session.principal == "ann" && session.metadata == ["ip": "10.0.0.1"])
        #expect(try session.value(Sections.cart) == Cart(items: ["a"]))
        #expect(try session.value(Sections.csrf) == nil)
        #expect(session.createdAt == created.session.createdAt && session.expiresAt > session.createdAt)
        #expect(try await store.exists(id))
        let ttl = try #require(try await store.timeToLive(id))
        #expect(ttl > .seconds(1700) && ttl <= .seconds(1800))
        #expect(try await store.delete(id))
        #expect(try await store.get(id) == nil)
        #expect(try await !store.delete(id))
        #expect(try await store.timeToLive(id) == nil)
        let error = await #expect(throws: SessionError.self) { try await store.require(id) }
        #expect(error?.code == .missing)
        #expect(try await bench.keys().filter { $0.contains("s:") } == [])
    }

    @Test func manyAtOnce() async throws {
        let bench = try Bench()
        var ids: [SessionID] = []
        for number in 0..<20 { ids.append(try await bench.store.create(principal: Principal("u\(number)")).session.id) }
        try await bench.store.delete(ids[3])
        let asked = ids + [ids[0]]
        let sessions = try await bench.store.get(asked).map { try $0.get() }
        #expect(sessions.count == 21 && sessions[3] == nil && sessions[20]?.id == ids[0])
        #expect(sessions.enumerated().allSatisfy { $0.offset == 3 || $0.element?.id == asked[$0.offset] })
        #expect(try await bench.store.get([]).isEmpty)
    }

    /// E15, D5: what the server holds gives nobody access, and no id can name another key.
    @Test func idsAppearNowhere() async throws {
        let bench = try Bench()
        let created = try await bench.store.create(principal: "ann")
        let (id, raw) = (created.session.id, created.session.id.withRawValue { $0 })
        #expect(raw.utf8.count == 55)
        let secret = raw.dropFirst(12)
        for key in try await bench.keys() { #expect(!key.contains(secret) && !key.contains("ann")) }
        #expect(!"\(id)".contains(secret) && !"\(created.session.handle)".contains(secret))
        #expect(try SessionID(parsing: raw) == id)
        for wrong in ["", "x", raw + "A", String(raw.dropLast()), String(raw.dropLast()) + "*", "user:x:sessions"] {
            let error = #expect(throws: SessionError.self) { try SessionID(parsing: wrong) }
            #expect(error?.code == .invalidID)
        }
        let handle = created.session.handle
        #expect(try SessionHandle(parsing: "\(handle)") == handle)
        #expect(throws: SessionError.self) { try SessionHandle(parsing: raw) }
    }

    @Test func outagesAreReportedAndNotHidden() async throws {
        let bench = try Bench()
        let id = try await bench.store.create().session.id
        #expect(await bench.store.health(deep: true) == SessionHealth(status: .healthy, detail: nil))
        await bench.server.stop()
        let error = await #expect(throws: SessionError.self) { try await bench.store.get(id) }
        #expect(error?.code == .unavailable)
        #expect(await bench.store.health().status == .unavailable)
        #expect(bench.store.statistics.connectionErrors > 0)
    }

    /// A server without SET can be read and not written.
    @Test func aStoreThatCannotBeWrittenIsDegraded() async throws {
        let line = ConfigurationLine(number: 1, text: "")
        var configuration = Configuration()
        configuration.renamedCommands = [CommandRename(command: "set", newName: "", line: line)]
        let bench = try Bench(configuration: configuration)
        #expect(await bench.store.health() == SessionHealth(status: .healthy, detail: nil))
        let health = await bench.store.health(deep: true)
        #expect(health.status == .degraded && health.detail?.contains("SET") == true)
    }
}

struct ChangeTests {
    @Test(arguments: [false, true]) func sectionsCountersAndMetadata(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP)
        let store = bench.store
        let id = try await store.create(metadata: ["ip": "1", "ua": "x"]).session.id
        #expect(try await store.set(Sections.cart, to: Cart(items: ["b"]), in: id) == 2)
        #expect(try await store.increment(Sections.visits, in: id) == 1)
        #expect(try await store.increment(Sections.visits, by: 5, in: id) == 6)
        try await store.mergeMetadata(["ua": nil, "device": "phone"], in: id)
        var session = try await store.require(id)
        #expect(try session.value(Sections.cart) == Cart(items: ["b"]) && session.value(Sections.visits) == 6)
        #expect(session.metadata == ["ip": "1", "device": "phone"] && session.version == 3)
        let stale = await #expect(throws: SessionError.self) {
            try await store.set(Sections.cart, to: Cart(), in: id, ifVersion: 2)
        }
        #expect(stale?.code == .conflict)
        try await store.set(Sections.cart, to: Cart(isGift: true), in: id, ifVersion: 3)
        try await store.remove(Sections.cart, in: id)
        session = try await store.require(id)
        #expect(try session.value(Sections.cart) == nil)
    }

    /// C1, D6, D8, E1: a hundred add to one list, a hundred count, and none is lost.
    @Test(arguments: [false, true]) func noUpdateIsLost(overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP) { $0.conflictRetries = 1000 }
        let store = bench.store
        let id = try await store.create().session.id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<100 {
                group.addTask {
                    _ = try await store.mutate(id) { draft in
                        try draft.set(Sections.list, to: (draft.value(Sections.list) ?? []) + [number])
                    }
                }
                group.addTask { try await store.increment(Sections.visits, in: id) }
                group.addTask { try await store.mergeMetadata(["key\(number)": "1"], in: id) }
            }
            try await group.waitForAll()
        }
        let session = try await store.require(id)
        #expect(try session.value(Sections.list)?.sorted() == Array(0..<100))
        #expect(session.value(Sections.visits) == 100 && session.metadata.count == 100)
    }

    /// Somebody else changes the session while a change is thought of: all over again, and counted.
    @Test func conflictsAreCounted() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create().session.id
        let others = try bench.server.connect()
        let key = store.keys.session(id.handle)
        let runs = Mutex(0)
        let value = try await store.mutate(id) { draft -> Int in
            let run = runs.withLock { count -> Int in
                count += 1
                return count
            }
            if run < 3 { _ = try others.send("HINCRBY", key, "n/visits", 1) }
            try draft.set(Sections.cart, to: Cart(items: ["\(run)"]))
            return run
        }.value
        #expect(value == 3 && store.statistics.conflicts == 2)
        let session = try await store.require(id)
        #expect(try session.value(Sections.cart) == Cart(items: ["3"]) && session.value(Sections.visits) == 2)
    }

    /// A3, D6, D7, E1, E2: no write of whatever kind brings back what is gone.
    @Test func nothingComesBack() async throws {
        let bench = try Bench()
        let store = bench.store
        let id = try await store.create(principal: "ann").session.id
        try await store.delete(id)
        let writes: [@Sendable () async throws -> Void] = [
            { try await store.set(Sections.cart, to: Cart(), in: id) },
            { try await store.remove(Sections.cart, in: id) },
            { try await store.increment(Sections.visits, in: id) },
            { try await store.mergeMetadata(["a": "b"], in: id) },
            { _ = try await store.mutate(id) { draft in try draft.set(Sections.cart, to: Cart()) } },
            { _ = try await store.rotate(id) },
        ]
        for write in writes {
            let error = await #expect(throws: SessionError.self) { try await write() }
            #expect(error?.code == .missing)
        }
        #expect(try await store.touch(id) == .missing)
        #expect(try await !store.extend(id, to: .distantFuture))
        #expect(try await bench.keys().filter { $0.hasPrefix("mt:s:") } == [])
    }

    /// Scenario 6: a request that holds the session commits after another has logged out. Ten thousand times, by a
    /// hundred users at once.
    @Test func logoutWins() async throws {
        let bench = try Bench()
        let store = bench.store
        try await withThrowingTaskGroup { group in
            for user in 0..<100 {
                group.addTask {
                    for _ in 0..<100 { try await Self.changeAndLogout(Principal("user \(user)"), in: store) }
                    #expect(try await store.count(of: Principal("user \(user)")) == 0)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await bench.keys().filter { $0.hasPrefix("mt:s:") } == [])
    }

    private static func changeAndLogout(_ user: Principal, in store: SessionStore) async throws {
        let id = try await store.create(principal: user).session.id
        async let commit: Void = {
            do {
                _ = try await store.mutate(id) { draft in try draft.set(Sections.cart, to: Cart(items: ["x"])) }
                try await store.increment(Sections.visits, in: id)
                _ = try await store.touch(id)
            } catch let error as SessionError where error.code == .missing {}
        }()
        async let logout = store.delete(id)
        _ = try await (commit, logout)
        #expect(try await store.get(id) == nil)
    }

    /// A body that throws writes nothing, and its error comes through.
    @Test func aBodyThatThrows() async throws {
        struct Refusal: Error {}
        let bench = try Bench()
        let id = try await bench.store.create().session.id
        await #expect(throws: Refusal.self) {
            try await bench.store.mutate(id) { draft in
                try draft.set(Sections.cart, to: Cart(items: ["x"]))
                throw Refusal()
            }
        }
        let session = try await bench.store.require(id)
        #expect(try session.value(Sections.cart) == nil && session.version == 1)
    }

    /// A19: a value is what it was, whatever its type.
    @Test func typesAreKept() async throws {
        let bench = try Bench()
        let flag = SessionSection<Bool>("flag")
        let id = try await bench.store.create().session.id
        try await bench.store.set(flag, to: false, in: id)
        #expect(try await bench.store.require(id).value(flag) == false)
    }

    /// Scenario 11: large values, small claims, broken bytes; other sections are not concerned.
    @Test func largeAndBrokenSections() async throws {
        let bench = try Bench { $0.maximumSectionBytes = 2 << 20 }
        let store = bench.store
        let text = SessionSection<String>("text")
        let id = try await store.create().session.id
        for count in [2048, 1 << 20 - 3, 1 << 20 + 1] {
            let value = String(repeating: "häppchen ", count: count / 9)
            try await store.set(text, to: value, in: id)
            #expect(try await store.require(id).value(text) == value)
        }
        let tooLarge = await #expect(throws: SessionError.self) {
            try await store.set(text, to: String(repeating: "x", count: 3 << 20), in: id)
        }
        #expect(tooLarge?.code == .tooLarge)
        try await store.set(Sections.cart, to: Cart(items: ["kept"]), in: id)
        let key = store.keys.session(id.handle)
        let head: [UInt8] = [0x11, 0]
        for (bytes, code) in [
            ([1, 2, 3], SessionError.Code.undecodable), (head + [0xFF, 0xFF, 0xFF, 0xFF, 7], .tooLarge),
            (head + [0x80, 2, 9], .undecodable), (head + [0x80], .undecodable),
            ([0x18] + [UInt8](repeating: 0, count: 20), .undecodable),
            ([0x12] + [UInt8](repeating: 0, count: 20), .integrity), ([0x14, 0, 0], .undecodable),
        ] {
            try await bench.client.send("HSET", key, "s/text", bytes)
            let session = try await store.require(id)
            let error = #expect(throws: SessionError.self) { try session.value(text) }
            #expect(error?.code == code)
            #expect(try session.value(Sections.cart) == Cart(items: ["kept"]))
        }
        #expect(store.statistics.corruptionErrors == 7)
    }

    /// Scenario 11: the largest section that is allowed.
    @Test func sixteenMegabytes() async throws {
        let bench = try Bench { $0.compressionThreshold = nil }
        let text = SessionSection<String>("text")
        let id = try await bench.store.create().session.id
        // JSON takes two more bytes.
        let value = String(repeating: "x", count: 16 << 20 - 2)
        try await bench.store.set(text, to: value, in: id)
        #expect(try await bench.store.require(id).value(text) == value)
        let error = await #expect(throws: SessionError.self) {
            try await bench.store.set(text, to: value + "x", in: id)
        }
        #expect(error?.code == .tooLarge)
    }

    /// Not a cipher, but it has a key and notices what was changed.
    private struct Toy: SessionCipher {
        struct Wrong: Error {}

        var key: UInt8 = 0x5A

        func seal(_ bytes: [UInt8], context: [UInt8]) -> [UInt8] {
            SHA256.authenticate(bytes, key: context + [key]) + bytes.map { $0 ^ key }
        }

        func open(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8] {
            let plain = bytes.dropFirst(32).map { $0 ^ key }
            guard SHA256.authenticate(plain, key: context + [key]) == Array(bytes.prefix(32)) else { throw Wrong() }
            return plain
        }
    }

    /// Scenario 11: without the right key a section is not to be read; other sections, and the session, are.
    @Test func theWrongKey() async throws {
        let bench = try Bench { $0.cipher = Toy() }
        let id = try await bench.store.create().session.id
        try await bench.store.set(Sections.cart, to: Cart(items: ["secret"]), in: id)
        var configuration = SessionStoreConfiguration()
        configuration.cipher = Toy(key: 0x11)
        let stranger = try SessionStore(bench.client, configuration: configuration)
        try await stranger.set(Sections.csrf, to: "token", in: id)
        let session = try await stranger.require(id)
        let error = #expect(throws: SessionError.self) { try session.value(Sections.cart) }
        #expect(error?.code == .integrity)
        #expect(try session.value(Sections.csrf) == "token")
        #expect(try await bench.store.require(id).value(Sections.cart) == Cart(items: ["secret"]))
    }

    /// The seam for encryption: sections are sealed for their session and name.
    @Test func encryptedSections() async throws {
        let bench = try Bench { $0.cipher = Toy() }
        let store = bench.store
        let id = try await store.create().session.id
        let value = Cart(items: ["secret"])
        try await store.set(Sections.cart, to: value, in: id)
        #expect(try await store.require(id).value(Sections.cart) == value)
        let stored = try await bench.client.send("HGET", store.keys.session(id.handle), "s/cart", as: [UInt8].self)
        #expect(!String(decoding: stored, as: UTF8.self).contains("secret"))
        let rotated = try await store.rotate(id)
        #expect(try rotated.value(Sections.cart) == value)
        let user = try await store.promote(rotated.id, to: "ann", keeping: ["cart"]).session
        #expect(try await store.require(user.id).value(Sections.cart) == value)
        let other = try await store.create().session
        try await bench.client.send("HSET", store.keys.session(other.handle), "s/cart", stored)
        let moved = try await store.require(other.id)
        let error = #expect(throws: SessionError.self) { try moved.value(Sections.cart) }
        #expect(error?.code == .integrity)
    }
}
