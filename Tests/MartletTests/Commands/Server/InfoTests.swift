// INFO: which sections come when, and that fields tell what happened.

import Testing

@testable import Martlet

struct InfoTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    private func titles(_ line: String) throws -> [String] {
        let text = try #require(try server.run(line).string)
        return text.split(separator: "\r\n").filter { $0.hasPrefix("# ") }.map { String($0.dropFirst(2)) }
    }

    private func field(_ name: String, _ section: String = "") throws -> String? {
        let text = try #require(try server.run("INFO \(section)").string)
        let line = text.split(separator: "\r\n").first { $0.hasPrefix("\(name):") }
        return line.map { String($0.dropFirst(name.utf8.count + 1)) }
    }

    @Test("sections come once, in their order, as asked for")
    func sections() throws {
        let usual = try titles("INFO")
        #expect(
            usual == [
                "Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats",
                "Cluster", "Keyspace",
            ])
        #expect(try titles("INFO default") == usual && titles("INFO DEFAULT cpu") == usual)
        var all = usual
        all.insert("Commandstats", at: 8)
        all.insert("Latencystats", at: 10)
        #expect(try titles("INFO all") == all && titles("INFO everything x") == all)
        #expect(try titles("INFO keyspace CPU cpu") == ["CPU", "Keyspace"])
        try server.expect(["INFO nosuch": .verbatimString(format: "txt", text: "")])
    }

    @Test("commandstats count calls, refusals and failures")
    func commandStatistics() throws {
        try server.expect(["SET k v": .ok, "GET k": "v", "GET k": "v"])
        try server.run("GET")
        try server.run("INCR k")
        let lines = try #require(try server.run("INFO commandstats").string).split(separator: "\r\n")
        let get = try #require(lines.first { $0.hasPrefix("cmdstat_get:") })
        #expect(get.hasPrefix("cmdstat_get:calls=2,usec=") && get.hasSuffix(",rejected_calls=1,failed_calls=0"))
        #expect(lines.contains { $0.hasPrefix("cmdstat_incr:calls=1,") && $0.hasSuffix(",failed_calls=1") })
        #expect(!lines.contains { $0.contains("cmdstat_del:") })
        try server.expect(["CONFIG RESETSTAT": .ok])
        let after = try #require(try server.run("INFO commandstats").string)
        #expect(!after.contains("cmdstat_get:"))
    }

    @Test("INFO is verbatim text in RESP3, a bulk string in RESP2")
    func replyTypes() throws {
        #expect(try server.wireWords("INFO cluster", .resp3) == "=34 txt:# Cluster cluster_enabled:0 ")
        #expect(try server.wireWords("INFO cluster", .resp2) == "$30 # Cluster cluster_enabled:0 ")
    }

    @Test("lines end with CR LF, and an empty line parts two sections")
    func form() throws {
        let text = try #require(try server.run("INFO").string)
        #expect(text.hasPrefix("# Server\r\n") && text.contains("\r\n\r\n# Clients\r\n"))
        for line in text.split(separator: "\r\n") {
            #expect(line.hasPrefix("# ") || line.contains(":"), "\(line)")
            #expect(!line.contains("\n"))
        }
    }

    @Test("versions")
    func versions() throws {
        #expect(try field("redis_version") == ServerVersion.redis)
        #expect(try field("server_name") == "martlet" && field("martlet_version") == ServerVersion.martlet)
        #expect(try field("run_id")?.utf8.count == 40 && field("redis_build_id")?.utf8.count == 16)
        #expect(ServerVersion.line.contains("v=\(ServerVersion.redis) "))
    }

    @Test("the clock of the server is the one it was given")
    func uptime() throws {
        server.advance(milliseconds: 90_000_000)
        #expect(try field("uptime_in_seconds") == "90000" && field("uptime_in_days") == "1")
        #expect(try field("server_time_usec") == "\((TestServer.start + 90_000_000) * 1000)")
    }

    @Test("counters follow what happens")
    func counters() throws {
        try server.expect([
            "SET a 1": .ok, "SET b 1 PX 100": .ok, "GET a": "1", "GET c": .null,
            "GET": .error(
                "ERR wrong number of arguments for 'get' command"), "INCR a": 2,
        ])
        #expect(try field("keyspace_hits") == "1" && field("keyspace_misses") == "1")
        #expect(try field("total_error_replies") == "1" && field("errorstat_ERR") == "count=1")
        #expect(try field("rdb_changes_since_last_save") == "3" && field("connected_clients") == "1")
        #expect(try field("db0") == "keys=2,expires=1,avg_ttl=100,subexpiry=0")
        server.advance(milliseconds: 130)
        server.runDueWork()
        #expect(try field("expired_keys") == "1" && field("db0") == "keys=1,expires=0,avg_ttl=0,subexpiry=0")
        #expect(try field("expire_lag_ms") == "29" && field("expire_lag_max_ms") == "29")
    }

    @Test("the mean time to live is that of keys that have one, however few they are")
    func averageOfFew() throws {
        for number in 0..<3000 { try server.run("SET key:\(number) v") }
        for number in 0..<10 { try server.run("SET timed:\(number) v PX 5000") }
        try server.run("HSET h f v")
        try server.run("HPEXPIRE h 5000 FIELDS 1 f")
        #expect(try field("db0") == "keys=3011,expires=10,avg_ttl=5000,subexpiry=1")
    }

    @Test("rates have a window of sixteen samples, a tenth of a second apart or more")
    func rates() {
        var rate = RateSample()
        rate.take(0, at: 1000)
        for step in 1...1000 { rate.take(step * 10, at: 1000 + Int64(step)) }
        #expect((9500...10_500).contains(rate.perSecond * 16 / 10))
        var turns = TurnFigures()
        turns.sample(at: 1000)
        for step in 1...32 {
            turns.add(2_000_000)
            turns.sample(at: 1000 + Int64(step) * 100)
        }
        #expect(turns.count == 32 && turns.perSecond == 10 && turns.microseconds == 2000)
    }

    @Test("turns of the loop are counted, with their time and that of commands")
    func turns() throws {
        let listening = try ListeningServer { $0.configuration.enableDebugCommand = .yes }
        let client = try listening.client()
        func field(_ name: String) throws -> Int {
            let text = try #require(try client.call("INFO", "stats").string)
            let line = try #require(text.split(separator: "\r\n").first { $0.hasPrefix("\(name):") })
            return try #require(Int(line.dropFirst(name.utf8.count + 1)))
        }
        let before = (try field("eventloop_cycles"), try field("eventloop_duration_sum"))
        #expect(try client.call("DEBUG", "SLEEP", "0.01") == .ok)
        #expect(try field("eventloop_cycles") > before.0)
        #expect(try field("eventloop_duration_sum") >= before.1 + 10_000)
        #expect(try field("eventloop_duration_cmd_sum") >= 10_000)
    }

    @Test("a peak is remembered for a while")
    func peaks() {
        var peak = RecentPeak()
        peak.note(5, at: 100)
        peak.note(3, at: 101)
        #expect(peak.value(at: 103) == 5 && peak.value(at: 107) == 5 && peak.value(at: 108) == 0)
        peak.note(1, at: 104)
        #expect(peak.value(at: 104) == 5)
        peak.note(2, at: 108)
        #expect(peak.value(at: 108) == 2 && peak.value(at: 112) == 2)
    }

    @Test("a long reply makes a client's buffer grow, and its memory goes back")
    func replyBuffers() throws {
        let listening = try ListeningServer()
        let client = try listening.client()
        func field(_ name: String) throws -> Int {
            let text = try #require(try client.call("INFO", "stats").string)
            let line = try #require(text.split(separator: "\r\n").first { $0.hasPrefix("\(name):") })
            return try #require(Int(line.dropFirst(name.utf8.count + 1)))
        }
        let (expands, shrinks) = (try field("reply_buffer_expands"), try field("reply_buffer_shrinks"))
        // Some hundred kilobytes.
        #expect(try !client.call("COMMAND", "DOCS").isError)
        #expect(try field("reply_buffer_expands") > expands)
        // A reply that is read slowly gives its memory back in pieces, which do not count.
        #expect(
            try eventually {
                _ = try client.call("COMMAND", "DOCS")
                return try field("reply_buffer_shrinks") > shrinks
            })
    }

    @Test("payloads of RESTORE count as checked while the directive says so")
    func payloadChecks() throws {
        try server.expect(["SET k v": .ok])
        let payload = try #require(try server.run("DUMP k").bytes)
        for (directive, count) in [("no", "0"), ("yes", "1"), ("clients", "2")] {
            try server.expect(["CONFIG SET sanitize-dump-payload \(directive)": .ok])
            #expect(try server.connection.send(["RESTORE", "k", "0", payload, "REPLACE"]) == .ok)
            #expect(try field("dump_payload_sanitizations") == count)
        }
    }

    @Test("memory grows with the data, and the peak stays")
    func memory() throws {
        let before = try #require(Int(field("used_memory") ?? ""))
        try server.expect(["SETRANGE a 999999 x": 1_000_000])
        let full = try #require(Int(field("used_memory") ?? ""))
        #expect(full >= before + 1_000_000)
        try server.expect(["DEL a": 1])
        let after = try #require(Int(field("used_memory") ?? ""))
        let peak = try #require(Int(field("used_memory_peak") ?? ""))
        #expect(after < full && peak >= full)
        #expect(try field("mem_allocator") == "libc")
    }

    @Test("amounts are written for people as Redis writes them")
    func amounts() {
        let amounts: KeyValuePairs = [
            0: "0B", 1023: "1023B", 1024: "1.00K", 1536: "1.50K", 1_048_576: "1.00M", 25_274_793_984: "23.54G",
            1 << 40: "1.00T", 1 << 50: "1.00P",
        ]
        for (bytes, text) in amounts { #expect(InfoReport.human(bytes) == text) }
        let decimals: KeyValuePairs = [0: "0.00", 0.005: "0.01", 1.239: "1.24", -2.5: "-2.50", 99.999: "100.00"]
        for (value, text) in decimals { #expect(InfoReport.decimal(value) == text) }
        #expect(InfoReport.decimal(.nan) == "0.00" && InfoReport.decimal(.infinity) == "0.00")
    }
}
