// Faults: which commands they meet, what clients see, and that nothing stays.

import Martlet
import MartletClient
import MartletTesting
import TestSupport
import Testing

struct FaultTests {
    static func client(of fake: MartletFake, retries: Int = 0) throws -> RedisClient {
        var configuration = RedisClientConfiguration().patient
        configuration.retry.retries = retries
        guard let url = fake.url else { return fake.makeClient(configuration) }
        var wired = try RedisClientConfiguration(url: url).patient
        wired.retry.retries = retries
        return try RedisClient(wired)
    }

    @Test(arguments: [MartletFake.Place.inProcess, .tcp])
    func errorsMeetWhatTheyAreFor(place: MartletFake.Place) async throws {
        let fake = try MartletFake(place)
        let client = try Self.client(of: fake)
        try await fake.with(Fault(.error(.outOfMemory), on: "set", "user:*", when: .nth(2))) {
            try await client.send("SET", "user:1", "a")
            try await client.send("SET", "other", "a")
            try await client.send("GET", "user:1")
            let error = await #expect(throws: RedisError.self) { try await client.send("SET", "user:2", "a") }
            #expect(error?.serverCode == "OOM")
            try await client.send("SET", "user:2", "b")
        }
        #expect(fake["user:2"] == "b" && fake["user:1"] == "a")
        let report = try #require(fake.faults.first)
        #expect(report.matched == 3 && report.fired == 1 && !report.isActive)
        #expect(report.description.contains("OOM") && report.description.contains("met 1 of 3, removed"))
        try await client.send("SET", "user:3", "a")
        #expect(fake.faults[0].matched == 3)
        client.close()
    }

