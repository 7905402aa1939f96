// SET with all its options, and the older spellings SETNX, SETEX, PSETEX, GETSET.

import Testing

@testable import Martlet

struct SetTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test func setsWhateverWasThere() throws {
        try server.plantList("k")
        try server.expect([
            "SET k v": .ok, "GET k": "v", "SET k \"\"": .ok, "GET k": "", "SET \"\" e": .ok, "GET \"\"": "e",
        ])
    }

    @Test func storesInTheEncodingsOfRedis() throws {
        let embedded = String(repeating: "x", count: 44)
        for (value, encoding) in [
            ("123", "int"), ("-9223372036854775808", "int"), ("9223372036854775808", "embstr"), ("01", "embstr"),
            ("1.5", "embstr"), ("\"\"", "embstr"), (embedded, "embstr"), (embedded + "x", "raw"),
            (String(repeating: "y", count: 70_000), "raw"),
        ] {
            try server.run("SET k \(value)")
            #expect(server.encoding("k") == encoding, "\(value.prefix(60))")
        }
    }

    @Test func conditions() throws {
        try server.expect([
            "SET k 1 XX": .null, "GET k": .null, "SET k 1 NX": .ok, "SET k 2 nx": .null, "SET k 3 xx": .ok,
            "GET k": "3",
        ])
    }

    @Test func getReturnsTheOldValue() throws {
        try server.expect([
            "SET k 1 GET": .null, "SET k 2 GET": "1", "SET k 3 NX GET": "2", "GET k": "2", "SET k 4 XX GET": "2",
            "SET n 1 XX GET": .null, "GET n": .null, "SET n 1 NX GET": .null, "GET n": "1",
        ])
    }

    @Test func getWantsAString() throws {
        try server.plantList("l")
        try server.expect([
            "SET l v GET": .wrongType, "SET l v NX GET": .wrongType, "SET l v NX": .null, "SET l v XX": .ok,
            "GET l": "v",
        ])
    }

    @Test func deadlines() throws {
        let now = TestServer.start
        for (line, deadline) in [
            ("SET k v EX 10", now + 10_000), ("SET k v px 11", now + 11),
            ("SET k v EXAT 1800000000", 1_800_000_000_000), ("SET k v PXAT 1800000000001", 1_800_000_000_001),
            ("SET k w KEEPTTL", 1_800_000_000_001), ("SET k 17 keepttl", 1_800_000_000_001), ("SET k v", nil),
            ("SET k v EX 5 EX 6", now + 6000), ("SET k v KEEPTTL KEEPTTL", now + 6000),
        ] as [(String, Int64?)] {
            #expect(try server.run(line) == .ok, "\(line)")
            #expect(server.deadline("k") == deadline, "\(line)")
        }
        server.advance(milliseconds: 6001)
        try server.expect(["GET k": .null, "SET k v PXAT 1": .ok, "GET k": .null])
    }

    @Test func wrongDeadlines() throws {
        let invalid = RESPValue.error("ERR invalid expire time in 'set' command")
        try server.plantList("l")
        try server.expect([
            "SET k v EX 0": invalid, "SET k v PX -1": invalid, "SET k v EXAT 0": invalid,
            "SET k v EX 9223372036854775": invalid, "SET k v EX 9223372036854775807": invalid,
            "SET k v PX 9223372036854775807": invalid, "SET k v PXAT 9223372036854775807": .ok,
            "SET k v EXAT 9223372036854775": .ok, "SET k v EX abc": .notInteger, "SET k v EX \"\"": .notInteger,
            "SET l v EX 0 GET": invalid, "SET l v EX x NX": .notInteger,
        ])
    }

    @Test func contradictions() throws {
        for options in [
            "NX XX", "XX NX", "EX 1 PX 1", "PX 1 EXAT 1", "EX 1 KEEPTTL", "KEEPTTL EX 1", "EX", "NX EX", "PXAT", "junk",
            "\"\"", "PERSIST", "GET GET junk",
        ] {
            #expect(try server.run("SET k v \(options)") == .syntaxError, "\(options)")
        }
        try server.expect([
            "GET k": .null, "SET k v NX NX": .ok, "SET k v GET GET XX XX": "v",
            "SET k": .error("ERR wrong number of arguments for 'set' command"),
        ])
    }

    @Test func countsChanges() throws {
        try server.expectChanges([
            "SET k v": 1, "SET k v NX": 0, "SET n v XX": 0, "SET k w GET": 1, "SET k x EX": 0, "SETNX k v": 0,
            "SETNX m v": 1, "SETEX k 1 v": 1, "SETEX k 0 v": 0, "GETSET k v": 1,
        ])
    }

    @Test func nullsOfBothProtocols() throws {
        #expect(try server.wire("SET k v XX", .resp2) == "$-1\r\n")
        #expect(try server.wire("SET k v XX", .resp3) == "_\r\n")
        #expect(try server.wire("SET k v", .resp3) == "+OK\r\n")
    }

    @Test func setnx() throws {
        try server.plantList("l")
        try server.expect(["SETNX k v": 1, "SETNX k w": 0, "GET k": "v", "SETNX l v": 0])
        try server.run("PSETEX t 5 v")
        server.advance(milliseconds: 6)
        try server.expect(["SETNX t w": 1, "GET t": "w"])
        #expect(server.deadline("t") == nil)
    }

    @Test func setexAndPsetex() throws {
        try server.expect(["SETEX k 10 v": .ok, "GET k": "v"])
        #expect(server.deadline("k") == TestServer.start + 10_000)
        try server.expect(["PSETEX k 10 12": .ok, "GET k": "12"])
        #expect(server.deadline("k") == TestServer.start + 10)
        try server.expect([
            "SETEX k 0 v": .error("ERR invalid expire time in 'setex' command"),
            "SETEX k 9223372036854775807 v": .error("ERR invalid expire time in 'setex' command"),
            "PSETEX k -5 v": .error("ERR invalid expire time in 'psetex' command"),
            "PSETEX k 9223372036854775807 v": .error("ERR invalid expire time in 'psetex' command"),
            "SETEX k 1.5 v": .notInteger,
        ])
    }

    @Test func getset() throws {
        try server.plantList("l")
        try server.expect([
            "GETSET k 1": .null, "GETSET k v": "1", "GET k": "v", "GETSET l v": .wrongType, "SETEX k 100 v": .ok,
            "GETSET k w": "v",
        ])
        #expect(server.deadline("k") == nil)
    }
}
