// SLOWLOG and MONITOR: what is kept, what is shown, and what nobody gets to see.

import Testing

@testable import Martlet

struct SlowlogTests {
    private func makeServer(_ change: (inout Configuration) -> Void = { _ in }) throws -> TestServer {
        var configuration = Configuration()
        configuration.slowlogLogSlowerThan = 0
        change(&configuration)
        return try TestServer(configuration: configuration)
    }

    private func words(_ entry: RESPValue) -> [String] { entry.elements?[3].elements?.compactMap(\.string) ?? [] }

    @Test func theLatestComeFirst() throws {
        let server = try makeServer { $0.slowlogMaxLen = 12 }
        try server.run("SLOWLOG RESET")
        for number in 0..<20 { try server.run("SET key:\(number) v") }
        try server.expect(["SLOWLOG LEN": 12])
        let ten = try server.run("SLOWLOG GET").elements ?? []
        #expect(ten.count == 10 && words(ten[0]) == ["SLOWLOG", "LEN"] && words(ten[1]) == ["SET", "key:19", "v"])
        #expect(try server.run("SLOWLOG GET -1").elements?.count == 12)
        #expect(try server.run("SLOWLOG GET 0").elements?.count == 0)
        #expect(
            try server.run("SLOWLOG GET 2").elements?.map(words) == [
                ["SLOWLOG", "GET", "0"], ["SLOWLOG", "GET", "-1"],
            ])
        try server.expect([
            "SLOWLOG GET -2": .error("ERR count should be greater than or equal to -1"),
            "SLOWLOG GET x": .error("ERR count should be greater than or equal to -1"),
            "CONFIG SET slowlog-max-len 3": .ok, "SLOWLOG LEN": 3, "CONFIG SET slowlog-log-slower-than -1": .ok,
            "SLOWLOG RESET": .ok, "PING": .simpleString("PONG"), "SLOWLOG LEN": 0,
        ])
    }

    /// With no room there are no entries, and no numbers are used up.
    @Test func noRoomNoEntries() throws {
        let server = try makeServer { $0.slowlogMaxLen = 0 }
        for _ in 0..<5 { try server.run("PING") }
        try server.expect(["SLOWLOG LEN": 0, "CONFIG SET slowlog-max-len 5": .ok])
        try server.run("PING")
        let entries = try #require(try server.run("SLOWLOG GET").elements)
        #expect(entries.map { $0.elements?.first } == [.integer(1), .integer(0)])
    }

    /// Many entries cost no more time than few, and their memory is known.
    @Test func memoryIsCounted() {
        let log = SlowLog(threshold: 0, maximumCount: 1000)
        func add(_ number: Int) {
            log.add(
                words: [Array("GET".utf8), Array("key:\(number)".utf8)], nanoseconds: 1, time: 0, address: "",
                clientName: "")
        }
        for number in 0..<1000 { add(number) }
        let full = log.memoryBytes
        #expect(full > 1000 * 100)
        for number in 1000..<5000 { add(number) }
        #expect(log.count == 1000 && abs(log.memoryBytes - full) < 2000)
        #expect(log.latest(2).map(\.id) == [4999, 4998] && log.latest(5000).last?.id == 4000)
        log.maximumCount = 10
        #expect(log.count == 10 && log.memoryBytes < full / 50)
        log.reset()
        #expect(log.count == 0 && log.memoryBytes == 0)
    }

    @Test func anEntryTellsWhatItWas() throws {
        let server = try makeServer()
        try server.run("CLIENT SETNAME me")
        server.advance(milliseconds: 5000)
        try server.run("SLOWLOG RESET")
        try server.run("DEBUG SLEEP 0")
        let entry = try #require(try server.run("SLOWLOG GET 1").elements?.first?.elements)
        #expect(entry.count == 6 && entry[1] == .integer(TestServer.start / 1000 + 5) && entry[2].integer == 0)
        #expect(entry[4] == "in-process:0" && entry[5] == "me")
        let id = try #require(entry[0].integer)
        #expect(try server.run("SLOWLOG GET 1").elements?.first?.elements?[0] == .integer(id + 1))
    }

    /// Only what took long enough is kept, by the server's clock.
    @Test func theThresholdCounts() throws {
        let log = SlowLog(threshold: 10_000, maximumCount: 2)
        #expect(!log.wants(nanoseconds: 9_999_999) && log.wants(nanoseconds: 10_000_000))
        log.threshold = -1
        #expect(!log.wants(nanoseconds: .max))
    }

    @Test func longCommandsAreShortened() throws {
        let server = try makeServer()
        let members = (3...33).map(String.init).joined(separator: " ")
        try server.run("SADD set " + members)
        let many = words(try server.run("SLOWLOG GET 1").elements?.first ?? .null)
        #expect(many.count == 32 && many.last == "... (2 more arguments)" && many[30] == "31")
        try server.run("SET sixteen " + String(repeating: "A", count: 129))
        let long = words(try server.run("SLOWLOG GET 1").elements?.first ?? .null)
        #expect(long == ["SET", "sixteen", String(repeating: "A", count: 128) + "... (1 more bytes)"])
    }

    @Test func whatIsLeftOutIsNotCopied() {
        let words = ["SET", "key", String(repeating: "A", count: 100_000)] + (0..<37).map(String.init)
        let kept = withArguments(words) { SlowWords.kept($0, of: "set") }
        #expect(kept.count == 32 && kept[2].count < 200 && kept[2].starts(with: [UInt8](repeating: 65, count: 128)))
        #expect(kept.last == Array("... (9 more arguments)".utf8))
        var seen: [Int] = []
        let made = withArguments(words) { arguments in
            SecretWords.redacted(arguments, of: "auth", first: 3) { word in
                seen.append(word.count)
                return []
            }
        }
        #expect(seen == [3, 3, 100_000])
        #expect(made == [[], Array("(redacted)".utf8), Array("(redacted)".utf8)])
    }

    /// A transaction's commands stand for themselves.
    @Test func transactionsAreTakenApart() throws {
        let server = try makeServer()
        try server.run("SLOWLOG RESET")
        for line in ["MULTI", "SET a 1", "EXEC"] { try server.run(line) }
        let all = try server.run("SLOWLOG GET -1").elements ?? []
        #expect(all.map(words) == [["SET", "a", "1"], ["MULTI"], ["SLOWLOG", "RESET"]])
    }

    static let secrets = [
        "CONFIG SET requirepass abc": ["CONFIG", "SET", "requirepass", "(redacted)"],
        "CONFIG SET maxclients 100 masterauth abc": ["CONFIG", "SET", "maxclients", "100", "masterauth", "(redacted)"],
        "config set RequirePass abc": ["config", "set", "RequirePass", "(redacted)"],
        "HELLO 3 SETNAME auth AUTH default abc": [
            "HELLO", "3", "SETNAME", "auth", "AUTH", "(redacted)", "(redacted)",
        ],
        "AUTH abc": ["AUTH", "(redacted)"], "AUTH default abc": ["AUTH", "(redacted)", "(redacted)"],
        "HELLO 3 AUTH default abc SETNAME x": ["HELLO", "3", "AUTH", "(redacted)", "(redacted)", "SETNAME", "x"],
        "HELLO 3 SETNAME auth": ["HELLO", "3", "SETNAME", "auth"],
        "ACL GETUSER nobody": ["ACL", "GETUSER", "(redacted)"],
    ]

    @Test(arguments: secrets.keys.sorted())
    func secretsAreNotKept(line: String) throws {
        let server = try makeServer()
        try server.run("CONFIG SET requirepass abc")
        try server.run(line)
        #expect(try server.run("SLOWLOG GET 1").elements?.map(words) == [try #require(Self.secrets[line])])
    }
}

