// Keys vanish when their time is over, however many there are and whatever the clock does.

import Testing

@testable import Martlet

struct ExpiryOnTimeTests {
    private let start = TestServer.start

    @Test("100,000 keys that are due in the same millisecond go in the next one")
    func sameInstant() throws {
        let server = try TestServer()
        let (count, deadline) = (100_000, start + 86_400_000)
        server.inspect { server in
            for number in 0..<count {
                let (key, value) = (Array("key:\(number)".utf8), Array("value".utf8))
                server.keyspace.value.setString(key.span, to: value.span, deadline: .set(deadline), in: number % 2)
            }
        }
        server.advance(milliseconds: 86_400_000)
        server.runDueWork()
        try server.expect(["DBSIZE": 50_000])
        server.advance(milliseconds: 1)
        server.runDueWork()
        let after = server.inspect { server in
            let keyspace = server.keyspace.value.statistics
            return [
                server.keyspace.value.count(in: 0), server.keyspace.value.count(in: 1), keyspace.expiredKeys,
                Int(keyspace.expireLagMaximum), server.keyspace.value.memoryBytes,
            ]
        }
        #expect(after == [0, 0, count, 0, 0])
    }

    @Test("a slice ends when it is told to, and the next goes on")
    func slices() {
        var keyspace = Keyspace(
            databaseCount: 2, seed: HashSeed(1, 2), random: SeededRandom(seed: 3), now: start)
        for number in 0..<1000 {
            let key = Array("key:\(number)".utf8)
            keyspace.setString(key.span, to: key.span, deadline: .set(start + 10), in: number % 2)
        }
        keyspace.setNow(start + 11)
        var (slices, largest, last) = (0, 0, 1000)
        while keyspace.expireDue(until: { true }) {
            let left = keyspace.count(in: 0) + keyspace.count(in: 1)
            largest = max(largest, last - left)
            last = left
            slices += 1
        }
        #expect(keyspace.count(in: 0) + keyspace.count(in: 1) == 0)
        #expect(largest <= 16)
        #expect(slices >= 1000 / 16)
    }

    @Test("every key lives to its own millisecond, near or far", arguments: [UInt64](1...4))
    func everyDistance(seed: UInt64) throws {
        let server = try TestServer()
        var dice = SeededRandom(seed: seed)
        // From milliseconds to a hundred years.
        let deadlines = (0..<300).map { _ in start + 1 + Int64(dice.below(1 << (1 + dice.below(41)))) }.sorted()
        for (number, deadline) in deadlines.enumerated() {
            try server.expect(["SET key:\(number) v": .ok, "PEXPIREAT key:\(number) \(deadline)": 1])
        }
        for (number, deadline) in deadlines.enumerated() {
            server.clock.set(wallMilliseconds: deadline)
            server.runDueWork()
            let expected = deadlines.count { $0 >= deadline }
            let living = server.inspect { $0.keyspace.value.count(in: 0) }
            #expect(living == expected, "seed \(seed), key \(number)")
        }
        server.advance(milliseconds: 1)
        server.runDueWork()
        try server.expect(["DBSIZE": 0])
    }

    @Test("a clock that is set back makes keys live longer, never shorter")
    func clockGoesBack() throws {
        let server = try TestServer()
        try server.expect(["SET a 1 PX 100": .ok])
        server.advance(milliseconds: 50)
        server.runDueWork()
        server.clock.set(wallMilliseconds: start - 10_000)
        server.runDueWork()
        try server.expect(["PTTL a": 10_100])
        server.advance(milliseconds: 10_100)
        server.runDueWork()
        try server.expect(["EXISTS a": 1])
        server.advance(milliseconds: 1)
        server.runDueWork()
        try server.expect(["DBSIZE": 0])
    }
}
