// OBJECT and its subcommands.

import Testing

@testable import Martlet

struct ObjectTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    @Test(
        "encodings",
        arguments: [
            ("12345", "int"), ("9223372036854775807", "int"), ("9223372036854775808", "embstr"), ("01", "embstr"),
            (String(repeating: "x", count: 44), "embstr"), (String(repeating: "x", count: 45), "raw"),
            (String(repeating: "x", count: 5000), "raw"),
        ])
    func encoding(value: String, name: String) throws {
        try server.expect(["SET a \(value)": .ok, "OBJECT ENCODING a": .bulkString(Array(name.utf8))])
    }

    @Test("small numbers are shared")
    func referenceCounts() throws {
        try server.expect([
            "SET a 0": .ok, "OBJECT REFCOUNT a": 2_147_483_647, "SET a 9999": .ok, "object refcount a": 2_147_483_647,
            "SET a 10000": .ok, "OBJECT REFCOUNT a": 1, "SET a -1": .ok, "OBJECT REFCOUNT a": 1, "SET a x": .ok,
            "OBJECT REFCOUNT a": 1,
        ])
    }

    @Test("the idle time goes on over the wrap of the access clock")
    func idleTime() throws {
        try server.expect(["SET a 1": .ok, "OBJECT IDLETIME a": 0])
        server.advance(milliseconds: 10_500)
        try server.expect(["OBJECT IDLETIME a": 10, "OBJECT IDLETIME a": 10, "GET a": "1", "OBJECT IDLETIME a": 0])
        // To the last second of the access clock's round, and beyond.
        let round: Int64 = 1 << 24
        let seconds = TestServer.start / 1000 + 10
        server.advance(milliseconds: (round - 1 - seconds % round) * 1000)
        try server.expect(["TOUCH a": 1])
        server.advance(milliseconds: 7000)
        try server.expect(["OBJECT IDLETIME a": 7])
    }

    @Test("nothing is known of keys that are not there")
    func missing() throws {
        for name in ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"] {
            try server.expect(["OBJECT \(name) none": .null])
            #expect(try server.wire("OBJECT \(name) none") == "$-1\r\n")
        }
    }

    @Test("errors and help")
    func errors() throws {
        try server.expect([
            "SET a 1": .ok,
            "OBJECT FREQ a": .error(
                "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when "
                    + "switching between policies at runtime LRU and LFU data will take some time to adjust."),
            "OBJECT": .error("ERR wrong number of arguments for 'object' command"),
            "OBJECT junk a": .error("ERR unknown subcommand 'junk'. Try OBJECT HELP."),
            "OBJECT ENCODING": .error("ERR wrong number of arguments for 'object|encoding' command"),
        ])
        let help = try #require(try server.run("OBJECT HELP").elements)
        #expect(help.first?.string == "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        #expect(help.suffix(2).map(\.string) == ["HELP", "    Prints this help."])
        #expect(help.contains(.simpleString("IDLETIME <key>")))
    }
}
