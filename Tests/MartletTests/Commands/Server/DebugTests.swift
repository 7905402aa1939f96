// DEBUG and its subcommands. Digests are those that Redis 7.0.15 gave for the same data.

import Testing

@testable import Martlet

struct DebugTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    @Test("an empty data set has a digest of zeros, and so has the value of no key")
    func emptyDigests() throws {
        let zeros = RESPValue.simpleString(String(repeating: "0", count: 40))
        try server.expect([
            "DEBUG DIGEST": zeros, "DEBUG DIGEST-VALUE none": .array([zeros]), "DEBUG DIGEST-VALUE": [],
        ])
    }

    @Test("digests are Redis's")
    func digests() throws {
        try server.expect([
            "SET b hello": .ok,
            "DEBUG DIGEST-VALUE b": .array([.simpleString("36b23a1456b2dce2c3ed252c456761301dba8060")]),
            "SET a 1": .ok, "PEXPIREAT a 9223372036854775807": 1,
            "DEBUG DIGEST-VALUE a": .array([.simpleString("5279988c5d1911f474bcbbf2f0a87012d40f8459")]),
            "DEBUG DIGEST": .simpleString("bd6c42b827c67d2717e11feac6ed92c703682f4f"), "DEL b": 1,
            "DEBUG DIGEST": .simpleString("0c68bbcf4ad5c984f8ca839729889d52ec025271"),
        ])
    }

    @Test("the same key in another database, or with a deadline, makes another digest")
    func digestsDiffer() throws {
        try server.expect(["SET a 1": .ok])
        let first = try server.run("DEBUG DIGEST")
        try server.expect(["MOVE a 1": 1])
        let moved = try server.run("DEBUG DIGEST")
        try server.expect(["SET a 1 EX 10": .ok, "SWAPDB 1 2": .ok, "FLUSHDB": .ok, "SWAPDB 0 2": .ok])
        let back = try server.run("DEBUG DIGEST")
        try server.expect(["EXPIRE a 10": 1])
        let volatile = try server.run("DEBUG DIGEST")
        #expect(first != moved && first == back && volatile != back)
    }

    @Test(
        "serialized lengths",
        arguments: [
            ("0", 2), ("-128", 2), ("128", 3), ("32768", 5), ("2147483648", 11), ("x", 2), ("01", 3),
            ("12345678901234567890", 21), (String(repeating: "x", count: 63), 64),
            (String(repeating: "x", count: 64), 66), (String(repeating: "x", count: 16_384), 16_389),
        ])
    func serializedLength(value: String, length: Int) throws {
        try server.expect(["CONFIG SET rdbcompression no": .ok, "SET a \(value)": .ok])
        let line = try #require(try server.run("DEBUG OBJECT a").string)
        #expect(line.contains(" serializedlength:\(length) "), "\(line)")
    }

    @Test("DEBUG OBJECT says where a value is, also when its time is over, and does not use it")
    func object() throws {
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET a 20000 PX 10": .ok])
        server.advance(milliseconds: 3000)
        let line = try #require(try server.run("DEBUG OBJECT a").string)
        let clock = (TestServer.start / 1000) % (1 << 24)
        #expect(line.hasPrefix("Value at:0x"))
        #expect(
            line.hasSuffix(" refcount:1 encoding:int serializedlength:3 lru:\(clock) lru_seconds_idle:3"), "\(line)")
        try server.expect(["DBSIZE": 1, "DEBUG OBJECT b": .error("ERR no such key")])
    }

    @Test("numbers are changed where they stand")
    func sameAddress() throws {
        try server.expect(["SET a 20000": .ok])
        let before = try #require(try server.run("DEBUG OBJECT a").string).split(separator: " ")[1]
        try server.expect(["INCR a": 20_001])
        let after = try #require(try server.run("DEBUG OBJECT a").string).split(separator: " ")[1]
        #expect(before == after)
    }

    @Test("POPULATE makes strings where there are none and counts no change")
    func populate() throws {
        try server.expect([
            "SET key:1 mine": .ok, "DEBUG POPULATE 3": .ok, "GET key:0": "value:0", "GET key:1": "mine", "DBSIZE": 3,
            "DEBUG POPULATE 2 p": .ok, "GET p:1": "value:1", "DEBUG POPULATE 1 q 4": .ok, "GET q:0": "valu",
            "DEBUG POPULATE 1 r 9": .ok, "GET r:0": "value:0\0\0", "DEBUG POPULATE 1 s 5000": .ok, "STRLEN s:0": 5000,
            "DEBUG POPULATE -1": .error("ERR value is out of range, must be positive"),
            "DEBUG POPULATE 1 p -1": .error("ERR value is out of range, must be positive"),
            "DEBUG POPULATE x": .error("ERR value is out of range, must be positive"),
            "DEBUG POPULATE 1 t 9223372036854775807": .error(
                "ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
        ])
        #expect(server.dirty == 1)
    }

    @Test(
        "examples of each type of reply",
        arguments: [
            ("string", "$11\r\nHello World\r\n", "$11\r\nHello World\r\n"), ("integer", ":12345\r\n", ":12345\r\n"),
            ("double", "$5\r\n3.141\r\n", ",3.141\r\n"), ("null", "$-1\r\n", "_\r\n"),
            (
                "bignum", "$37\r\n1234567999999999999999999999999999999\r\n",
                "(1234567999999999999999999999999999999\r\n"
            ), ("array", "*3\r\n:0\r\n:1\r\n:2\r\n", "*3\r\n:0\r\n:1\r\n:2\r\n"),
            ("set", "*3\r\n:0\r\n:1\r\n:2\r\n", "~3\r\n:0\r\n:1\r\n:2\r\n"),
            ("map", "*6\r\n:0\r\n:0\r\n:1\r\n:1\r\n:2\r\n:0\r\n", "%3\r\n:0\r\n#f\r\n:1\r\n#t\r\n:2\r\n#f\r\n"),
            ("true", ":1\r\n", "#t\r\n"), ("FALSE", ":0\r\n", "#f\r\n"),
            (
                "verbatim", "$25\r\nThis is a verbatim\nstring\r\n", "=29\r\ntxt:This is a verbatim\nstring\r\n"
            ),
            (
                "attrib", "$39\r\nSome real reply following the attribute\r\n",
                "|1\r\n$14\r\nkey-popularity\r\n*2\r\n$7\r\nkey:123\r\n:90\r\n"
                    + "$39\r\nSome real reply following the attribute\r\n"
            ),
            (
                "push", "-ERR RESP2 is not supported by this command\r\n",
                ">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n$40\r\nSome real reply following the push reply\r\n"
            ),
        ])
    func protocolExamples(name: String, resp2: String, resp3: String) throws {
        #expect(try server.wire("DEBUG PROTOCOL \(name)", .resp2) == resp2)
        #expect(try server.wire("DEBUG PROTOCOL \(name)", .resp3) == resp3)
    }

    @Test("errors that are asked for, errors that are not")
    func errors() throws {
        func wrong(_ name: String) -> RESPValue {
            .error("ERR unknown subcommand or wrong number of arguments for '\(name)'. Try DEBUG HELP.")
        }
        try server.expect([
            "DEBUG ERROR \"MOVED 1 a\\r\\nb\"": .error("MOVED 1 a  b"), "DEBUG junk": wrong("junk"),
            "DEBUG object": wrong("object"), "DEBUG DIGEST a": wrong("DIGEST"), "DEBUG HELP a": wrong("HELP"),
            "DEBUG": .error("ERR wrong number of arguments for 'debug' command"), "DEBUG LOG hello": .ok,
            "DEBUG SLEEP x": .ok, "DEBUG SLEEP 0": .ok, "DEBUG SLEEP nan": .ok, "DEBUG SLEEP -1": .ok,
            "DEBUG PROTOCOL junk": .error(
                "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|"
                    + "array|set|map|attrib|push|verbatim|true|false"),
            "DEBUG STRINGMATCH-LEN a*c abc": 1, "DEBUG STRINGMATCH-LEN a*d abc": 0,
        ])
        let counted = server.inspect { $0.statistics.value.errors["MOVED"] }
        #expect(counted == nil)
    }

    @Test("table statistics")
    func tables() throws {
        try server.expect(["DEBUG POPULATE 1000": .ok, "EXPIRE key:1 100": 1])
        guard case .verbatimString("txt", let text) = try server.run("DEBUG HTSTATS 0") else {
            Issue.record("not a verbatim string")
            return
        }
        #expect(text.contains(" number of elements: 1000\n") && text.hasSuffix(" number of elements: 1\n"), "\(text)")
        try server.expect([
            "DEBUG HTSTATS 16": .error("ERR Out of range database"),
            "DEBUG HTSTATS-KEY none": .error("ERR no such key"),
            "DEBUG HTSTATS x": .error("ERR value is not an integer or out of range"),
            "DEBUG HTSTATS-KEY key:1": .error(
                "ERR The value stored at the specified key is not represented using an hash table"),
        ])
    }

    @Test("HELP names every subcommand")
    func help() throws {
        let lines = try #require(try server.run("DEBUG HELP").elements).compactMap(\.string)
        #expect(lines.first == "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        for name in ["DIGEST", "HTSTATS <dbid>", "SLEEP <seconds>", "OBJECT <key>", "HELP"] {
            #expect(lines.contains(name), "\(name)")
        }
    }

    /// A client must not end the program that a server is part of.
    @Test func crashesAreForProcessesOfTheirOwn() throws {
        let server = try TestServer()
        for line in ["DEBUG SEGFAULT", "DEBUG PANIC"] {
            #expect(
                try server.run(line)
                    == .error("ERR only a server that is a process of its own can be made to crash"))
        }
        try server.expect([
            "DEBUG REPLYBUFFER RESIZING 0": .ok, "DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER": .ok,
            "DEBUG REPLYBUFFER RESIZING 1": .ok, "PING": .simpleString("PONG"),
        ])
    }
}
