// SCAN, KEYS, RANDOMKEY.

import Testing

@testable import Martlet

struct WalkTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    /// Keys of a whole walk, sorted, as often as they were returned.
    private func walk(_ options: String = "") throws -> [String] {
        var keys: [String] = []
        var cursor = "0"
        repeat {
            let reply = try #require(try server.run("SCAN \(cursor) \(options)").elements)
            cursor = try #require(reply[0].string)
            keys += try #require(reply[1].elements).compactMap(\.string)
        } while cursor != "0"
        return keys.sorted()
    }

    @Test("SCAN returns every key once while nothing changes", arguments: ["", "COUNT 1", "COUNT 5", "count 10000"])
    func scan(options: String) throws {
        try server.expect(["DEBUG POPULATE 1000": .ok])
        let keys = try walk(options)
        #expect(keys == (0..<1000).map { "key:\($0)" }.sorted())
    }

    @Test("SCAN of an empty database ends at once")
    func scanEmpty() throws {
        try server.expect(["SCAN 0": ["0", []], "SCAN 12345": ["0", []], "SCAN 18446744073709551615": ["0", []]])
        #expect(try server.wire("SCAN 0") == "*2\r\n$1\r\n0\r\n*0\r\n")
    }

    @Test("SCAN filters by pattern and type")
    func scanFilters() throws {
        try server.expect(["DEBUG POPULATE 1000": .ok])
        #expect(try walk("MATCH key:1??").count == 100)
        #expect(try walk("TYPE STRING MATCH key:* COUNT 10").count == 1000)
        #expect(try walk("TYPE list").isEmpty)
        #expect(try walk("TYPE nonsense").isEmpty)
        #expect(try walk("MATCH \"\"").isEmpty)
    }

    @Test("COUNT bounds the work of a call")
    func scanCount() throws {
        try server.expect(["DEBUG POPULATE 5000": .ok])
        let few = try #require(try server.run("SCAN 0 COUNT 1").elements?[1].elements)
        #expect(few.count <= 2 * HashBucket.places)
        let some = try #require(try server.run("SCAN 0 COUNT 100").elements?[1].elements)
        #expect((100...100 + 2 * HashBucket.places).contains(some.count))
        let all = try #require(try server.run("SCAN 0 COUNT 9223372036854775807").elements)
        #expect(all[0] == "0" && all[1].elements?.count == 5000)
    }

    @Test("SCAN removes keys whose time is over if they match, and does not return them")
    func scanExpired() throws {
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET a 1": .ok, "SET gone 1 PX 1": .ok])
        server.advance(milliseconds: 5)
        try server.expect(["SCAN 0 TYPE list": ["0", []], "SCAN 0 MATCH x*": ["0", []], "DBSIZE": 2])
        try server.expect(["SCAN 0": ["0", ["a"]], "DBSIZE": 1])
    }

    @Test("what is wrong with a SCAN")
    func scanErrors() throws {
        let syntax = RESPValue.error("ERR syntax error")
        let cursor = RESPValue.error("ERR invalid cursor")
        try server.expect([
            "SCAN x": cursor, "SCAN 1.5 COUNT": cursor, "SCAN 18446744073709551616": cursor, "SCAN \" 0\"": cursor,
            "SCAN 0 COUNT 0": syntax, "SCAN 0 COUNT -1": syntax, "SCAN 0 COUNT": syntax, "SCAN 0 MATCH": syntax,
            "SCAN 0 junk 1": syntax, "SCAN 0 TYPE": syntax,
            "SCAN 0 COUNT x": .error("ERR value is not an integer or out of range"),
            "SCAN": .error("ERR wrong number of arguments for 'scan' command"),
        ])
    }

    @Test("KEYS filters by pattern and leaves expired keys out and alone")
    func keys() throws {
        try server.expect([
            "DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET foo_a 1": .ok, "SET foo_b 1 PX 1": .ok, "SET x 1": .ok,
        ])
        server.advance(milliseconds: 5)
        try server.expect([
            "KEYS foo*": ["foo_a"], "KEYS ?": ["x"],
            "KEYS": .error(
                "ERR wrong number of arguments for 'keys' command"), "KEYS nothing": [], "DBSIZE": 3,
        ])
        #expect(try server.wire("KEYS x") == "*1\r\n$1\r\nx\r\n")
        let all = try #require(try server.run("KEYS *").elements)
        #expect(all.count == 2)
    }

    @Test("KEYS answers patterns of many stars quickly")
    func manyStars() throws {
        let key = String(repeating: "a", count: 50_000)
        try server.expect(["SET \(key) 1": .ok, "KEYS \(String(repeating: "*?", count: 50_000))": []])
    }

    @Test("RANDOMKEY gives every key its chance")
    func randomKey() throws {
        try server.expect(["RANDOMKEY": .null, "DEBUG POPULATE 10": .ok])
        var counts: [String: Int] = [:]
        for _ in 0..<2000 { counts[try #require(try server.run("RANDOMKEY").string), default: 0] += 1 }
        // 200 each; beyond 100 and 300 lies less than one draw in 10^12.
        #expect(counts.count == 10 && counts.values.allSatisfy { (100...300).contains($0) }, "\(counts)")
    }

    @Test("RANDOMKEY removes what is over and goes on")
    func randomKeyExpired() throws {
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET a 1 PX 1": .ok, "SET b 1 PX 1": .ok])
        server.advance(milliseconds: 5)
        try server.expect(["RANDOMKEY": .null, "DBSIZE": 0])
    }
}