    @Test func everyFirstAndNext() async throws {
        let fake = try MartletFake()
        let client = try Self.client(of: fake)
        func pings(_ count: Int) async -> [Bool] {
            var results: [Bool] = []
            for _ in 0..<count { results.append((try? await client.send("ECHO", "x")) != nil) }
            return results
        }
        await fake.with(Fault(.error(FaultError("ERR mine")), on: "ECHO", when: .first(2))) {
            #expect(await pings(3) == [false, false, true])
        }
        await fake.with(Fault(.error(.loading), when: .next)) { #expect(await pings(2) == [false, true]) }
        await fake.with(Fault(.error(.clusterDown))) { #expect(await pings(3) == [false, false, false]) }
        #expect(await pings(1) == [true])
        let token = fake.add(Fault(.error(.moved(slot: 1, to: "127.0.0.1:1")), on: "ECHO"))
        #expect(await pings(1) == [false])
        token.remove()
        #expect(await pings(1) == [true])
    }

    /// An error within MULTI ends the transaction, as any other refusal does.
    @Test func transactionsAreAborted() async throws {
        let fake = try MartletFake()
        let connection = try fake.connect()
        fake.add(Fault(.error(.readOnly), on: "SET"))
        _ = try await connection.send("MULTI")
        #expect(try await connection.send("SET", "a", "1") == .error(FaultError.readOnly.text))
        guard case .error(let text) = try await connection.send("EXEC") else {
            Issue.record("EXEC did not fail")
            return
        }
        #expect(text.hasPrefix("EXECABORT"))
    }

    @Test(arguments: [MartletFake.Place.inProcess, .tcp])
    func connectionsAreCut(place: MartletFake.Place) async throws {
        let fake = try MartletFake(place)
        let client = try Self.client(of: fake)
        try await client.send("PING")
        for (effect, expected) in [(Fault.Effect.cutBefore, nil), (.cutAfter, "2"), (.halfReply, "2")] {
            fake["a"] = nil
            await fake.with(Fault(effect, on: "SET", when: .next)) {
                let error = await #expect(throws: RedisError.self) { try await client.send("SET", "a", "2") }
                #expect(error?.code == .connection, "\(effect)")
            }
            #expect(fake["a"] == expected.map { .string($0) }, "\(effect)")
            #expect(try await client.send("PING").string == "PONG")
        }
        client.close()
    }

    /// What only reads is asked again; what may have been done is not.
    @Test(arguments: [MartletFake.Place.inProcess, .tcp])
    func theClientConnectsAnew(place: MartletFake.Place) async throws {
        let fake = try MartletFake(place)
        let client = try Self.client(of: fake, retries: 3)
        try await client.send("SET", "a", "1")
        try await fake.with(Fault(.cutAfter, on: "GET", when: .first(2))) {
            let reply = try await client.send("GET", "a")
            #expect(reply.string == "1")
        }
        expect(fake).received("GET", "a", times: 3)
        await fake.with(Fault(.cutAfter, on: "INCR", when: .next)) {
            let error = await #expect(throws: RedisError.self) { try await client.send("INCR", "n") }
            #expect(error?.outcome == .unknown)
        }
        #expect(fake["n"] == "1")
        expect(fake).received("INCR", "n", times: 1)
        client.close()
    }

    /// The reply waits for the fake's clock, and what the same client sends behind it for the reply.
    @Test(arguments: [MartletFake.Place.inProcess, .tcp])
    func repliesAreDelayed(place: MartletFake.Place) async throws {
        let fake = try MartletFake(place)
        fake.clock.freeze()
        let client = try Self.client(of: fake)
        let other = try Self.client(of: fake)
        try await client.send("PING")
        fake.add(Fault(.delay(.seconds(10)), on: "INCR", when: .next))
        async let both = client.pipeline([RedisCommand("INCR", "n"), RedisCommand("GET", "n")])
        while fake["n"] != "1" { try await other.send("PING") }
        fake.clock.advance(by: .seconds(9))
        #expect(try await other.send("INFO", "clients").string?.contains("blocked_clients:1") == true)
        fake.clock.advance(by: .seconds(1))
        let replies = try await both.map { try $0.get() }
        #expect(replies == [.integer(1), .bulkString(Array("1".utf8))])
        client.close()
        other.close()
    }

    @Test func connectionsAreRefused() async throws {
        let fake = try MartletFake(.tcp)
        let client = try Self.client(of: fake)
        try await client.send("PING")
        await fake.with(Fault(.refuseConnections)) {
            let late = try? Self.client(of: fake)
            await #expect(throws: RedisError.self) { try await late?.send("PING") }
            #expect(throws: ConnectionClosed.self) { try fake.connect() }
            #expect((try? await client.send("PING")) != nil)
        }
        #expect(fake.faults.map(\.fired) == [2] && fake.faults[0].description == "CONNECTIONS: met 2 of 2, removed")
        await fake.with(Fault(.refuseConnections, when: .next)) {
            #expect(throws: ConnectionClosed.self) { try fake.connect() }
            #expect((try? fake.connect()) != nil)
        }
        let again = try Self.client(of: fake)
        try await again.send("PING")
        again.close()
        client.close()
    }

    /// A full disk: saves fail, and with an append only file no write is promised.
    @Test func diskIsFull() async throws {
        var configuration = Configuration()
        configuration.appendonly = true
        configuration.appendfsync = .always
        let fake = try MartletFake(configuration: configuration)
        let client = try Self.client(of: fake)
        try await client.send("SET", "a", "1")
        await fake.with(Fault(.fullDisk)) {
            await #expect(throws: RedisError.self) { try await client.send("SAVE") }
            await #expect(throws: RedisError.self) { try await client.send("SET", "a", "2") }
            let error = await #expect(throws: RedisError.self) { try await client.send("SET", "a", "3") }
            #expect(error?.serverCode == "MISCONF")
        }
        #expect(fake.faults[0].fired > 1)
        fake.clock.advance(by: .seconds(2))
        try await client.send("SAVE")
        #expect(try await client.send("SET", "a", "4").string == "OK")
    }
}
