// What a server refuses: too many clients, strangers, idle ones, and those who send or leave too much.

import Testing

@testable import Martlet

struct LimitTests {
    @Test func clientsOverTheLimitAreTurnedAway() throws {
        let server = try ListeningServer { $0.configuration.maxclients = 2 }
        let first = try server.client()
        let second = try server.client()
        #expect(try first.call("PING") == .simpleString("PONG"))
        #expect(try second.call("PING") == .simpleString("PONG"))
        #expect(try server.client().rest() == "-ERR max number of clients reached\r\n")
        #expect(server.inspect { $0.server.statistics.value.connectionsRejected } == 1)
        // In-process connections take no place away.
        let local = try server.server.connect()
        #expect(try local.send("PING") == .simpleString("PONG"))
        first.close()
        #expect(eventually { server.inspect { $0.connections.count } == 1 })
        #expect(try server.client().call("PING") == .simpleString("PONG"))
    }

    @Test func protectedModeIsForStrangersWithoutPassword() {
        let far = SocketAddress.ipv4(0x0A00_0001, port: 5000)
        let near = SocketAddress.ipv4(0x7F00_0001, port: 5000)
        #expect(Listener.isProtected(from: far, isOn: true, hasPassword: false))
        #expect(!Listener.isProtected(from: near, isOn: true, hasPassword: false))
        #expect(!Listener.isProtected(from: .unix(path: "/x"), isOn: true, hasPassword: false))
        #expect(!Listener.isProtected(from: far, isOn: true, hasPassword: true))
        #expect(!Listener.isProtected(from: far, isOn: false, hasPassword: false))
    }

    @Test func idleClientsAreClosed() throws {
        let clock = ManualClock(wallMilliseconds: 1_700_000_000_000)
        let server = try ListeningServer {
            $0.clock = clock
            $0.configuration.timeoutSeconds = 10
        }
        let idle = try server.client()
        let busy = try server.client()
        #expect(try idle.call("PING") == .simpleString("PONG"))
        for _ in 0..<3 {
            #expect(try busy.call("PING") == .simpleString("PONG"))
            clock.advance(milliseconds: 5000)
            server.server.runDueWork()
        }
        #expect(try idle.rest() == "")
        #expect(try busy.call("PING") == .simpleString("PONG"))
        #expect(server.inspect { $0.connections.count } == 1)
    }

    /// Who listens waits for others; who takes what it asked for is not idle, either.
    @Test func listenersAreNotIdle() throws {
        let clock = ManualClock(wallMilliseconds: 1_700_000_000_000)
        let server = try ListeningServer {
            $0.clock = clock
            $0.configuration.timeoutSeconds = 10
        }
        let (subscriber, monitor, reader) = (try server.client(), try server.client(), try server.client())
        #expect(try subscriber.call("SUBSCRIBE", "c").elements?.count == 3)
        #expect(try monitor.call("MONITOR") == .ok)
        #expect(try reader.call("SETRANGE", "big", "49999999", "x") == .integer(50_000_000))
        try reader.request("GET", "big")
        var sent = 0
        func nowSent() -> Int { server.inspect { $0.connections.values.map(\.session.outputBytes).max() ?? 0 } }
        for _ in 0..<10 {
            _ = try reader.bytes(2_000_000)
            // The system keeps some megabytes between the two: what was taken has to have made room for more.
            #expect(eventually { nowSent() > sent })
            clock.advance(milliseconds: 5000)
            server.server.runDueWork()
            sent = nowSent()
        }
        #expect(try reader.bytes(30_000_013).count == 30_000_013)
        #expect(try server.server.connect().send("PUBLISH", "c", "m") == .integer(1))
        #expect(try subscriber.reply().elements?.count == 3)
        let shown = try (0..<3).map { _ in try monitor.reply().string ?? "" }
        #expect(shown[0].contains("SETRANGE") && shown[1].contains("GET") && shown[2].contains("PUBLISH"))
    }

