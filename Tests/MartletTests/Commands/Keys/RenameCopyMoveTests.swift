// RENAME, RENAMENX, COPY, MOVE: values, deadlines and what stood there before.

import Testing

@testable import Martlet

struct RenameCopyMoveTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    private let noKey = RESPValue.error("ERR no such key")

    @Test("RENAME replaces what has the name, deadline and all")
    func rename() throws {
        try server.expect([
            "SET a 1 EX 100": .ok, "SET b 2 EX 5": .ok, "RENAME a b": .ok, "GET b": "1", "TTL b": 100, "EXISTS a": 0,
            "SET c 3": .ok, "RENAME c b": .ok, "TTL b": -1, "GET b": "3", "DBSIZE": 1, "RENAME a b": noKey,
        ])
        #expect(server.dirty == 5)
    }

    @Test("RENAMENX leaves what has the name")
    func renameIfAbsent() throws {
        try server.expect([
            "SET a 1": .ok, "SET b 2": .ok, "RENAMENX a b": 0, "RENAMENX a c": 1, "GET c": "1", "GET b": "2",
            "RENAMENX a d": noKey,
        ])
    }

    @Test("renaming a key to itself changes nothing but needs the key")
    func renameToItself() throws {
        try server.expect([
            "SET a 1 EX 100": .ok, "RENAME a a": .ok, "RENAMENX a a": 0, "TTL a": 100, "RENAME b b": noKey,
            "RENAMENX b b": noKey,
        ])
        #expect(server.dirty == 1)
    }

    @Test("a name whose key's time is over is free")
    func renameOverExpired() throws {
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET a 1": .ok, "SET b 2 PX 5": .ok])
        server.advance(milliseconds: 6)
        try server.expect(["RENAMENX a b": 1, "TTL b": -1, "DBSIZE": 1, "SET c 1 PX 5": .ok])
        server.advance(milliseconds: 6)
        try server.expect(["RENAME c d": noKey])
    }

    @Test("COPY copies value and deadline, and needs REPLACE to overwrite")
    func copy() throws {
        try server.expect([
            "SET a 1 EX 100": .ok, "COPY a b": 1, "GET b": "1", "TTL b": 100, "TTL a": 100, "SET a 2": .ok,
            "COPY a b": 0, "GET b": "1", "COPY a b REPLACE": 1, "GET b": "2", "TTL b": -1, "COPY none b REPLACE": 0,
            "GET b": "2",
        ])
        #expect(server.dirty == 4)
    }

    @Test("COPY and MOVE reach other databases")
    func otherDatabases() throws {
        try server.expect([
            "SET a 1 EX 100": .ok, "COPY a a DB 3": 1, "COPY a a DB 3": 0, "copy a b replace db 3": 1, "MOVE a 3": 0,
            "MOVE a 4": 1, "EXISTS a": 0, "MOVE a 4": 0, "SELECT 4": .ok, "TTL a": 100, "GET a": "1",
            "SELECT 3": .ok, "EXISTS a b": 2, "TTL b": 100,
        ])
    }

    @Test("errors of COPY come in Redis's order")
    func copyErrors() throws {
        let syntax = RESPValue.error("ERR syntax error")
        let same = RESPValue.error("ERR source and destination objects are the same")
        try server.expect([
            "COPY a a": same, "COPY a a DB 0": same, "COPY a a DB 0 REPLACE": same, "COPY a b DB": syntax,
            "COPY a b junk": syntax, "COPY a b DB x": .error("ERR value is not an integer or out of range"),
            "COPY a b DB 16": .error("ERR DB index is out of range"),
            "COPY a b DB -1": .error("ERR DB index is out of range"),
            "COPY a b DB 2147483648": .error(
                "ERR value is out of range, value must between -2147483648 and 2147483647"),
            "COPY a": .error("ERR wrong number of arguments for 'copy' command"),
        ])
    }

    @Test("errors of MOVE come in Redis's order")
    func moveErrors() throws {
        try server.expect([
            "MOVE a x": .error("ERR value is not an integer or out of range"),
            "MOVE a 16": .error("ERR DB index is out of range"), "MOVE a -1": .error("ERR DB index is out of range"),
            "MOVE a -2147483649": .error("ERR value is out of range, value must between -2147483648 and 2147483647"),
            "MOVE a 0": .error("ERR source and destination objects are the same"), "MOVE a 1": 0,
        ])
    }

    @Test("a large value is shared by its copies until one of them changes")
    func largeCopies() throws {
        let large = [UInt8](repeating: UInt8(ascii: "x"), count: 100_000)
        func counted() -> Int { server.inspect { $0.keyspace.value.largeBytes.bytes } }
        _ = try server.connection.send("SET", "a", large)
        let once = counted()
        try server.expect(["COPY a b": 1, "RENAME a c": .ok, "MOVE c 1": 1])
        #expect(counted() == once)
        try server.expect(["SETRANGE b 0 y": 100_000])
        #expect(counted() >= 2 * 100_000)
        var changed = large
        changed[0] = UInt8(ascii: "y")
        let copy = try server.run("GET b")
        #expect(copy == .bulkString(changed))
        try server.expect(["SELECT 1": .ok])
        let original = try server.run("GET c")
        #expect(original == .bulkString(large))
        try server.expect(["FLUSHALL": .ok])
        let left = server.inspect { server in (0..<2).map { server.keyspace.value.databases[$0].objectBytes } }
        #expect(left == [0, 0])
        #expect(counted() == 0)
    }

    @Test("encodings survive", arguments: ["12345", "short", String(repeating: "r", count: 60)])
    func encodings(value: String) throws {
        try server.expect(["SET a \(value)": .ok])
        let encoding = try server.run("OBJECT ENCODING a")
        try server.expect([
            "COPY a b": 1, "OBJECT ENCODING b": encoding, "RENAME b c": .ok, "OBJECT ENCODING c": encoding,
            "GET c": .bulkString(Array(value.utf8)),
        ])
    }

    @Test("keys of every length move", arguments: [1, 30, 65_534, 65_535, 100_000])
    func longNames(length: Int) throws {
        let long = String(repeating: "n", count: length)
        try server.expect([
            "SET \(long) v EX 100": .ok, "RENAME \(long) x": .ok, "GET x": "v", "RENAME x \(long)": .ok,
            "TTL \(long)": 100, "PERSIST \(long)": 1, "GET \(long)": "v", "MOVE \(long) 1": 1, "DBSIZE": 0,
        ])
    }
}
