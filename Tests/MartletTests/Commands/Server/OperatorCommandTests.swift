// What operators ask for now and then: ACL of the one user, MEMORY, LATENCY's texts, ROLE, MODULE, LOLWUT.

import Testing

@testable import Martlet

struct OperatorCommandTests {
    @Test func theOneUser() throws {
        let server = try TestServer()
        try server.expect([
            "ACL WHOAMI": "default", "ACL USERS": ["default"], "ACL GETUSER nobody": .null,
            "ACL LIST": ["user default on nopass sanitize-payload ~* &* +@all"],
        ])
        #expect(
            try server.run("ACL GETUSER default")
                == .map([
                    .init("flags", .set(["on", "nopass", "sanitize-payload"])), .init("passwords", []),
                    .init("commands", "+@all"), .init("keys", "~*"), .init("channels", "&*"), .init("selectors", []),
                ]))
        try server.run("CONFIG SET requirepass abc")
        // The digest is FIPS 180-4's own example.
        let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        try server.expect(["ACL LIST": [.text("user default on sanitize-payload #\(digest) ~* &* +@all")]])
    }

    @Test func categories() throws {
        let server = try TestServer()
        let categories = try #require(try server.run("ACL CAT").elements)
        #expect(categories.count == 21 && categories.first == "keyspace")
        let hashes = try #require(try server.run("ACL CAT hash").elements)
        #expect(hashes.contains("hget") && hashes.contains("hexpire") && !hashes.contains("get"))
        #expect(try server.run("ACL CAT Dangerous").elements?.contains("config|set") == true)
        #expect(try server.run("ACL CAT nope") == .error("ERR Unknown category 'nope'"))
    }

    @Test(arguments: [(nil, 64), (1, 1), (5, 2), (256, 64), (4096, 1024)] as [(Int?, Int)])
    func passwords(bits: Int?, digits: Int) throws {
        let server = try TestServer()
        let line = "ACL GENPASS" + (bits.map { " \($0)" } ?? "")
        let first = try #require(try server.run(line).bytes)
        #expect(first.count == digits && first.allSatisfy { "0123456789abcdef".utf8.contains($0) })
        if digits > 8 { #expect(try server.run(line).bytes != first) }
    }

    @Test func passwordsHaveALength() throws {
        let server = try TestServer()
        for bits in ["0", "-1", "4097", "x"] { #expect(try server.run("ACL GENPASS \(bits)").isError) }
    }

    @Test func partInReplication() throws {
        let server = try TestServer()
        try server.expect(["ROLE": ["master", 0, []], "MODULE LIST": []])
    }

    @Test func memoryInNumbersAndWords() throws {
        let server = try TestServer()
        #expect(try server.run("MEMORY DOCTOR").string?.contains("next to no data") == true)
        try server.run("DEBUG POPULATE 50000 key 100")
        let reply = try server.wire("MEMORY STATS")
        for name in ["peak.allocated", "keys.count\r\n:50000", "db.0\r\n*6", "overhead.hashtable.main"] {
            #expect(reply.contains(name), "\(name)")
        }
        #expect(try server.run("MEMORY MALLOC-STATS").string?.contains("heap of db0: ") == true)
        try server.expect(["MEMORY PURGE": .ok])
        try server.run("CONFIG SET maxmemory 1000000")
        #expect(try server.run("MEMORY DOCTOR").string?.contains("maxmemory is exceeded") == true)
        try server.expect(["CONFIG SET maxmemory 0": .ok])
        #expect(try server.run("MEMORY DOCTOR").string?.contains("exceeded") == false)
    }

    @Test func whatTookLong() throws {
        let server = try TestServer()
        #expect(try server.run("LATENCY DOCTOR").string?.contains("Nothing is watched") == true)
        #expect(
            try server.run("LATENCY GRAPH command") == .error("ERR No samples available for event 'command'"))
        try server.run("CONFIG SET latency-monitor-threshold 10")
        #expect(try server.run("LATENCY DOCTOR").string?.contains("Nothing has taken 10 ms") == true)
        let clock = server.clock
        for milliseconds in [20, 400, 100] as [Int64] {
            server.inspect { context in
                context.latency.note(
                    .command, nanoseconds: milliseconds * 1_000_000, at: context.clock.wallSeconds())
            }
            clock.advance(milliseconds: 5000)
        }
        let graph = try #require(try server.run("LATENCY GRAPH command").string).split(separator: "\n")
        #expect(graph[0] == "command - high 400 ms, low 20 ms (all time high 400 ms)")
        // A column for each sample, its height by its length; below it, how long ago it was.
        #expect(graph.count == 2 + 4 + 3)
        #expect(graph[2] == " # " && graph[6] == "115")
        let report = try #require(try server.run("LATENCY DOCTOR").string)
        #expect(report.contains("command: 3 time(s), 173.33 ms on average") && report.contains("SLOWLOG"))
    }

    @Test func aDrawing() throws {
        let server = try TestServer()
        let drawing = try #require(try server.run("LOLWUT VERSION 5 40 10").string)
        #expect(drawing.hasSuffix("Redis ver. \(ServerVersion.redis), Martlet \(ServerVersion.martlet)\n"))
        let sky = drawing.split(separator: "\n", omittingEmptySubsequences: false).prefix(10)
        #expect(sky.allSatisfy { $0.count <= 40 } && sky.contains { !$0.isEmpty })
        for line in ["LOLWUT 100000 100000", "LOLWUT -5 -5", "LOLWUT 0", "LOLWUT x", "LOLWUT VERSION"] {
            #expect(try server.run(line).string != nil)
        }
    }
}
