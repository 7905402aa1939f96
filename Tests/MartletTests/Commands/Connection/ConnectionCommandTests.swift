// ECHO, HELLO, PING, QUIT, RESET, SELECT.

import Testing

@testable import Martlet

struct ConnectionCommandTests {
    @Test("ECHO and PING answer with what they got")
    func echo() throws {
        try TestServer().expect([
            "ECHO hello": "hello", "ECHO \"\"": "", "PING": .simpleString("PONG"), "PING hello": "hello",
            "PING a b": .error("ERR wrong number of arguments for 'ping' command"),
            "ECHO": .error("ERR wrong number of arguments for 'echo' command"),
        ])
    }

    @Test("SELECT takes the numbers of databases")
    func select() throws {
        let outOfRange = RESPValue.error("ERR DB index is out of range")
        try TestServer().expect([
            "SET a 1": .ok, "SELECT 15": .ok, "GET a": .null, "SELECT 16": outOfRange, "SELECT -1": outOfRange,
            "SELECT x": .error("ERR value is not an integer or out of range"),
            "SELECT 2147483648": .error("ERR value is out of range, value must between -2147483648 and 2147483647"),
            "SELECT 00": .error("ERR value is not an integer or out of range"), "GET a": .null, "SELECT 0": .ok,
            "GET a": "1",
        ])
    }

    @Test("HELLO describes the server in the version asked for", arguments: [RESPVersion.resp2, .resp3])
    func hello(version: RESPVersion) throws {
        let server = try TestServer()
        let head = version == .resp3 ? "%7" : "*14"
        let number = version.rawValue
        let expected =
            "\(head) $6 server $5 redis $7 version $\(ServerVersion.redis.utf8.count) "
            + "\(ServerVersion.redis) $5 proto :\(number) $2 id :1 $4 mode $10 standalone $4 role $6 master "
            + "$7 modules *0"
        #expect(try server.wireWords("HELLO", version) == expected)
        #expect(try server.wireWords("HELLO \(number)", version == .resp2 ? .resp3 : .resp2) == expected)
    }

    @Test("what HELLO refuses, it says")
    func helloErrors() throws {
        let badName = RESPValue.error("ERR Client names cannot contain spaces, newlines or special characters.")
        try TestServer().expect([
            "HELLO 1": .error("NOPROTO unsupported protocol version"),
            "HELLO 4": .error("NOPROTO unsupported protocol version"),
            "HELLO 9223372036854775807": .error("NOPROTO unsupported protocol version"),
            "HELLO x": .error("ERR Protocol version is not an integer or out of range"),
            "HELLO SETNAME a": .error("ERR Protocol version is not an integer or out of range"),
            "HELLO 3 NAME a": .error("ERR Syntax error in HELLO option 'NAME'"),
            "HELLO 3 SETNAME": .error("ERR Syntax error in HELLO option 'SETNAME'"),
            "HELLO 3 AUTH default": .error("ERR Syntax error in HELLO option 'AUTH'"),
            "HELLO 3 SETNAME \"a b\"": badName,
            // Options have their effect one by one.
            "HELLO 3 SETNAME first SETNAME \"a b\"": badName, "CLIENT GETNAME": "first",
        ])
    }

    @Test("a refused HELLO leaves the version alone")
    func refusedHello() throws {
        let server = try TestServer()
        _ = try server.wire("HELLO 3 NAME", .resp2)
        #expect(server.inspect { $0.clients[1]?.version } == .resp2)
    }

    @Test("RESET undoes what the connection chose")
    func reset() throws {
        let server = try TestServer()
        try server.expect([
            "SELECT 3": .ok, "CLIENT SETNAME me": .ok, "CLIENT SETINFO LIB-NAME lib": .ok,
            "RESET": .simpleString("RESET"), "CLIENT GETNAME": .null,
        ])
        let line = try #require(try server.run("CLIENT INFO").string)
        #expect(line.contains(" name= ") && line.contains(" db=0 ") && line.contains(" resp=2 "))
        #expect(line.contains(" lib-name=lib "))
    }

    @Test("after QUIT nothing is executed")
    func quit() throws {
        let server = try TestServer()
        try server.expect(["QUIT": .ok])
        #expect(throws: ConnectionClosed.self) { try server.run("SET a 1") }
        #expect(try server.server.connect().send("GET", "a") == .null)
        #expect(server.inspect { $0.clients.count } <= 1)
    }
}

extension TestServer {
    /// The wire form of a reply, its line ends shown as blanks.
    func wireWords(_ line: String, _ version: RESPVersion = .resp2) throws -> String {
        try wire(line, version).split(separator: "\r\n", omittingEmptySubsequences: false).dropLast()
            .joined(separator: " ")
    }
}
