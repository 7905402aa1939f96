// LATENCY remembers what took long, by the server's own clock.

import Testing

@testable import Martlet

struct LatencyTests {
    private static func event(_ name: String, _ seconds: Int64, _ last: Int64, _ most: Int64) -> RESPValue {
        [.bulkString(Array(name.utf8)), .integer(TestServer.start / 1000 + seconds), .integer(last), .integer(most)]
    }

    private static func note(_ server: TestServer, _ event: LatencyEvent, milliseconds: Int64) {
        server.inspect {
            $0.latency.note(event, nanoseconds: milliseconds * 1_000_000, at: $0.clock.wallSeconds())
        }
    }

    @Test func nothingIsRememberedUnlessAskedFor() throws {
        let server = try TestServer()
        Self.note(server, .command, milliseconds: 1000)
        try server.expect([
            "LATENCY LATEST": [],
            "CONFIG GET latency-monitor-threshold": .map([.init("latency-monitor-threshold", "0")]),
            "CONFIG SET latency-monitor-threshold 20": .ok,
        ])
        Self.note(server, .command, milliseconds: 19)
        try server.expect(["LATENCY LATEST": [], "LATENCY HISTORY command": [], "LATENCY RESET": 0])
    }

    /// A threshold may be any number.
    @Test func adviceForAnyThreshold() throws {
        let server = try TestServer()
        try server.expect(["CONFIG SET latency-monitor-threshold 20": .ok])
        Self.note(server, .command, milliseconds: 50)
        try server.expect(["CONFIG SET latency-monitor-threshold 9223372036854775807": .ok])
        #expect(try server.run("LATENCY DOCTOR").string?.contains("9223372036854775807") == true)
    }

    @Test func theLatestTheLongestAndTheHistory() throws {
        let server = try TestServer()
        try server.expect(["CONFIG SET latency-monitor-threshold 20": .ok])
        let start = TestServer.start / 1000
        Self.note(server, .command, milliseconds: 20)
        Self.note(server, .command, milliseconds: 90)
        Self.note(server, .command, milliseconds: 30)
        Self.note(server, .aofWrite, milliseconds: 2100)
        server.advance(milliseconds: 3000)
        Self.note(server, .command, milliseconds: 40)
        try server.expect([
            "LATENCY LATEST": [Self.event("command", 3, 40, 90), Self.event("aof-write", 0, 2100, 2100)],
            "LATENCY HISTORY command": [[.integer(start), 90], [.integer(start + 3), 40]],
            "LATENCY HISTORY nosuch": [],
            "LATENCY RESET nosuch aof-write fork": 1,
            "LATENCY LATEST": [Self.event("command", 3, 40, 90)],
            "LATENCY RESET": 1, "LATENCY RESET": 0, "LATENCY LATEST": [],
        ])
    }

    @Test func removalsOfSingleKeys() throws {
        let clock = ManualClock(wallMilliseconds: 0)
        var times = RemovalTimes(clock: Clock(.manual(clock)))
        let began = times.now
        clock.advance(milliseconds: 30)
        times.expired(since: began)
        clock.advance(milliseconds: 20)
        times.evicted(since: began)
        #expect((times.longestExpiry, times.longestEviction) == (30_000_000, 50_000_000))

        let server = try TestServer()
        #expect(server.inspect { $0.keyspace.value.removalTimes == nil })
        try server.run("CONFIG SET latency-monitor-threshold 20")
        try server.run("SET a b PX 1")
        server.advance(milliseconds: 2)
        try server.run("GET a")
        // No time has passed while it was removed.
        try server.expect(["LATENCY LATEST": []])
        server.inspect { [times] in $0.keyspace.value.removalTimes = times }
        try server.run("GET a")
        try server.expect([
            "LATENCY HISTORY expire-del": [[.integer(TestServer.start / 1000), 30]],
            "LATENCY HISTORY eviction-del": [[.integer(TestServer.start / 1000), 50]],
        ])
        try server.run("CONFIG SET latency-monitor-threshold 0")
        #expect(server.inspect { $0.keyspace.value.removalTimes == nil })
    }

    @Test func theHistoryEnds() throws {
        let server = try TestServer()
        try server.expect(["CONFIG SET latency-monitor-threshold 1": .ok])
        for number in 1...200 {
            Self.note(server, .expireCycle, milliseconds: Int64(number))
            server.advance(milliseconds: 1000)
        }
        let history = try server.run("LATENCY HISTORY expire-cycle").elements ?? []
        #expect(history.count == 160)
        #expect(history.first?.elements?.last == 41)
        try server.expect(["LATENCY LATEST": [Self.event("expire-cycle", 199, 200, 200)]])
    }

    @Test func slowCommandsAreNoted() throws {
        let server = try ListeningServer {
            $0.configuration.enableDebugCommand = .yes
            $0.configuration.latencyMonitorThreshold = 5
        }
        let client = try server.client()
        #expect(try client.call("DEBUG", "SLEEP", "0.02") == .ok)
        let latest = try client.call("LATENCY", "LATEST")
        #expect(latest.elements?.first?.elements?.first == "command")
    }

    @Test func aDiskThatTakesLongIsNoted() throws {
        let server = try ListeningServer {
            $0.fileSystem = MemoryFileSystem()
            $0.configuration.dir = "/data"
            $0.configuration.appendonly = true
            $0.configuration.enableDebugCommand = .yes
            $0.configuration.latencyMonitorThreshold = 5
        }
        let client = try server.client()
        #expect(try client.call("DEBUG", "AOF-FLUSH-SLEEP", "20000") == .ok)
        #expect(try client.call("SET", "a", "1") == .ok)
        let names = try client.call("LATENCY", "LATEST").elements?.compactMap { $0.elements?.first } ?? []
        #expect(names.contains("aof-write") && names.contains("aof-write-alone"))
    }
}
