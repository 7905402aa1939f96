// DEL, UNLINK, EXISTS, TOUCH, TYPE.

import Testing

@testable import Martlet

struct RemovalTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    @Test("DEL and UNLINK count what they removed", arguments: ["DEL", "UNLINK"])
    func remove(command: String) throws {
        try server.expect([
            "SET a 1": .ok, "SET b 2": .ok, "\(command) a b c a": 2, "DBSIZE": 0, "\(command) a": 0,
            "\(command)": .error("ERR wrong number of arguments for '\(command.lowercased())' command"),
        ])
        #expect(server.dirty == 4)
    }

    @Test("a key whose time is over is not there to be removed", arguments: ["DEL", "UNLINK"])
    func removeExpired(command: String) throws {
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET a 1 PX 10": .ok])
        server.advance(milliseconds: 11)
        try server.expect(["DBSIZE": 1, "\(command) a": 0, "DBSIZE": 0])
        #expect(server.inspect { $0.keyspace.value.statistics.expiredKeys } == 1)
    }

    @Test("UNLINK hands a large value over, DEL does so when told")
    func lazyRemoval() throws {
        let large = [UInt8](repeating: 7, count: Reclaimer.worthwhileBytes)
        let handedOver = { [server] in
            server.inspect { $0.keyspace.value.reclaimer.pending + $0.keyspace.value.reclaimer.freed }
        }
        for key in ["a", "b", "c"] { _ = try server.connection.send("SET", key, large) }
        try server.expect(["DEL a": 1])
        #expect(handedOver() == 0)
        try server.expect(["UNLINK b": 1])
        #expect(handedOver() == 1)
        server.inspect { $0.keyspace.value.lazyFree.onUserDelete = true }
        try server.expect(["DEL c": 1])
        #expect(handedOver() == 2)
    }

    @Test("EXISTS counts keys as often as they are named")
    func exists() throws {
        try server.expect([
            "SET a 1": .ok, "EXISTS a": 1, "EXISTS b": 0, "EXISTS a b a": 2, "SET empty \"\"": .ok, "EXISTS empty": 1,
            "EXISTS": .error("ERR wrong number of arguments for 'exists' command"),
        ])
    }

    @Test("TOUCH uses keys, EXISTS, TYPE and TTL do not")
    func touch() throws {
        try server.expect(["SET a 1": .ok, "SET b 1": .ok])
        server.advance(milliseconds: 5000)
        try server.expect([
            "EXISTS a": 1, "TYPE a": .simpleString("string"), "TTL a": -1, "OBJECT IDLETIME a": 5,
            "TOUCH a b c": 2, "OBJECT IDLETIME a": 0, "OBJECT IDLETIME b": 0,
        ])
    }

    @Test("TYPE of strings and of nothing")
    func type() throws {
        try server.expect(["SET a 1": .ok, "TYPE a": .simpleString("string"), "TYPE b": .simpleString("none")])
    }

    @Test("lookups count hits and misses as in Redis")
    func statistics() throws {
        try server.expect(["SET a 1": .ok, "EXISTS a b": 1, "TYPE b": .simpleString("none"), "TTL a": -1])
        try server.expect(["TOUCH a": 1, "OBJECT ENCODING a": "int", "OBJECT ENCODING b": .null])
        try server.expect(["PERSIST b": 0, "EXPIRE b 1": 0, "DEL b": 0, "RENAME b c": .error("ERR no such key")])
        let counts = server.inspect { [$0.keyspace.value.statistics.hits, $0.keyspace.value.statistics.misses] }
        #expect(counts == [4, 3])
    }
}
