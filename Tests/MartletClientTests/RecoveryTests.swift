// What a client does when its server is another or hangs: who listens, waits, connects or walks over keys goes on at
// the right one, or is told.

import Martlet
import Synchronization
import TestSupport
import Testing

@testable import MartletClient

struct RecoveryTests {
    private func client(
        _ streams: any ByteStreamProvider, _ clock: StandingClock? = nil,
        _ change: (inout RedisClientConfiguration) -> Void = { _ in }
    ) throws -> RedisClient {
        var configuration = clock == nil ? RedisClientConfiguration().patient : RedisClientConfiguration()
        configuration.streams = streams
        configuration.retry = RetryPolicy(retries: 3, base: .zero, cap: .zero)
        configuration.pool.minimum = 0
        if let clock { configuration.clock = clock.clock }
        change(&configuration)
        return try RedisClient(configuration)
    }

    private static func confirmation(_ channel: String) -> String { ">3\r\n+subscribe\r\n+\(channel)\r\n:1\r\n" }

    // MARK: Listening

    @Test func whoListensFollowsAFailover() async throws {
        let script = ScriptedServer { _, _ in .reply(Self.confirmation("news")) }
        let client = try client(script)
        let messages = try await client.subscribe(to: ["news"])
        try await client.topology.node(for: nil).dropConnections()
        #expect(await soon { script.commands == [["SUBSCRIBE", "news"], ["SUBSCRIBE", "news"]] })
        messages.cancel()
    }