struct MonitorTests {
    private func line(_ client: TestClient) async throws -> String {
        let text = try #require(await client.message()?.string)
        #expect(text.prefix { $0 != " " }.count == "1700000000.000000".count)
        return String(text.drop { $0 != " " }.dropFirst())
    }

    @Test func commandsAreShownBehindTheirExecution() async throws {
        let server = try TestServer()
        let monitor = try server.client()
        #expect(try monitor.run("MONITOR") == .ok)
        try server.run("SET a \"x \\n\\\"\"")
        try server.run("SELECT 3")
        for command in ["MULTI", "GET a", "EXEC", "NOSUCH", "CONFIG GET port", "SLOWLOG LEN", "GET last"] {
            try server.run(command)
        }
        #expect(try await line(monitor) == #"[0 in-process:0] "SET" "a" "x \n\"""#)
        #expect(try await line(monitor) == #"[3 in-process:0] "SELECT" "3""#)
        var shown: [String] = []
        for _ in 0..<4 { shown.append(try await line(monitor)) }
        #expect(shown.map { $0.split(separator: "\"")[1] } == ["MULTI", "GET", "EXEC", "GET"])
        let listed = try server.run("CLIENT LIST").string ?? ""
        #expect(listed.contains(" flags=O "))
    }

    @Test func itEndsWithResetAndWithTheConnection() async throws {
        let server = try TestServer()
        let monitor = try server.client()
        try monitor.run("MONITOR")
        try monitor.run("RESET")
        try server.run("SET a 1")
        try monitor.run("HELLO 3")
        #expect(server.inspect { $0.monitors.isEmpty })
        let another = try server.client()
        try another.run("MONITOR")
        try another.run("QUIT")
        #expect(server.inspect { $0.monitors.isEmpty })
        try server.expect(["SET a 2": .ok])
    }

    @Test func secretsAreNotShown() async throws {
        let server = try TestServer()
        let monitor = try server.client()
        try monitor.run("MONITOR")
        try server.run("CONFIG SET requirepass abc")
        try server.run("AUTH abc")
        #expect(try await line(monitor) == #"[0 in-process:0] "AUTH" "(redacted)""#)
    }
}
