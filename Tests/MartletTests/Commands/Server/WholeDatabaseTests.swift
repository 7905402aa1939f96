// DBSIZE, FLUSHDB, FLUSHALL, SWAPDB.

import Testing

@testable import Martlet

struct WholeDatabaseTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    @Test("FLUSHDB empties one database", arguments: ["FLUSHDB", "FLUSHDB ASYNC", "flushdb sync"])
    func flushDatabase(line: String) throws {
        try server.expect([
            "SET a 1 EX 10": .ok, "SET b 2": .ok, "COPY b b DB 5": 1, line: .ok, "DBSIZE": 0, "GET a": .null,
            "SET a 3": .ok, "TTL a": -1, "SELECT 5": .ok, "DBSIZE": 1,
        ])
        #expect(server.dirty == 6)
    }

    @Test("FLUSHALL empties all databases", arguments: ["FLUSHALL", "FLUSHALL ASYNC", "flushall sync"])
    func flushAll(line: String) throws {
        try server.expect([
            "SET a 1 EX 10": .ok, "COPY a a DB 5": 1, line: .ok, "DBSIZE": 0, "SELECT 5": .ok, "DBSIZE": 0, line: .ok,
        ])
        #expect(server.dirty == 4)
    }

    @Test("flushing in the background is asked for, or configured")
    func lazyFlush() throws {
        let handedOver = { [server] in
            server.inspect { $0.keyspace.value.reclaimer.pending + $0.keyspace.value.reclaimer.freed }
        }
        try server.expect(["SET a 1": .ok, "FLUSHDB": .ok])
        #expect(handedOver() == 0)
        try server.expect(["SET a 1": .ok, "SET b 1": .ok, "FLUSHDB ASYNC": .ok])
        #expect(handedOver() == 2)
        server.inspect { $0.keyspace.value.lazyFree.onUserFlush = true }
        try server.expect(["SET a 1": .ok, "FLUSHDB SYNC": .ok])
        #expect(handedOver() == 2)
        try server.expect(["SET a 1": .ok, "FLUSHALL": .ok])
        #expect(handedOver() == 3)
    }

    @Test("what is wrong with a flush", arguments: ["FLUSHDB", "FLUSHALL"])
    func flushErrors(command: String) throws {
        let syntax = RESPValue.error("ERR syntax error")
        try server.expect([
            "SET a 1": .ok, "\(command) junk": syntax, "\(command) ASYNC SYNC": syntax, "DBSIZE": 1,
        ])
    }

    @Test("SWAPDB is seen by every client at once")
    func swap() throws {
        let other = try server.server.connect()
        _ = try other.send("SELECT", "1")
        _ = try other.send("SET", "one", "1", "PX", "50")
        try server.expect(["SET zero 0": .ok, "SWAPDB 0 1": .ok, "KEYS *": ["one"], "PTTL one": 50])
        #expect(try other.send("KEYS", "*") == ["zero"])
        #expect(server.dirty == 3)
        server.advance(milliseconds: 51)
        server.runDueWork()
        try server.expect(["DBSIZE": 0, "SWAPDB 0 0": .ok, "SWAPDB 1 0": .ok, "DBSIZE": 1])
    }

    @Test("what is wrong with a SWAPDB")
    func swapErrors() throws {
        let range = RESPValue.error("ERR DB index is out of range")
        try server.expect([
            "SWAPDB x y": .error("ERR invalid first DB index"), "SWAPDB 0 y": .error("ERR invalid second DB index"),
            "SWAPDB 99999999999 0": .error("ERR invalid first DB index"), "SWAPDB 0 16": range, "SWAPDB -1 0": range,
            "SWAPDB 0": .error("ERR wrong number of arguments for 'swapdb' command"),
        ])
    }
}
