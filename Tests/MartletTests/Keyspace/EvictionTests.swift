// maxmemory: what goes, what stays, who hears of it, and that a choice by samples is nearly as good as one by order.

import Testing

@testable import Martlet

struct EvictionTests {
    private static func server(_ policy: EvictionPolicy, seed: UInt64 = 1) throws -> TestServer {
        var configuration = Configuration()
        configuration.maxmemoryPolicy = policy
        configuration.maxmemoryEvictionTenacity = 100
        return try TestServer(seed: seed, configuration: configuration)
    }

    private static let volatilePolicies: [EvictionPolicy] = [.volatileLRU, .volatileLFU, .volatileRandom, .volatileTTL]

    /// Sets the limit to what is in use and so much more.
    private static func limit(_ server: TestServer, slack: Int) throws {
        let used = server.inspect { $0.limitedMemory }
        #expect(try server.run("CONFIG SET maxmemory \(used + slack)") == .ok)
    }

    @Test(arguments: EvictionPolicy.allCases)
    func theLimitHolds(policy: EvictionPolicy) throws {
        let server = try Self.server(policy)
        for number in 0..<500 { try server.run("SETEX key:\(number) 10000 \(String(repeating: "x", count: 100))") }
        try Self.limit(server, slack: 4096)
        var refused = 0
        for number in 500..<2000 {
            if case .error = try server.run("SETEX key:\(number) 10000 \(String(repeating: "x", count: 100))") {
                refused += 1
            }
        }
        #expect(server.inspect { $0.limitedMemory <= Int($0.configuration.value.maxmemory) + 512 })
        #expect((refused > 0) == (policy == .noEviction))
        let evicted = server.inspect { $0.keyspace.value.statistics.evictedKeys }
        #expect((evicted > 1000) == (policy != .noEviction))
        #expect(server.inspect { $0.keyspace.value.databases[0].table.brokenInvariant() } == nil)
        #expect(server.inspect { $0.keyspace.value.databases[0].wheel.brokenInvariant() } == nil)
    }

    /// One round may end before there is room; the next one must not wait for somebody to send something.
    @Test func evictionGoesOnByItself() throws {
        var configuration = Configuration()
        configuration.maxmemoryPolicy = .allKeysLRU
        configuration.maxmemoryEvictionTenacity = 0
        let server = try TestServer(configuration: configuration)
        try server.run("DEBUG POPULATE 20000 key 100")
        try server.run("CONFIG SET maxmemory 1")
        #expect(eventually { server.inspect { $0.keyspace.value.databases[0].count } == 0 })
    }