    /// A server that hangs says nothing, and nothing ends its connections.
    @Test func aServerThatHangsIsNoticedByWhoListens() async throws {
        let clock = StandingClock()
        let script = ScriptedServer { words, _ in
            words[0] == "PING" ? .silence : .reply(Self.confirmation("news"))
        }
        let client = try client(script, clock)
        let messages = try await client.subscribe(to: ["news"])
        #expect(
            await soon {
                clock.advance(by: .seconds(6))
                return script.commands.count { $0[0] == "SUBSCRIBE" } >= 2
            })
        messages.cancel()
    }

    @Test(arguments: [("+PONG\r\n", true), ("*2\r\n$4\r\npong\r\n$0\r\n\r\n", false)])
    func aServerThatAnswersIsKept(pong: String, knowsHello: Bool) async throws {
        let clock = StandingClock()
        let script = ScriptedServer(
            { words, _ in
                switch words[0] {
                case "PING": .reply(pong)
                case "SUBSCRIBE": .reply("*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n")
                default: .reply("+OK\r\n")
                }
            }, knowsHello: knowsHello)
        let client = try client(script, clock)
        let messages = try await client.subscribe(to: ["news"])
        #expect(
            await soon {
                clock.advance(by: .seconds(31))
                return script.commands.count { $0[0] == "PING" } >= 3
            })
        #expect(script.connectionCount == 1)
        messages.cancel()
    }

    @Test(arguments: Way.allCases) func sessionsThatTheServerEnds(way: Way) async throws {
        let pair = try Pair(way) { $0.retry = RetryPolicy(retries: 20) }
        let messages = try await pair.client.subscribe(to: ["news"])
        let inside = try pair.server.connect()
        #expect(try await inside.send("CLIENT", "KILL", "TYPE", "pubsub") == .integer(1))
        #expect(try await soon { try await inside.send("PUBLISH", "news", "again") == .integer(1) })
        var received = messages.makeAsyncIterator()
        #expect(await received.next()?.text == "again")
    }

    /// A refusal does not say what was refused: the order does.
    @Test func oneRefusalIsNotEverybodys() async throws {
        let script = ScriptedServer { words, _ in
            guard words[1] == "last" else { return .silence }
            return .reply("-NOPERM no\r\n" + Self.confirmation("news") + Self.confirmation("last"))
        }
        let client = try client(script)
        let refused = Task { try await client.subscribe(to: ["secret"]) }
        #expect(await soon { script.commands.count == 1 })
        let confirmed = Task { try await client.subscribe(to: ["news"]) }
        #expect(await soon { script.commands.count == 2 })
        _ = try await client.subscribe(to: ["last"])
        let error = await #expect(throws: RedisError.self) { _ = try await refused.value }
        #expect(error?.serverCode == "NOPERM")
        _ = try await confirmed.value
    }

    // MARK: Waiting

    @Test(arguments: Way.allCases) func closingEndsWhatWaits(way: Way) async throws {
        let pair = try Pair(way)
        let waiting = Task { try await pair.client.withConnection { try await $0.send("WAIT", 5, 0) } }
        let inside = try pair.server.connect()
        #expect(
            try await soon {
                try await inside.send("INFO", "clients").string?.contains("blocked_clients:1") == true
            })
        pair.client.close()
        let error = await #expect(throws: RedisError.self) { try await waiting.value }
        #expect(error?.code == .closed && error?.outcome == .unknown)
    }

    /// Whoever told the server how long to wait need not wait for a server that hangs.
    @Test func waitingHasAnEnd() async throws {
        let clock = StandingClock()
        let client = try client(ScriptedServer { _, _ in .silence }, clock)
        let isOver = Mutex(false)
        let waiting = Task {
            defer { isOver.withLock { $0 = true } }
            return try await client.send("BLPOP", "k", 10)
        }
        #expect(
            await soon {
                clock.advance(by: .seconds(1))
                return isOver.withLock(\.self)
            })
        let error = await #expect(throws: RedisError.self) { try await waiting.value }
        #expect(error?.code == .timeout && error?.outcome == .unknown)
    }

    // MARK: Connecting

    @Test func connectingHasAnEnd() async throws {
        let clock = StandingClock()
        let gate = Gate(ScriptedServer { _, _ in .reply("+late\r\n") }, isShut: true)
        let client = try client(gate, clock) { $0.retry = .never }
        let isOver = Mutex(false)
        let waiting = Task {
            defer { isOver.withLock { $0 = true } }
            return try await client.send("GET", "k")
        }
        #expect(
            await soon {
                clock.advance(by: .seconds(1))
                return isOver.withLock(\.self)
            })
        let error = await #expect(throws: RedisError.self) { try await waiting.value }
        #expect(error?.code == .connection && error?.outcome == .notExecuted)
        gate.letIn()
    }

    @Test func whoGivesUpConnectingIsTold() async throws {
        let gate = Gate(ScriptedServer { _, _ in .reply("+late\r\n") }, isShut: true)
        let client = try client(gate)
        let waiting = Task { try await client.withConnection { _ in } }
        #expect(await soon { gate.waitingCount == 1 })
        waiting.cancel()
        let error = await #expect(throws: RedisError.self) { try await waiting.value }
        #expect(error?.code == .cancelled && error?.outcome == .notExecuted)
        gate.letIn()
    }

    /// A connection that was on its way to the server before is nobody's.
    @Test func connectionsUnderWay() async throws {
        let gate = Gate(ScriptedServer { _, connection in .reply("+\(connection)\r\n") }, isShut: true)
        let client = try client(gate) { $0.retry = .never }
        let early = Task { try await client.send("GET", "k", as: String.self) }
        #expect(await soon { gate.waitingCount == 1 })
        try await client.topology.node(for: nil).dropConnections()
        gate.open()
        #expect(try await client.send("GET", "k", as: String.self) == "1")
        gate.letIn()
        #expect(try await early.value == "1")
        #expect(try await client.send("GET", "k", as: String.self) == "1")
    }

    // MARK: Units and walks

    /// Without MULTI the commands were executed one by one: nobody is told that nothing was done.
    @Test func unitsThatCannotBegin() async throws {
        let script = ScriptedServer { words, _ in
            switch words[0] {
            case "MULTI": .reply("-NOPERM User app has no permissions to run the 'multi' command\r\n")
            case "EXEC": .reply("-ERR EXEC without MULTI\r\n")
            default: .reply("+OK\r\n")
            }
        }
        let client = try client(script)
        let error = await #expect(throws: RedisError.self) {
            try await client.transaction([RedisCommand("SET", "k", "v")])
        }
        #expect(error?.serverCode == "NOPERM" && error?.outcome == .executed)
        #expect(script.commands.count == 3)
    }

    @Test func aWalkBeginsAnewAtAnotherServer() async throws {
        let script = ScriptedServer { words, connection in
            if connection == 1 {
                return words[1] == "0" ? .reply("*2\r\n$1\r\n7\r\n*1\r\n$1\r\na\r\n") : .hangUp
            }
            return .reply("*2\r\n$1\r\n0\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n")
        }
        let client = try client(script)
        var batches: [[String]] = []
        for try await keys in client.scan() { batches.append(keys) }
        #expect(batches == [["a"], ["a", "b"]])
        #expect(script.commands.map { $0[1] } == ["0", "7", "0"])
    }

    @Test func walksGoAsFastAsTheyAreRead() async throws {
        let script = ScriptedServer { _, _ in .reply("*2\r\n$1\r\n7\r\n*1\r\n$1\r\na\r\n") }
        let client = try client(script)
        var keys = client.scan().makeAsyncIterator()
        #expect(try await keys.next() == ["a"])
        #expect(script.commands.count == 1)
        #expect(try await keys.next() == ["a"])
        #expect(script.commands.count == 2)
    }
}
