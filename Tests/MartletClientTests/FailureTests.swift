// What happens when servers are slow, gone or strange: whose fate is known, what is tried again, and what still works.

import Martlet
import Synchronization
import TestSupport
import Testing

@testable import MartletClient

struct FailureTests {
    private func client(
        _ script: ScriptedServer, _ clock: StandingClock? = nil,
        _ change: (inout RedisClientConfiguration) -> Void = { _ in }
    ) throws -> RedisClient {
        // A standing clock is as patient as the test wants.
        var configuration = clock == nil ? RedisClientConfiguration().patient : RedisClientConfiguration()
        configuration.streams = script
        configuration.retry = RetryPolicy(retries: 3, base: .zero, cap: .zero)
        configuration.pool.minimum = 0
        if let clock { configuration.clock = clock.clock }
        change(&configuration)
        return try RedisClient(configuration)
    }

    @Test func aBrokenReadIsSentAgain() async throws {
        let script = ScriptedServer { words, connection in connection == 1 ? .hangUp : .reply("$1\r\nv\r\n") }
        let client = try client(script)
        #expect(try await client.send("GET", "k", as: String.self) == "v")
        #expect(script.commands == [["GET", "k"], ["GET", "k"]])
    }

    @Test func aBrokenWriteIsReportedAndNotSentAgain() async throws {
        let script = ScriptedServer { _, connection in connection == 1 ? .hangUp : .reply(":1\r\n") }
        let client = try client(script)
        let error = await #expect(throws: RedisError.self) { try await client.send("INCR", "k") }
        #expect(error?.code == .connection && error?.outcome == .unknown)
        #expect(script.commands == [["INCR", "k"]])
        // The next one gets a new connection.
        #expect(try await client.send("INCR", "k", as: Int.self) == 1)
        #expect(script.connectionCount == 2)
    }

    @Test func whatWasRefusedIsSentAgain() async throws {
        let script = ScriptedServer { words, _ in .reply("-LOADING Redis is loading the dataset in memory\r\n") }
        let client = try client(script)
        let error = await #expect(throws: RedisError.self) { try await client.send("INCR", "k") }
        #expect(error?.serverCode == "LOADING" && error?.outcome == .notExecuted)
        #expect(script.commands.count == 4)
    }

    /// A pipeline breaks in the middle: what was answered stands, what reads is sent again, what writes is unknown.
    @Test func aPipelineThatBreaks() async throws {
        let script = ScriptedServer { words, connection in
            words[1] == "2" && connection == 1 ? .hangUp : .reply("+\(words[1])\r\n")
        }
        let client = try client(script)
        let results = try await client.pipeline(
            [
                RedisCommand("SET", "1", "x"), RedisCommand("SET", "2", "x"), RedisCommand("GET", "3"),
                RedisCommand("SET", "4", "x"),
            ])
        #expect(try results[0].get() == .simpleString("1"))
        #expect(results[1].error?.outcome == .unknown && results[3].error?.outcome == .unknown)
        #expect(try results[2].get() == .simpleString("3"))
        #expect(script.commands.filter { $0[1] == "2" || $0[1] == "4" }.count <= 2)
    }

    @Test func nobodyListens() async throws {
        let client = try RedisClient(RedisClientConfiguration(port: 1).patient)
        defer { client.close() }
        let error = await #expect(throws: RedisError.self) { try await client.send("INCR", "k") }
        #expect(error?.code == .connection && error?.outcome == .notExecuted)
    }

    @Test func deadlinesLeaveTheConnectionUsable() async throws {
        let clock = StandingClock()
        // The slow answer comes together with that of the next command.
        let script = ScriptedServer { words, _ in words[0] == "SLOW" ? .silence : .reply("+slow\r\n+next\r\n") }
        let client = try client(script, clock) { $0.readTimeout = .seconds(100) }
        let slow = Task { try await client.send("SLOW", timeout: .seconds(3)) }
        #expect(await soon { script.commands.count == 1 })
        // The link's watch and this one.
        #expect(await soon { clock.sleeperCount >= 2 })
        clock.advance(by: .seconds(4))
        let error = await #expect(throws: RedisError.self) { _ = try await slow.value }
        #expect(error?.code == .timeout && error?.outcome == .unknown)
        #expect(try await client.send("NEXT", as: String.self) == "next")
        #expect(script.connectionCount == 1)
    }

    /// However long a server may be silent, what watched it ends with the connection.
    @Test func nobodyWatchesAConnectionThatIsClosed() async throws {
        let clock = StandingClock()
        let script = ScriptedServer { _, _ in .silence }
        let client = try client(script, clock) { $0.readTimeout = .seconds(3600) }
        let waiting = Task { try await client.send("GET", "k") }
        #expect(await soon { script.commands.count == 1 && clock.sleeperCount > 0 })
        client.close()
        _ = await waiting.result
        #expect(await soon { clock.sleeperCount == 0 })
    }

