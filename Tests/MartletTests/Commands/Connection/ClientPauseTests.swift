// CLIENT PAUSE: who waits, what stays as it is meanwhile, and that all goes on afterwards in its order.

import Testing

@testable import Martlet

struct ClientPauseTests {
    let server: ListeningServer
    let admin: SocketClient

    init() throws {
        server = try ListeningServer()
        admin = try server.client()
    }

    private static let forEver = "9000000000000"

    private func waiting(_ count: Int) throws -> Bool {
        try eventually { try admin.call("INFO", "clients").string?.contains("blocked_clients:\(count)\r\n") ?? false }
    }

    @Test func writesWaitAndReadsDoNot() throws {
        let (writer, reader) = (try server.client(), try server.client())
        #expect(try admin.call("CLIENT", "PAUSE", Self.forEver, "WRITE") == .ok)
        try writer.send(
            encodedRequest("GET", "key") + encodedRequest("SET", "key", "1") + encodedRequest("GET", "key")
                + encodedRequest("PUBLISH", "channel", "message"))
        #expect(try writer.reply() == .null)
        #expect(try waiting(1))
        #expect(try reader.call("GET", "key") == .null)
        #expect(try reader.call("SET", "key") == .error("ERR wrong number of arguments for 'set' command"))
        #expect(try admin.call("CLIENT", "UNBLOCK", try #require(try writerID())) == 0)
        #expect(try admin.call("CLIENT", "UNPAUSE") == .ok)
        #expect(try writer.reply() == .ok)
        #expect(try writer.reply() == "1")
        #expect(try writer.reply() == 0)
        #expect(try waiting(0))
        // The command counts once.
        #expect(try admin.call("INFO", "commandstats").string?.contains("cmdstat_set:calls=1,") == true)

        func writerID() throws -> String? {
            let lines = try admin.call("CLIENT", "LIST").string?.split(separator: "\n") ?? []
            return lines.first { $0.contains("flags=b") }?.split(separator: " ").first.map { String($0.dropFirst(3)) }
        }
    }