    /// One message may reach a client by a thousand patterns: what is beyond its limit is not kept.
    @Test func pushesBeyondTheLimitAreDropped() throws {
        let server = try ListeningServer { $0.configuration.clientOutputBufferLimits.pubsub.hardBytes = 1 << 20 }
        let client = try server.client()
        #expect(try client.call("SUBSCRIBE", "c").elements?.count == 3)
        let kept = server.inspect { network -> [Int] in
            guard let connection = network.connections.values.first else { return [] }
            let message = [UInt8](repeating: 120, count: 100_000)
            let session = connection.session
            session.isExecuting = true
            for _ in 0..<1000 { session.push(message.span) }
            session.isExecuting = false
            let waiting = session.takePushes()?.count ?? 0
            return [waiting, connection.replyBufferCount]
        }
        #expect(kept == [1_100_000, 0])
        let other = try server.client()
        #expect(try other.call("SUBSCRIBE", "c").elements?.count == 3)
        let count = server.inspect { network -> Int in
            guard let connection = network.connections.values.first(where: { !$0.session.closesAfterReplies }) else {
                return -1
            }
            let message = [UInt8](repeating: 120, count: 100_000)
            for _ in 0..<1000 { connection.session.push(message.span) }
            return connection.replyBufferCount
        }
        #expect(count == 1_100_000)
        #expect(server.inspect { $0.server.statistics.value.outputBufferDisconnections } == 1)
    }

    /// What a client makes the server keep counts as its memory.
    @Test func namesAndQueuesCount() throws {
        let server = try ListeningServer()
        let client = try server.client()
        #expect(try client.call("PING") == .simpleString("PONG"))
        let before = server.inspect { $0.server.clientMemory.value.total }
        #expect(try client.call("CLIENT", "SETNAME", String(repeating: "n", count: 1_000_000)) == .ok)
        let named = server.inspect { $0.server.clientMemory.value.total }
        #expect(named >= before + 1_000_000)
        #expect(try client.call("MULTI") == .ok)
        try client.send(encodedRequest([Array("DEL".utf8)] + Array(repeating: [UInt8(ascii: "a")], count: 50_000)))
        #expect(try client.reply() == .simpleString("QUEUED"))
        // A place for each word, besides its byte.
        #expect(server.inspect { $0.server.clientMemory.value.total } >= named + 50_000 * 17)
    }

    @Test func idleClientsStayWithoutATimeout() throws {
        let clock = ManualClock(wallMilliseconds: 1_700_000_000_000)
        let server = try ListeningServer { $0.clock = clock }
        let idle = try server.client()
        #expect(try idle.call("PING") == .simpleString("PONG"))
        clock.advance(milliseconds: 1_000_000_000)
        server.server.runDueWork()
        #expect(try idle.call("PING") == .simpleString("PONG"))
    }

    @Test func idleClientsGiveMemoryBack() throws {
        let clock = ManualClock(wallMilliseconds: 1_700_000_000_000)
        let server = try ListeningServer { $0.clock = clock }
        let client = try server.client()
        #expect(try client.call("PING") == .simpleString("PONG"))
        #expect(server.inspect { $0.connections.values.allSatisfy { $0.memoryBytes > 0 } })
        clock.advance(milliseconds: 5000)
        server.server.runDueWork()
        #expect(server.inspect { $0.connections.values.allSatisfy { $0.memoryBytes == 0 } })
        #expect(try client.call("PING") == .simpleString("PONG"))
    }

    @Test func hardOutputLimitEndsTheConnectionWithoutAReply() throws {
        let server = try ListeningServer { $0.configuration.clientOutputBufferLimits.normal.hardBytes = 100_000 }
        let client = try server.client()
        #expect(try client.call("SETRANGE", "big", "99000", "x") == .integer(99_001))
        try client.request("GET", "big")
        #expect(try client.bytes(99_001 + 10).count == 99_011)
        #expect(try client.call("SETRANGE", "big", "150000", "x") == .integer(150_001))
        try client.request("GET", "big")
        #expect(try client.rest() == "")
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
    }

    /// What nobody will read is not kept while a command or a transaction writes it, and is done to its end.
    @Test func hardOutputLimitHoldsWithinATransaction() throws {
        let server = try ListeningServer { $0.configuration.clientOutputBufferLimits.normal.hardBytes = 100_000 }
        let client = try server.client()
        #expect(try client.call("SET", "k", String(repeating: "v", count: 1000)) == .simpleString("OK"))
        #expect(try client.call("MULTI") == .simpleString("OK"))
        for number in 0..<500 {
            let words = number % 2 == 0 ? ["GET", "k"] : ["INCR", "count"]
            #expect(try client.call(words: words) == .simpleString("QUEUED"))
        }
        try client.request("EXEC")
        #expect(try client.rest() == "")
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
        #expect(try server.client().call("GET", "count") == .bulkString(Array("250".utf8)))
        #expect(server.inspect { $0.server.statistics.value.outputBufferDisconnections } == 1)
    }