    /// Whether a client of the server comes to wait.
    private func isBlocked(_ pair: Pair) async throws -> Bool {
        let inside = try pair.server.connect()
        return try await soon {
            try await inside.send("INFO", "clients").string?.contains("blocked_clients:1") == true
        }
    }

    @Test(arguments: Way.allCases) func cancellationLeavesTheConnectionUsable(way: Way) async throws {
        let pair = try Pair(way)
        let waiting = Task { try await pair.client.withConnection { try await $0.send("WAIT", 5, 0) } }
        #expect(try await isBlocked(pair))
        waiting.cancel()
        let error = await #expect(throws: RedisError.self) { _ = try await waiting.value }
        #expect(error?.code == .cancelled && error?.outcome == .unknown)
        #expect(try await pair.client.send("PING", as: String.self) == "PONG")
        let before = Task { () -> RESPValue in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await pair.client.send("SET", "never", "1")
        }
        let early = await #expect(throws: RedisError.self) { _ = try await before.value }
        #expect(early?.code == .cancelled && early?.outcome == .notExecuted)
        #expect(try await pair.client.send("EXISTS", "never", as: Int.self) == 0)
    }

    @Test(arguments: Way.allCases) func commandsThatWaitDoNotKeepOthers(way: Way) async throws {
        let pair = try Pair(way)
        async let waiting = pair.client.withConnection { try await $0.send("WAIT", 5, 300, as: Int.self) }
        #expect(try await pair.client.send("PING", as: String.self) == "PONG")
        #expect(try await waiting == 0)
        let error = await #expect(throws: RedisError.self) {
            try await pair.client.withConnection { try await $0.send("WAIT", 5, 0, timeout: .milliseconds(20)) }
        }
        #expect(error?.code == .timeout)
    }

    /// A command that nobody waits for any more may block its session for ever: it is not lent again.
    @Test func aLentSessionThatWaitsIsNotLentAgain() async throws {
        let pair = try Pair(.inProcess) { $0.pool.maximum = 1 }
        let waiting = Task { try await pair.client.withConnection { try await $0.send("WAIT", 5, 0) } }
        #expect(try await isBlocked(pair))
        waiting.cancel()
        _ = await waiting.result
        let reply = try await pair.client.withConnection { try await $0.send("ECHO", "next", as: String.self) }
        #expect(reply == "next")
    }

    /// The primary has become a replica while a connection to it was lent: that one is of no more use.
    @Test func aPrimaryThatWasDemoted() async throws {
        let script = ScriptedServer { words, connection in
            switch (words[0], connection) {
            case ("SET", 1): .reply("-READONLY You can't write against a read only replica.\r\n")
            case ("EXEC", 1): .reply("-EXECABORT Transaction discarded because of previous errors.\r\n")
            case ("SET", _): .reply("+QUEUED\r\n")
            case ("EXEC", _): .reply("*1\r\n+OK\r\n")
            default: .reply("+OK\r\n")
            }
        }
        let client = try client(script)
        let replies = try await client.transaction(watching: ["k"]) { _ in [RedisCommand("SET", "k", "v")] }
        #expect(replies == [.simpleString("OK")])
        #expect(script.connectionCount == 2)
    }

    @Test func subscribersDoNotWaitForEver() async throws {
        let clock = StandingClock()
        let script = ScriptedServer { _, _ in .silence }
        let client = try client(script, clock)
        let cancelled = Task { try await client.subscribe(to: ["news"]) }
        #expect(await soon { script.commands.contains(["SUBSCRIBE", "news"]) })
        cancelled.cancel()
        let first = await #expect(throws: RedisError.self) { _ = try await cancelled.value }
        #expect(first?.code == .cancelled)
        let late = Task { try await client.subscribe(to: ["weather"]) }
        // What looks after the connection, and this one.
        #expect(await soon { script.commands.contains(["SUBSCRIBE", "weather"]) && clock.sleeperCount >= 2 })
        clock.advance(by: .seconds(6))
        let second = await #expect(throws: RedisError.self) { _ = try await late.value }
        #expect(second?.code == .connection && second?.outcome == .notExecuted)
    }

    /// Who gave up subscribing does not make the next one to the same channel deaf.
    @Test func subscriptionsThatWereGivenUp() async throws {
        let pair = try Pair()
        for round in 0..<50 {
            let givenUp = Task { try await pair.client.subscribe(to: ["c"]) }
            if round % 2 == 0 { await Task.yield() }
            givenUp.cancel()
            _ = await givenUp.result
            let messages = try await pair.client.subscribe(to: ["c"])
            #expect(try await pair.client.publish("m\(round)", to: "c") == 1)
            for await message in messages {
                #expect(message.text == "m\(round)")
                break
            }
            messages.cancel()
        }
    }

    @Test func aServerThatSaysNothingIsGone() async throws {
        let clock = StandingClock()
        let script = ScriptedServer { _, connection in connection == 1 ? .silence : .reply("+late\r\n") }
        let client = try client(script, clock)
        async let answer = client.send("GET", "k", as: String.self)
        #expect(await soon { !script.commands.isEmpty })
        #expect(
            await soon {
                clock.advance(by: .seconds(5))
                return script.connectionCount == 2
            })
        #expect(try await answer == "late")
    }

    @Test func strangeBytesEndTheConnection() async throws {
        let script = ScriptedServer { _, connection in .reply(connection == 1 ? "HTTP/1.1 400\r\n" : "+fine\r\n") }
        let client = try client(script)
        let error = await #expect(throws: RedisError.self) { try await client.send("SET", "k", "v") }
        #expect(error?.code == .protocolViolation && error?.outcome == .unknown)
        #expect(try await client.send("SET", "k", "v", as: String.self) == "fine")
    }

    @Test func aServerThatRestartsIsFoundAgain() async throws {
        let place = ServerPlace()
        let first = try place.start()
        var configuration = place.settings
        configuration.retry = RetryPolicy(retries: 20)
        let client = try RedisClient(configuration)
        defer { client.close() }
        try await client.send("SET", "k", "v")
        let messages = try await client.subscribe(to: ["news"])
        await first.stop()
        let second = try place.start()
        defer { second.stop() }
        #expect(try await client.send("EXISTS", "k", as: Int.self) == 0)
        #expect(try await soon { try await client.publish("again", to: "news") == 1 })
        var received = messages.makeAsyncIterator()
        #expect(await received.next()?.text == "again")
    }

    /// A server that is no longer the one to ask is left; what reads goes on elsewhere, and nobody is told that the
    /// client is closed.
    @Test func connectionsThatAreDropped() async throws {
        let script = ScriptedServer { words, connection in connection == 1 ? .silence : .reply("+\(words[0])\r\n") }
        let client = try client(script)
        let read = Task { try await client.send("GET", "k", as: String.self) }
        let write = Task { try await client.send("INCR", "k") }
        #expect(await soon { script.commands.count == 2 })
        try await client.topology.node(for: nil).dropConnections()
        #expect(try await read.value == "GET")
        let error = await #expect(throws: RedisError.self) { try await write.value }
        #expect(error?.code == .connection && error?.outcome == .unknown)
    }

    /// Who subscribes before the old connection's end was noticed makes the new one, for all who listened; there is no
    /// second.
    @Test func newSubscribersMakeTheConnectionForAll() async throws {
        let place = ServerPlace()
        var server = try place.start()
        var configuration = place.settings
        configuration.retry = RetryPolicy(retries: 20)
        let client = try RedisClient(configuration)
        defer { client.close() }
        let first = try await client.subscribe(to: ["a"])
        var others: [RedisSubscription] = []
        for round in 0..<10 {
            await server.stop()
            server = try place.start()
            others.append(try await client.subscribe(to: ["b\(round)"]))
            #expect(try await soon { try await client.publish("x", to: "a") == 1 })
        }
        try await client.publish("last", to: "a")
        var last = 0
        for await message in first where message.text != "x" {
            last += 1
            if message.text == "last" { break }
        }
        #expect(last == 1)
        await server.stop()
    }

    @Test func theOldProtocolIsSpokenWhereItMustBe() async throws {
        let script = OldServer()
        let client = try client(script.server) { configuration in
            configuration.credentials = RedisCredentials(password: "pw")
            configuration.database = 2
        }
        #expect(try await client.send("GET", "k", as: String.self) == "v")
        // The first flight is lost but for the question.
        #expect(script.server.commands == [["SELECT", "2"], ["AUTH", "pw"], ["SELECT", "2"], ["GET", "k"]])
    }

    /// Before 6.0.
    private struct OldServer {
        let server = ScriptedServer(
            { words, _ in
                switch words[0] {
                case "AUTH", "SELECT": .reply("+OK\r\n")
                default: .reply("$1\r\nv\r\n")
                }
            }, knowsHello: false)
    }
}