    @Test func transactionsWaitAsAWhole() throws {
        let (reader, writer) = (try server.client(), try server.client())
        for client in [reader, writer] { #expect(try client.call("MULTI") == .ok) }
        #expect(try writer.call("INCR", "n") == .simpleString("QUEUED"))
        #expect(try reader.call("GET", "n") == .simpleString("QUEUED"))
        #expect(try admin.call("CLIENT", "PAUSE", Self.forEver, "WRITE") == .ok)
        #expect(try reader.call("EXEC") == [.null])
        try writer.request("EXEC")
        #expect(try waiting(1))
        #expect(try admin.call("CLIENT", "UNPAUSE") == .ok)
        #expect(try writer.reply() == [1])
    }

    @Test func aPauseInsideATransactionBeginsBehindIt() throws {
        for words in [["MULTI"], ["SET", "a", "1"], ["CLIENT", "PAUSE", Self.forEver, "WRITE"], ["SET", "b", "2"]] {
            _ = try admin.call(words: words)
        }
        #expect(try admin.call("EXEC") == [.ok, .ok, .ok])
        let writer = try server.client()
        try writer.request("SET", "c", "3")
        #expect(try waiting(1))
        #expect(try admin.call("MGET", "a", "b", "c") == ["1", "2", .null])
        _ = try admin.call("CLIENT", "UNPAUSE")
        #expect(try writer.reply() == .ok)
    }

    @Test func allWaitUntilTheTimeIsOver() throws {
        let client = try server.client()
        #expect(try client.call("PING") == .simpleString("PONG"))
        #expect(try admin.call("CLIENT", "PAUSE", "50") == .ok)
        try client.request("PING")
        try admin.request("PING")
        #expect(try client.reply() == .simpleString("PONG"))
        #expect(try admin.reply() == .simpleString("PONG"))
    }

    @Test func whoLeavesWhileWaitingIsGone() throws {
        let writer = try server.client()
        #expect(try admin.call("CLIENT", "PAUSE", Self.forEver, "WRITE") == .ok)
        try writer.request("SET", "key", "1")
        #expect(try waiting(1))
        writer.close()
        #expect(try waiting(0))
        #expect(try admin.call("CLIENT", "UNPAUSE") == .ok)
        #expect(try admin.call("EXISTS", "key") == 0)
    }

    @Test func whoStaysIsServedInOrder() throws {
        let writers = try (0..<6).map { _ in try server.client() }
        #expect(try admin.call("CLIENT", "PAUSE", Self.forEver, "WRITE") == .ok)
        for (number, writer) in writers.enumerated() {
            try writer.request("APPEND", "key", "\(number)")
            #expect(try waiting(number + 1))
        }
        for number in [4, 1] { writers[number].close() }
        #expect(try waiting(4))
        #expect(try admin.call("CLIENT", "UNPAUSE") == .ok)
        for (place, number) in [0, 2, 3, 5].enumerated() {
            #expect(try writers[number].reply() == .integer(Int64(place + 1)))
        }
        #expect(try admin.call("GET", "key") == "0235")
    }

    /// What is due meanwhile must not wake the server again and again.
    @Test func noTimerRunsForKeysThatStay() throws {
        let engine = server.server.engine
        for words in [
            ["MULTI"], ["SET", "key", "1", "PX", "50"], ["CLIENT", "PAUSE", Self.forEver, "WRITE"], ["EXEC"],
        ] {
            _ = try admin.call(words: words)
        }
        #expect(try eventually { try admin.call("EXISTS", "key") == 0 })
        #expect(eventually { engine.loop.perform { engine.expiryArmedAt } == Int64.max })
        #expect(try admin.call("DBSIZE") == 1)
        #expect(try admin.call("CLIENT", "UNPAUSE") == .ok)
        #expect(try eventually { try admin.call("DBSIZE") == 0 })
    }

    @Test func mistakes() throws {
        let cases: [([String], String)] = [
            (["PAUSE", "abc"], "ERR timeout is not an integer or out of range"),
            (["PAUSE", "-1"], "ERR timeout is negative"),
            (["PAUSE", "1", "SOME"], "ERR CLIENT PAUSE mode must be WRITE or ALL"),
            (["PAUSE", "9223372036854775808"], "ERR timeout is not an integer or out of range"),
        ]
        for (words, error) in cases {
            #expect(try admin.call(words: ["CLIENT"] + words) == .error(error))
        }
        // The end of time is a time.
        #expect(try admin.call("CLIENT", "PAUSE", "9223372036854775807", "WRITE") == .ok)
        #expect(try admin.call("CLIENT", "UNPAUSE") == .ok)
        #expect(try admin.call("SET", "key", "1") == .ok)
    }
}

/// With a clock in the test's hand.
struct PausedKeyspaceTests {
    @Test func nothingExpiresMeanwhile() throws {
        let server = try TestServer()
        try server.expect(["SET a 1 PX 10": .ok, "SET b 1 PX 10": .ok, "CLIENT PAUSE 50000 WRITE": .ok])
        server.advance(milliseconds: 20)
        server.runDueWork()
        try server.expect(["GET a": .null, "EXISTS b": 0, "DBSIZE": 2, "RANDOMKEY": .null, "TTL a": -2])
        #expect(server.inspect { $0.keyspace.value.statistics.expiredKeys } == 0)
        try server.expect(["CLIENT UNPAUSE": .ok, "GET a": .null])
        server.runDueWork()
        #expect(server.inspect { $0.keyspace.value.statistics.expiredKeys } == 2)
        try server.expect(["DBSIZE": 0])
    }

    /// What a transaction changes behind its own pause finds the keys as they are, and nothing is there twice.
    @Test func aTransactionGoesOnToChange() throws {
        let server = try TestServer()
        try server.expect(["SET a 1 PX 10": .ok])
        server.advance(milliseconds: 20)
        try server.expect([
            "MULTI": .ok, "CLIENT PAUSE 50000 WRITE": .simpleString("QUEUED"), "GET a": .simpleString("QUEUED"),
            "SET a 2": .simpleString("QUEUED"), "HSET h f v": .simpleString("QUEUED"),
            "EXEC": [.ok, .null, .ok, 1], "GET a": "2", "DBSIZE": 2,
        ])
        #expect(server.inspect { $0.keyspace.value.databases[0].table.brokenInvariant() } == nil)
    }

    @Test func itEndsByItself() async throws {
        let server = try TestServer()
        try server.expect(["CLIENT PAUSE 1000 WRITE": .ok])
        let other = try server.server.connect()
        async let reply = other.send("SET", "key", "1")
        while server.inspect({ $0.blocked.count }) == 0 { await Task.yield() }
        server.advance(milliseconds: 1000)
        server.runDueWork()
        #expect(try await reply == .ok)
        try server.expect(["GET key": "1"])
    }
}
