// GET, GETDEL, GETEX, MGET.

import Testing

@testable import Martlet

struct GetTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test func getdel() throws {
        try server.plantList("l")
        try server.expect(["SET k v": .ok, "GETDEL k": "v", "GETDEL k": .null, "GET k": .null, "GETDEL l": .wrongType])
        let long = String(repeating: "v", count: 40_000)
        try server.expect(["SET k \(long)": .ok, "GETDEL k": .bulkString(Array(long.utf8)), "GET k": .null])
        try server.expectChanges(["GETDEL k": 0, "SET k v": 1, "GETDEL k": 1])
    }

    @Test func getexSetsAndDropsDeadlines() throws {
        let now = TestServer.start
        try server.run("SET k v")
        for (options, deadline) in [
            ("", nil), ("EX 10", now + 10_000), ("", now + 10_000), ("px 11", now + 11),
            ("EXAT 1800000000", 1_800_000_000_000), ("PXAT 1800000000001", 1_800_000_000_001), ("PERSIST", nil),
            ("PERSIST persist", nil), ("EX 1 EX 2", now + 2000),
        ] as [(String, Int64?)] {
            #expect(try server.run("GETEX k \(options)") == "v", "\(options)")
            #expect(server.deadline("k") == deadline, "\(options)")
        }
    }

    @Test func getexWithATimeThatIsOverDeletes() throws {
        try server.expect(["SET k v": .ok, "GETEX k EXAT 1": "v", "GET k": .null, "SET k v": .ok])
        try server.expect(["GETEX k PXAT \(TestServer.start)": "v", "GETEX k": .null])
    }

    @Test func getexRefusals() throws {
        let invalid = RESPValue.error("ERR invalid expire time in 'getex' command")
        try server.plantList("l")
        try server.expect([
            "GETEX none EX 0": .null, "GETEX none EX x": .null, "GETEX none EX": .syntaxError,
            "GETEX l EX 0": .wrongType, "SET k v": .ok, "GETEX k EX 0": invalid, "GETEX k PX -1": invalid,
            "GETEX k EX 9223372036854775807": invalid, "GETEX k PX 9223372036854775807": invalid,
            "GETEX k EX x": .notInteger, "GETEX k junk": .syntaxError, "GETEX k KEEPTTL": .syntaxError,
            "GETEX k NX": .syntaxError, "GETEX k EX 1 PX 1": .syntaxError, "GETEX k PERSIST EX 1": .syntaxError,
            "GETEX k EX 1 PERSIST": .syntaxError, "GETEX k EXAT": .syntaxError,
        ])
        #expect(server.deadline("k") == nil)
    }

    @Test func getexCountsChanges() throws {
        try server.expectChanges([
            "SET k v": 1, "GETEX k": 0, "GETEX k PERSIST": 0, "GETEX k EX 5": 1, "GETEX k PERSIST": 1,
            "GETEX k PXAT 1": 1, "GETEX k EX 5": 0,
        ])
    }

    @Test func mgetGivesNullForWhatIsNoString() throws {
        try server.plantList("l")
        let large = String(repeating: "x", count: 20_000)
        try server.expect([
            "SET a 1": .ok, "SET b \(large)": .ok,
            "MGET a l none b a": ["1", .null, .null, RESPValue.text(large), "1"],
            "MGET": .error("ERR wrong number of arguments for 'mget' command"),
        ])
        #expect(try server.wire("MGET a none", .resp2) == "*2\r\n$1\r\n1\r\n$-1\r\n")
        #expect(try server.wire("MGET a none", .resp3) == "*2\r\n$1\r\n1\r\n_\r\n")
    }

    @Test func readsCountHitsAndMisses() throws {
        try server.plantList("l")
        try server.run("SET a 1")
        let before = hitsAndMisses()
        for line in ["GET a", "MGET a l none", "STRLEN none", "SET a 2", "SET a 3 GET", "GETEX a", "INCR none2"] {
            try server.run(line)
        }
        let after = hitsAndMisses()
        #expect(zip(after, before).map { $0 - $1 } == [5, 2])
    }

    private func hitsAndMisses() -> [Int] {
        server.inspect { [$0.keyspace.value.statistics.hits, $0.keyspace.value.statistics.misses] }
    }
}