struct ConnectionPoolTests {
    @Test func atMostSoManyAtOnce() async throws {
        let pair = try Pair { ($0.pool.minimum, $0.pool.maximum) = (1, 2) }
        let gauge = Gauge()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await pair.client.withConnection { connection in
                        gauge.enter()
                        try await connection.send("PING")
                        _ = await soon { gauge.most >= 2 }
                        gauge.leave()
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(gauge.most == 2)
    }

    /// How many are inside, at most.
    private final class Gauge: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        var most: Int { counts.withLock { $0.most } }

        func enter() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
        }

        func leave() { counts.withLock { $0.now -= 1 } }
    }

    @Test func whoWaitsTooLongIsTold() async throws {
        let clock = StandingClock()
        let pair = try Pair(.inProcess) { configuration in
            configuration.pool = PoolPolicy(minimum: 0, maximum: 1, acquireTimeout: .seconds(5))
            configuration.clock = clock.clock
        }
        try await pair.client.withConnection { _ in
            let second = Task { try await pair.client.withConnection { _ in } }
            #expect(await soon { clock.sleeperCount == 1 })
            clock.advance(by: .seconds(6))
            let error = await #expect(throws: RedisError.self) { try await second.value }
            #expect(error?.code == .poolExhausted && error?.outcome == .notExecuted)
        }
        try await pair.client.withConnection { _ in }
    }

    @Test func theMinimumIsKeptOpen() async throws {
        let pair = try Pair { ($0.pool.minimum, $0.pool.maximum) = (3, 5) }
        let pool = try await pair.client.topology.node(for: nil).pool
        try await pair.client.withConnection { _ in }
        #expect(await soon { pool.counts == (3, 3) })
    }

    /// What was lent before a failover is of no use after it: the server before may take writes that will be lost.
    @Test func connectionsToTheServerBefore() async throws {
        let script = ScriptedServer { _, connection in .reply("+\(connection)\r\n") }
        var configuration = RedisClientConfiguration().patient
        configuration.streams = script
        (configuration.pool.minimum, configuration.pool.maximum) = (0, 1)
        let client = try RedisClient(configuration)
        let node = try await client.topology.node(for: nil)
        let error = await #expect(throws: RedisError.self) {
            try await client.withConnection { connection in
                #expect(try await connection.send("GET", "k", as: String.self) == "1")
                node.dropConnections()
                try await connection.send("SET", "k", "v")
            }
        }
        #expect(error?.code == .connection && error?.outcome == .notExecuted)
        #expect(node.pool.counts == (0, 0))
        #expect(try await client.withConnection { try await $0.send("GET", "k", as: String.self) } == "2")
    }

    /// A late answer of the server before says nothing about the one after it.
    @Test func aLateRefusalOfTheServerBefore() async throws {
        let script = ScriptedServer { words, connection in
            .reply(words[0] == "SET" && connection <= 2 ? "-READONLY a replica\r\n" : "+\(connection)\r\n")
        }
        var configuration = RedisClientConfiguration().patient
        configuration.streams = script
        configuration.pool.minimum = 0
        let client = try RedisClient(configuration)
        func set(_ connection: RedisConnection) async -> String? {
            do throws(RedisError) {
                _ = try await connection.send("SET", "k", "v")
                return nil
            } catch {
                return error.serverCode
            }
        }
        let refusals = try await client.withConnection { late in
            let first = await set(late)
            let early = try await client.withConnection { await set($0) }
            // The third connection is to the server after, and waits for whoever needs one.
            try await client.withConnection { _ = try await $0.send("SET", "k", "v") }
            return [early, first]
        }
        #expect(refusals == ["READONLY", "READONLY"])
        #expect(try await client.withConnection { try await $0.send("GET", "k", as: String.self) } == "3")
    }

    @Test func oneThatWasIdleLongIsAskedFirst() async throws {
        let clock = StandingClock()
        let script = ScriptedServer { words, connection in
            words[0] == "PING" && connection == 1 ? .hangUp : .reply("+\(connection)\r\n")
        }
        var configuration = RedisClientConfiguration().patient
        configuration.streams = script
        configuration.clock = clock.clock
        (configuration.pool.minimum, configuration.pool.healthCheckAfter) = (0, .seconds(30))
        let client = try RedisClient(configuration)
        func ask() async throws -> String {
            try await client.withConnection { try await $0.send("GET", "k", as: String.self) }
        }
        #expect(try await ask() == "1")
        #expect(try await ask() == "1")
        clock.advance(by: .seconds(31))
        #expect(try await ask() == "2")
        #expect(script.commands == [["GET", "k"], ["GET", "k"], ["PING"], ["GET", "k"]])
    }

    @Test func aBorrowerWhoGivesUpLeavesThePool() async throws {
        let pair = try Pair(.inProcess) { ($0.pool.minimum, $0.pool.maximum) = (0, 1) }
        try await pair.client.withConnection { _ in
            let second = Task { try await pair.client.withConnection { _ in } }
            second.cancel()
            let error = await #expect(throws: RedisError.self) { try await second.value }
            #expect(error?.code == .cancelled)
        }
        try await pair.client.withConnection { _ in }
    }
}