    @Test(arguments: Self.volatilePolicies)
    func keysWithoutDeadlineAreSafe(policy: EvictionPolicy) throws {
        let server = try Self.server(policy)
        for number in 0..<200 { try server.run("SET stays:\(number) \(number)") }
        for number in 0..<200 { try server.run("SETEX goes:\(number) 1000 \(number)") }
        try Self.limit(server, slack: 0)
        for number in 200..<1000 { try server.run("SETEX goes:\(number) 1000 \(number)") }
        for number in 0..<200 { #expect(try server.run("EXISTS stays:\(number)") == 1) }
        // With nothing left that may go, what needs memory is refused, and nothing else is.
        for number in 0..<1000 { try server.run("PERSIST goes:\(number)") }
        try server.run("CONFIG SET maxmemory 1")
        let refusal = RESPValue.error("OOM command not allowed when used memory > 'maxmemory'.")
        try server.expect([
            "SET other 1": refusal, "GET stays:1": "1", "DEL stays:1": 1, "EXISTS stays:1": 0, "MULTI": .ok,
            "GET stays:2": refusal,
            "EXEC": .error("EXECABORT Transaction discarded because of previous errors."),
        ])
    }

    /// A few keys with a deadline among very many without one are found all the same.
    @Test func rareVolatileKeysAreFound() throws {
        let server = try Self.server(.volatileLRU)
        try server.run("DEBUG POPULATE 20000")
        for number in 0..<10 { try server.run("SETEX rare:\(number) \(1000 * (number + 1)) x") }
        try server.run("CONFIG SET maxmemory 1")
        try server.run("PING")
        for number in 0..<10 { #expect(try server.run("EXISTS rare:\(number)") == 0) }
        #expect(try server.run("DBSIZE") == 20000)
    }

    @Test func nearestDeadlinesGoFirst() throws {
        let server = try Self.server(.volatileTTL)
        for number in 1...300 { try server.run("SETEX key:\(number) \(number * 10) x") }
        try Self.limit(server, slack: 0)
        for number in 1...100 { try server.run("SETEX late:\(number) 1000000 x") }
        let left = try (1...300).filter { try server.run("EXISTS key:\($0)") == 1 }
        #expect(left.count < 300 && left.count > 150)
        // Those with the nearest deadlines went, nearly in their order.
        #expect(left.filter { $0 <= (300 - left.count) * 9 / 10 }.isEmpty)
    }

    /// The share of used keys among those that survive: near all by LRU and LFU, their part by chance.
    private static func survival(_ policy: EvictionPolicy, seed: UInt64, samples: Int) throws -> Double {
        let server = try Self.server(policy, seed: seed)
        try server.run("CONFIG SET maxmemory-samples \(samples)")
        let count = 1000
        for number in 0..<count {
            try server.run("SET key:\(number) x")
            if number % 20 == 0 { server.advance(milliseconds: 1000) }
        }
        // The first half is used again, last written first; by LFU it is used often.
        for _ in 0..<(policy == .allKeysLFU ? 20 : 1) {
            for number in (0..<count / 2).reversed() {
                try server.run("GET key:\(number)")
                if number % 20 == 0 { server.advance(milliseconds: 1000) }
            }
        }
        try Self.limit(server, slack: 0)
        var next = 0
        while try server.run("DBSIZE") != .integer(Int64(count)) || next < count / 2 {
            try server.run("SET new:\(next) x")
            next += 1
            if next >= count / 2 { break }
        }
        let used = try (0..<count / 2).count { try server.run("EXISTS key:\($0)") == 1 }
        return Double(used) / Double(count / 2)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func samplesAreNearlyAsGoodAsAnOrder(seed: UInt64) throws {
        // Of 1,000 keys about 500 go. In perfect order all of the 500 used ones would stay.
        #expect(try Self.survival(.allKeysLRU, seed: seed, samples: 5) > 0.85)
        #expect(try Self.survival(.allKeysLRU, seed: seed, samples: 10) > 0.9)
        #expect(try Self.survival(.allKeysLFU, seed: seed, samples: 5) > 0.75)
        #expect(try Self.survival(.allKeysRandom, seed: seed, samples: 5) < 0.75)
    }

    @Test func whoHearsOfIt() async throws {
        let server = try Self.server(.allKeysRandom)
        try server.run("CONFIG SET notify-keyspace-events Ee")
        let listener = try server.client()
        try listener.run("SUBSCRIBE __keyevent@0__:evicted")
        let reader = try server.client()
        try reader.run("CLIENT TRACKING ON")
        try server.run("SET only 1")
        try reader.run("GET only")
        try server.run("WATCH only")
        try server.run("CONFIG SET maxmemory 1")
        try server.run("PING")
        server.runDueWork()
        #expect(await listener.message() == .push(["message", "__keyevent@0__:evicted", "only"]))
        #expect(await reader.message() == .push(["invalidate", ["only"]]))
        try server.expect([
            "CONFIG SET maxmemory 0": .ok, "MULTI": .ok, "PING": .simpleString("QUEUED"), "EXEC": .null,
        ])
        #expect(try server.run("INFO stats").string?.contains("evicted_keys:1\r\n") == true)
    }

    @Test func evictionIsLogged() throws {
        let files = MemoryFileSystem()
        var configuration = Configuration()
        configuration.appendonly = true
        configuration.maxmemoryPolicy = .allKeysRandom
        configuration.dir = "/"
        let server = try TestServer(configuration: configuration, fileSystem: files)
        try server.expect(["SET gone 1": .ok, "CONFIG SET maxmemory 1": .ok, "PING": .simpleString("PONG")])
        try server.run("CONFIG SET maxmemory 0")
        try server.run("SET stays 1")
        #expect(try server.run("DEBUG LOADAOF") == .ok)
        try server.expect(["EXISTS gone": 0, "EXISTS stays": 1])
    }

    @Test func frequencies() throws {
        let server = try Self.server(.allKeysLFU)
        try server.expect(["SET key 1": .ok, "OBJECT FREQ key": 5])
        for _ in 0..<200 { try server.run("GET key") }
        let often = try #require(try server.run("OBJECT FREQ key").integer)
        #expect(often > 8 && often < 40)
        try server.run("SET key 2")
        #expect(try #require(try server.run("OBJECT FREQ key").integer) >= often, "an overwritten key was used, too")
        server.advance(milliseconds: 3 * 60_000)
        #expect(try #require(try server.run("OBJECT FREQ key").integer) <= often - 1)
        #expect(try server.run("OBJECT IDLETIME key").isError)
        let payload = try #require(try server.run("DUMP key").bytes)
        let restored = try server.connection.send("RESTORE", "copy", "0", payload, "FREQ", "77")
        #expect(restored == .ok)
        let count = try #require(try server.run("OBJECT FREQ key").integer)
        try server.expect(["RENAME key moved": .ok])
        #expect(try #require(try server.run("OBJECT FREQ moved").integer) >= count, "a moved key keeps its count")
        try server.expect(["OBJECT FREQ copy": 77, "CONFIG SET maxmemory-policy allkeys-lru": .ok])
        #expect(try server.run("OBJECT FREQ copy").isError)
    }

    @Test func usesAreSavedAndLoaded() throws {
        let files = MemoryFileSystem()
        for policy in [EvictionPolicy.allKeysLFU, .allKeysLRU] {
            var configuration = Configuration()
            configuration.maxmemoryPolicy = policy
            configuration.dir = "/"
            let server = try TestServer(configuration: configuration, fileSystem: files)
            try server.expect(["SET key 1": .ok])
            for _ in 0..<100 { try server.run("GET key") }
            let field = policy == .allKeysLFU ? "FREQ" : "IDLETIME"
            if policy == .allKeysLRU { server.advance(milliseconds: 77_000) }
            let before = try server.run("OBJECT \(field) key")
            #expect(try server.run("DEBUG RELOAD") == .ok)
            #expect(try server.run("OBJECT \(field) key") == before)
        }
    }

    @Test func aClientWithoutTouchLeavesNoTrace() throws {
        let server = try TestServer()
        try server.run("SET key 1")
        server.advance(milliseconds: 10_000)
        try server.expect([
            "CLIENT NO-TOUCH ON": .ok, "GET key": "1", "OBJECT IDLETIME key": 10, "TOUCH key": 1,
            "OBJECT IDLETIME key": 0,
        ])
        server.advance(milliseconds: 5000)
        try server.expect(["CLIENT NO-TOUCH OFF": .ok, "GET key": "1", "OBJECT IDLETIME key": 0])
        #expect(try server.run("CLIENT NO-TOUCH MAYBE").isError)
    }

    @Test func smallNumbersHaveUsesOfTheirOwn() throws {
        let server = try Self.server(.allKeysLRU)
        try server.expect(["SET key 1": .ok, "OBJECT REFCOUNT key": 2_147_483_647])
        try server.expect(["CONFIG SET maxmemory 1gb": .ok, "OBJECT REFCOUNT key": 1])
        try server.expect(["CONFIG SET maxmemory-policy allkeys-random": .ok, "OBJECT REFCOUNT key": 2_147_483_647])
    }
}

struct EvictionPoolTests {
    private func candidate(_ score: UInt64) -> EvictionPool.Candidate {
        EvictionPool.Candidate(score: score, hash: score, database: 0)
    }

    @Test func theBestOfAllOffersComeFirst() {
        var dice = SeededRandom(seed: 7)
        var pool = EvictionPool()
        var scores = Set<UInt64>()
        for _ in 0..<200 {
            let score = UInt64(dice.below(1000))
            scores.insert(score)
            pool.offer(candidate(score))
        }
        var taken: [UInt64] = []
        while let best = pool.takeBest() { taken.append(best.score) }
        #expect(taken == Array(scores.sorted(by: >).prefix(16)))
    }
}

struct UseFrequencyTests {
    @Test func countersGrowSlowly() {
        var dice = SeededRandom(seed: 3)
        var frequency = UseFrequency(minutes: 100)
        let pace = UseFrequency.Pace(logFactor: 10, decayMinutes: 1)
        var afterUses: [Int: UInt8] = [:]
        for use in 1...1_000_000 {
            frequency.use(at: 100, pace, &dice)
            if [100, 1000, 100_000, 1_000_000].contains(use) { afterUses[use] = frequency.counter }
        }
        // Redis's table for factor 10: 10, 18, 142, 255.
        #expect((7...14).contains(afterUses[100] ?? 0))
        #expect((14...24).contains(afterUses[1000] ?? 0))
        #expect((125...160).contains(afterUses[100_000] ?? 0))
        #expect(afterUses[1_000_000] == 255)
    }

    @Test func countersFallWithTime() {
        let frequency = UseFrequency(minutes: 65_530, counter: 20)
        let pace = UseFrequency.Pace(logFactor: 10, decayMinutes: 2)
        #expect(frequency.counter(at: 65_530, pace) == 20)
        // The clock of minutes starts over.
        #expect(frequency.counter(at: 4, pace) == 15)
        #expect(frequency.counter(at: 1000, pace) == 0)
        #expect(frequency.counter(at: 1000, UseFrequency.Pace(logFactor: 10, decayMinutes: 0)) == 20)
        #expect(UseFrequency(access: frequency.access) == frequency)
    }
}
