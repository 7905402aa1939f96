// A fake's time: real until it is turned, and the same for all that lives by it.

import Martlet
import MartletClient
import MartletTesting
import TestSupport
import Testing

struct ClockTests {
    @Test func keysAndFieldsLiveByIt() async throws {
        let fake = try MartletFake()
        fake.clock.freeze()
        let client = fake.makeClient(RedisClientConfiguration().patient)
        try await client.send("SET", "a", "1", "EX", 60)
        try await client.send("HSET", "h", "f", "1", "g", "2")
        try await client.send("HEXPIRE", "h", 30, "FIELDS", 1, "f")
        fake.clock.advance(by: .seconds(31))
        #expect(fake["a"] == "1" && fake["h"] == ["g": "2"])
        fake.clock.advance(by: .seconds(30))
        #expect(fake["a"] == nil)
        #expect(try await client.send("DBSIZE").integer == 1)
    }

    @Test func timeStandsAndRunsOn() async throws {
        let fake = try MartletFake()
        let client = fake.makeClient(RedisClientConfiguration().patient)
        fake.clock.freeze()
        let times = [try await client.send("TIME"), try await client.send("TIME")]
        #expect(times[0] == times[1] && !fake.clock.isRunning)
        try await client.send("SET", "a", "1", "PX", 100)
        #expect(fake.timeToLive("a") == .milliseconds(100))
        fake.clock.set(to: 2_000_000_000_000)
        #expect(fake["a"] == nil && fake.clock.milliseconds == 2_000_000_000_000)
        #expect(try await client.send("TIME").elements?.first?.string == "2000000000")
        try await client.send("SET", "b", "1", "PX", 100)
        fake.clock.set(to: 1_900_000_000_000)
        #expect(fake.timeToLive("b") == .milliseconds(100_000_000_100))
        fake.clock.resume()
        #expect(fake.clock.isRunning && fake.clock.milliseconds < 1_950_000_000_000)
        fake.clock.reset()
        #expect(fake.clock.milliseconds < 1_900_000_000_000 || fake.clock.milliseconds > 1_950_000_000_000)
    }

    /// A key that is due soon goes by itself while the clock runs, also when it was frozen before.
    @Test func keysGoByThemselves() async throws {
        let fake = try MartletFake()
        let client = fake.makeClient(RedisClientConfiguration().patient)
        let events = try await expiredEvents(of: fake, client)
        fake.clock.freeze()
        try await client.send("SET", "a", "1", "PX", 30)
        fake.clock.resume()
        for await message in events where message.text == "a" { break }
        #expect(try await client.send("DBSIZE").integer == 0)
    }

    private func expiredEvents(of fake: MartletFake, _ client: RedisClient) async throws -> RedisSubscription {
        try await client.send("CONFIG", "SET", "notify-keyspace-events", "Ex")
        return try await client.subscribe(to: ["__keyevent@0__:expired"])
    }

    /// In the order of their deadlines, whatever the distance, and before `advance` returns.
    @Test func eventsComeInOrder() async throws {
        let fake = try MartletFake(seed: 3)
        fake.clock.freeze()
        let client = fake.makeClient(RedisClientConfiguration().patient)
        let events = try await expiredEvents(of: fake, client)
        var random = SystemRandomNumberGenerator()
        let deadlines = (1...200).map { $0 * $0 * 37 }.shuffled(using: &random)
        for deadline in deadlines { try await client.send("SET", "key:\(deadline)", "1", "PX", deadline) }
        fake.clock.advance(by: .seconds(2000))
        #expect(fake.keys == [])
        var heard: [Int] = []
        for await message in events {
            heard.append(Int(message.text.dropFirst(4)) ?? 0)
            if heard.count == deadlines.count { break }
        }
        #expect(heard == deadlines.sorted())
    }

    @Test func idleTimesFollow() async throws {
        let fake = try MartletFake()
        fake.clock.freeze()
        let client = fake.makeClient(RedisClientConfiguration().patient)
        try await client.send("SET", "a", "1")
        fake.clock.advance(by: .seconds(100))
        #expect(try await client.send("OBJECT", "IDLETIME", "a").integer == 100)
    }

    /// WAIT's timeout is over when the fake's clock says so.
    @Test func waitingClientsFollow() async throws {
        let fake = try MartletFake()
        fake.clock.freeze()
        let client = fake.makeClient(RedisClientConfiguration().patient)
        async let waited = client.withConnection { try await $0.send("WAIT", 1, 60_000) }
        while try await client.send("INFO", "clients").string?.contains("blocked_clients:1") != true {}
        fake.clock.advance(by: .seconds(59))
        #expect(try await client.send("INFO", "clients").string?.contains("blocked_clients:1") == true)
        fake.clock.advance(by: .seconds(1))
        #expect(try await waited.integer == 0)
    }

    /// Years are turned in no time, and the clock stops where Int64 does.
    @Test func farAway() async throws {
        let fake = try MartletFake()
        fake.clock.freeze()
        let client = fake.makeClient(RedisClientConfiguration().patient)
        try await client.send("SET", "a", "1", "EX", 3_000_000_000)
        fake.clock.advance(by: .seconds(2_999_999_999))
        #expect(fake["a"] == "1")
        fake.clock.advance(by: .seconds(2))
        #expect(fake["a"] == nil)
        fake.clock.advance(by: .seconds(Int64.max))
        #expect(try await client.send("PING").string == "PONG")
    }
}