    @Test(arguments: ["MGET", "SRANDMEMBER"])
    func hardOutputLimitHoldsWithinACommand(name: String) throws {
        let words = name == "MGET" ? [name] + Array(repeating: "k", count: 100_000) : [name, "s", "-1000000"]
        let server = try ListeningServer { $0.configuration.clientOutputBufferLimits.normal.hardBytes = 100_000 }
        let client = try server.client()
        let text = String(repeating: "v", count: 1000)
        #expect(try client.call("SET", "k", text) == .simpleString("OK"))
        #expect(try client.call("SADD", "s", text) == .integer(1))
        try client.send(encodedRequest(words.map { Array($0.utf8) }))
        #expect(try client.rest() == "")
        #expect(server.inspect { $0.server.statistics.value.outputBufferDisconnections } == 1)
    }

    @Test func softOutputLimitEndsASlowReader() throws {
        let clock = ManualClock(wallMilliseconds: 1_700_000_000_000)
        let server = try ListeningServer {
            $0.clock = clock
            $0.configuration.clientOutputBufferLimits.normal.softBytes = 100_000
            $0.configuration.clientOutputBufferLimits.normal.softSeconds = 5
        }
        let client = try server.client()
        client.readSlowly()
        #expect(try client.call("SETRANGE", "big", "20000000", "x") == .integer(20_000_001))
        try client.request("GET", "big")
        #expect(eventually { server.inspect { $0.connections.values.contains { $0.replyBufferCount > 0 } } })
        clock.advance(milliseconds: 4000)
        server.server.runDueWork()
        #expect(server.inspect { $0.connections.count } == 1)
        clock.advance(milliseconds: 6000)
        server.server.runDueWork()
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
    }

    @Test func queryBufferLimitEndsTheConnection() throws {
        let server = try ListeningServer { $0.configuration.clientQueryBufferLimit = 1 << 20 }
        // Many words that are not large, and large ones that are never enough.
        let word = Array("$10000\r\n".utf8) + [UInt8](repeating: 1, count: 10_002)
        let largeWord = Array("$300000\r\n".utf8) + [UInt8](repeating: 1, count: 300_002)
        for (word, count) in [(word, 200), (largeWord, 10)] {
            let client = try server.client()
            #expect(throws: (any Error).self) {
                try client.send("*1000\r\n")
                for _ in 0..<count { try client.send(word) }
                _ = try client.reply()
            }
            #expect(eventually { server.inspect { $0.connections.isEmpty } })
        }
    }

    @Test func whatWaitsForExecCounts() throws {
        let server = try ListeningServer { $0.configuration.clientQueryBufferLimit = 1 << 20 }
        let client = try server.client()
        #expect(try client.call("MULTI") == .simpleString("OK"))
        let value = String(repeating: "v", count: 10_000)
        var queued = 0
        while queued < 1000, (try? client.call("SET", "k", value)) == .simpleString("QUEUED") { queued += 1 }
        #expect((50..<200).contains(queued))
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
        #expect(server.inspect { $0.server.statistics.value.queryBufferDisconnections } == 1)
    }

    @Test func strangersMaySendLittle() throws {
        let server = try ListeningServer { $0.configuration.requirepass = Array("secret".utf8) }
        let many = try server.client()
        try many.send("*11\r\n")
        #expect(try many.rest() == "-ERR Protocol error: unauthenticated multibulk length\r\n")
        let long = try server.client()
        try long.send("*1\r\n$16385\r\n")
        #expect(try long.rest() == "-ERR Protocol error: unauthenticated bulk length\r\n")
    }

    /// The limits of a request are those that its predecessors in the same packet brought about.
    @Test func authenticationLiftsTheLimitsOfTheNextRequest() throws {
        let server = try ListeningServer { $0.configuration.requirepass = Array("secret".utf8) }
        let client = try server.client()
        let words = (0..<20).map { "k\($0)" }
        let value = [UInt8](repeating: 1, count: 20_000)
        try client.send(
            encodedRequest("GET", "k") + encodedRequest("AUTH", "secret")
                + encodedRequest((["MGET"] + words).map { Array($0.utf8) })
                + encodedRequest([Array("SET".utf8), Array("k".utf8), value]))
        #expect(try client.reply() == .error("NOAUTH Authentication required."))
        #expect(try client.reply() == .ok)
        #expect(try client.reply() == .array(words.map { _ in RESPValue.null }))
        #expect(try client.reply() == .ok)
    }
}
