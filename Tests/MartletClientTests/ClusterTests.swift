// A cluster played by a script: slots on their way, replicas, nodes that leave. The real one is in Tests/Topologies.

import Martlet
import Synchronization
import TestSupport
import Testing

@testable import MartletClient

struct ClusterTests {
    private static let first = RedisEndpoint.tcp(host: "10.0.0.1", port: 1)
    private static let second = RedisEndpoint.tcp(host: "10.0.0.1", port: 2)

    private static let subscribed = ">3\r\n+subscribe\r\n+news\r\n:1\r\n"

    private static func node(_ port: Int) -> String { "*3\r\n$8\r\n10.0.0.1\r\n:\(port)\r\n$1\r\n\(port)\r\n" }

    /// Each of these has its part of the slots.
    private static func slots(of owners: [Int]) -> String {
        let share = 16384 / owners.count
        let ranges = owners.enumerated().map { place, owner in
            "*3\r\n:\(place * share)\r\n:\((place + 1) * share - 1)\r\n" + node(owner)
        }
        return "*\(owners.count)\r\n" + ranges.joined()
    }

    /// All slots are the first one's, and the second is its replica if wanted.
    private static func slots(hasReplica: Bool = false) -> String {
        return "*1\r\n*\(hasReplica ? 4 : 3)\r\n:0\r\n:16383\r\n" + node(1) + (hasReplica ? node(2) : "")
    }

    /// `answer` is asked for all but the map.
    private func scene(
        hasReplica: Bool = false, _ change: (inout RedisClientConfiguration) -> Void = { _ in },
        _ answer: @escaping @Sendable (_ words: [String], _ endpoint: RedisEndpoint) -> ScriptedServer.Answer
    ) throws -> (script: ScriptedServer, client: RedisClient) {
        let script = ScriptedServer.many { words, endpoint in
            words.first == "CLUSTER" ? .reply(Self.slots(hasReplica: hasReplica)) : answer(words, endpoint)
        }
        return (script, try client(script, change))
    }

    private func client(
        _ script: ScriptedServer, _ change: (inout RedisClientConfiguration) -> Void = { _ in }
    ) throws -> RedisClient {
        var configuration = RedisClientConfiguration(.cluster([Self.first])).patient
        configuration.streams = script
        configuration.retry = RetryPolicy(retries: 2, base: .zero, cap: .zero)
        configuration.pool.minimum = 0
        change(&configuration)
        return try RedisClient(configuration)
    }

    /// What the client said, without its questions for the map.
    private func said(_ script: ScriptedServer, at endpoint: RedisEndpoint) -> [String] {
        script.commands(at: endpoint).filter { $0 != "CLUSTER SLOTS" && $0 != "PING" }
    }

    /// A unit of work on a connection of its own follows a slot that is on its way.
    @Test func aSlotOnItsWay() async throws {
        let (script, client) = try scene { words, endpoint in
            guard endpoint == Self.second else { return .reply("-ASK 12182 10.0.0.1:2\r\n") }
            return .reply(words[0] == "EXEC" ? "*1\r\n:1\r\n" : words[0] == "INCR" ? "+QUEUED\r\n" : "+OK\r\n")
        }
        let replies = try await client.transaction(watching: ["foo"]) { connection in
            _ = try await connection.send("GET", "foo")
            return [RedisCommand("INCR", "foo")]
        }
        #expect(replies == [.integer(1)])
        #expect(said(script, at: Self.first) == ["WATCH foo", "UNWATCH"])
        #expect(
            said(script, at: Self.second) == [
                "ASKING", "WATCH foo", "ASKING", "GET foo", "ASKING", "MULTI", "INCR foo", "EXEC",
            ])
    }

    /// A node that keeps its connections and says nothing is not waited for: what it knows others know, too.
    @Test func aNodeThatHangsKeepsNobodyWaiting() async throws {
        let clock = StandingClock()
        let script = ScriptedServer.many { words, endpoint in
            if endpoint == Self.first { return .silence }
            return .reply(words.first == "CLUSTER" ? Self.slots(of: [2]) : "+\(words[0])\r\n")
        }
        let client = try client(script) {
            $0.topology = .cluster([Self.first, Self.second])
            $0.clock = clock.clock
        }
        async let reply = client.send("GET", "foo", as: String.self)
        // Far less than the hour after which the first would be given up.
        #expect(
            await soon {
                if clock.sleeperCount > 0 { clock.advance(by: .seconds(1)) }
                return script.commands(at: Self.second).contains("CLUSTER SLOTS")
            })
        #expect(try await reply == "GET")
        #expect(script.commands(at: Self.first) == ["CLUSTER SLOTS"])
        #expect(clock.clock.now() < .seconds(3600))
    }

    /// A command whose fate is unknown is not sent again, and yet says something of the node that it was sent to.
    @Test func aBrokenConnectionCastsDoubtOnTheMap() async throws {
        let (script, client) = try scene(hasReplica: true) { _, _ in .hangUp }
        let error = await #expect(throws: RedisError.self) { try await client.send("INCR", "foo") }
        #expect(error?.outcome == .unknown)
        #expect(
            await soon {
                let said = script.commands(at: Self.first) + script.commands(at: Self.second)
                return said.count { $0 == "CLUSTER SLOTS" } > 1
            })
    }

    /// Whoever waits for a connection to a primary that is none any more is led to the one that took its place.
    @Test func nobodyWaitsForANodeThatLeadsNoMore() async throws {
        let hasMoved = Mutex(false)
        let script = ScriptedServer.many { words, _ in
            guard words[0] == "CLUSTER" else { return .reply("+\(words[0])\r\n") }
            return .reply(Self.slots(of: [hasMoved.withLock { $0 } ? 2 : 1]))
        }
        let gate = Gate(script)
        let client = try client(script) {
            $0.topology = .cluster([Self.second])
            $0.streams = gate
        }
        await client.topology.doubt(because: .reply("CLUSTERDOWN"))
        gate.shut()
        async let reply = client.send("GET", "foo", as: String.self)
        #expect(await soon { gate.waitingCount == 1 })
        hasMoved.withLock { $0 = true }
        await client.topology.doubt(because: .reply("CLUSTERDOWN"))
        #expect(try await reply == "GET")
        #expect(said(script, at: Self.second) == ["GET foo"])
        gate.letIn()
    }

    /// A server to which slots are on their way is not in the map, and yet not one that has left.
    @Test func importersAreNotLetGo() async throws {
        let (script, client) = try scene { words, endpoint in
            endpoint == Self.second ? .reply("+\(words[0])\r\n") : .reply("-ASK 12182 10.0.0.1:2\r\n")
        }
        #expect(try await client.send("GET", "foo", as: String.self) == "GET")
        await client.topology.doubt(because: .reply("CLUSTERDOWN"))
        #expect(script.openConnections(to: Self.second) == 1)
    }

    /// Keys that belong together lie apart until their slot has moved: that may take longer than what else is tried
    /// again.
    @Test(arguments: [("TRYAGAIN", 17), ("LOADING", 3)]) func keysThatLieApart(refusal: String, tries: Int) async throws
    {
        let (_, client) = try scene { _, _ in .silence }
        var count = 0
        let error = await #expect(throws: RedisError.self) {
            try await client.retrying { _ async throws(RedisError) -> Void in
                count += 1
                throw RedisError.reply("\(refusal) later")
            }
        }
        #expect(error?.serverCode == refusal && count == tries)
    }

    /// Reads go to replicas where that is asked for, but not those that must see what was written before.
    @Test func readsThatNeedThePrimary() async throws {
        let (_, client) = try scene(hasReplica: true) {
            $0.reads = .replica
        } _: { words, endpoint in
            .reply(words[0] == "READONLY" ? "+OK\r\n" : endpoint == Self.first ? "+primary\r\n" : "+replica\r\n")
        }
        #expect(try await client.send("GET", "foo", as: String.self) == "replica")
        let command = RedisCommand("GET", "foo")
        #expect(try await client.send(command.atPrimary()).string == "primary")
        let both = try await client.pipeline([command.atPrimary(), command])
        #expect(try both.map { try $0.get().string } == ["primary", "replica"])
    }

    /// Whoever waits for a node that leaves the cluster may try elsewhere.
    @Test func aNodeThatLeaves() async throws {
        let (script, client) = try scene { _, _ in .silence }
        let node = try await client.topology.node(for: Array("foo".utf8))
        async let waiting = node.run(RedisCommand("GET", "foo"))
        #expect(await soon { said(script, at: Self.first) == ["GET foo"] })
        node.retire()
        let result = await waiting
        #expect(result.error?.code == .connection && result.error?.outcome == .unknown)
        #expect(Node.mayBeRetried(RedisCommand("GET", "foo"), result))
        let late = await node.run(RedisCommand("INCR", "foo"))
        #expect(late.error?.code == .connection && late.error?.outcome == .notExecuted)
    }

    /// Who listens at all servers listens at those that come, and no longer at those that go.
    @Test func listenersFollowThePrimaries() async throws {
        let clock = StandingClock()
        let owners = Mutex([1])
        let script = ScriptedServer.many { words, endpoint in
            switch words[0] {
            case "CLUSTER": .reply(Self.slots(of: owners.withLock(\.self)))
            case "SUBSCRIBE": .reply(Self.subscribed)
            default: .reply("+OK\r\n")
            }
        }
        let client = try client(script) { $0.clock = clock.clock }
        var messages: ServerMessages? = try await client.messagesOfAllServers(on: ["news"]) { send in
            _ = try? await send(RedisCommand("CONFIG", "prepared"))
        }
        #expect(said(script, at: Self.first) == ["CONFIG prepared", "SUBSCRIBE news"])
        owners.withLock { $0 = [1, 2] }
        await client.topology.doubt(because: .reply("CLUSTERDOWN"))
        #expect(
            await soon {
                clock.advance(by: .seconds(1))
                return said(script, at: Self.second) == ["CONFIG prepared", "SUBSCRIBE news"]
            })
        owners.withLock { $0 = [2] }
        await client.topology.doubt(because: .reply("CLUSTERDOWN"))
        // One stays, over which the map is asked for: the first is where the client was told to begin.
        #expect(
            await soon {
                clock.advance(by: .seconds(1))
                return script.openConnections(to: Self.first) == 1
            })
        #expect(said(script, at: Self.first).count == 2 && messages != nil)
        let open = script.openConnections(to: Self.second)
        messages = nil
        #expect(await soon { script.openConnections(to: Self.second) == open - 1 })
    }

    /// No listener is left over when one server cannot be listened to.
    @Test func listenersThatCannotAllBegin() async throws {
        let script = ScriptedServer.many { words, endpoint in
            switch words[0] {
            case "CLUSTER": .reply(Self.slots(of: [1, 2]))
            case "SUBSCRIBE": .reply(endpoint == Self.first ? Self.subscribed : "-NOPERM no channels\r\n")
            default: .reply("+OK\r\n")
            }
        }
        let client = try client(script)
        let error = await #expect(throws: RedisError.self) {
            _ = try await client.messagesOfAllServers(on: ["news"]) { _ in }
        }
        #expect(error?.serverCode == "NOPERM")
        #expect(said(script, at: Self.first) == ["SUBSCRIBE news"])
        // The one that the map was asked over.
        #expect(
            await soon {
                script.openConnections(to: Self.first) == 1 && script.openConnections(to: Self.second) == 0
            })
    }

    @Test func listenersEndWithTheClient() async throws {
        let (script, client) = try scene { words, _ in
            .reply(words[0] == "SUBSCRIBE" ? Self.subscribed : "+OK\r\n")
        }
        let messages = try await client.messagesOfAllServers(on: ["news"]) { _ in }
        client.close()
        for await _ in messages.stream { Issue.record("Nobody said anything") }
        #expect(await soon { script.openConnections(to: Self.first) == 0 })
    }

    /// The first keeps everything and the second is its replica; when it has taken over, the first may be gone.
    private func takeover(
        _ change: (inout RedisClientConfiguration) -> Void = { _ in }
    ) throws -> (client: RedisClient, script: ScriptedServer, gate: Gate, happen: @Sendable () -> Void) {
        let hasHappened = Mutex(false)
        let script = ScriptedServer.many { words, endpoint in
            let isOver = hasHappened.withLock(\.self)
            switch words[0] {
            case "CLUSTER": return .reply(isOver ? Self.slots(of: [2]) : Self.slots(hasReplica: true))
            case "SUBSCRIBE": return .reply(Self.subscribed)
            case "READONLY": return .reply("+OK\r\n")
            default:
                if isOver, endpoint == Self.first { return .reply("-MOVED 12182 10.0.0.1:2\r\n") }
                return .reply(endpoint == Self.first ? "+first\r\n" : "+second\r\n")
            }
        }
        let gate = Gate(script)
        let client = try client(script) { configuration in
            configuration.streams = gate
            change(&configuration)
        }
        return (client, script, gate, { hasHappened.withLock { $0 = true } })
    }

    private func ask(_ client: RedisClient) async throws -> String {
        try await client.withConnection(for: "foo") { try await $0.send("GET", "foo", as: String.self) }
    }

    @Test func whoBorrowsIsLedElsewhere() async throws {
        let scene = try takeover()
        #expect(try await ask(scene.client) == "first")
        scene.happen()
        let error = await #expect(throws: RedisError.self) { try await ask(scene.client) }
        #expect(error?.serverCode == "MOVED")
        #expect(try await ask(scene.client) == "second")
    }

    @Test func whoCannotBorrowIsLedElsewhere() async throws {
        let scene = try takeover()
        // The map is known over a connection that goes on.
        #expect(try await scene.client.send("GET", "foo", as: String.self) == "first")
        scene.happen()
        scene.gate.refuse(Self.first)
        let error = await #expect(throws: RedisError.self) { try await ask(scene.client) }
        #expect(error?.code == .connection)
        #expect(try await ask(scene.client) == "second")
    }

    /// A cluster of which the client knew one primary is found through its replica.
    @Test func replicasKnowTheMap() async throws {
        let scene = try takeover()
        let messages = try await scene.client.subscribe(to: ["news"])
        scene.happen()
        scene.gate.refuse(Self.first)
        try await scene.client.topology.node(for: nil).dropConnections()
        #expect(try await scene.client.send("GET", "foo", as: String.self) == "second")
        #expect(await soon { scene.script.commands(at: Self.second).contains("SUBSCRIBE news") })
        messages.cancel()
    }

    @Test func aReplicaThatCannotBeReached() async throws {
        let scene = try takeover { ($0.reads, $0.retry) = (.replica, .never) }
        scene.gate.refuse(Self.second)
        #expect(try await scene.client.send("GET", "foo", as: String.self) == "first")
    }

    @Test func moreServersThanSlots() throws {
        let reply = RESPValue.array([
            .array([.integer(0), .integer(16383), .array([.bulkString(Array("10.0.0.1".utf8)), .integer(1)])])
        ])
        var map = try #require(ClusterMap(slots: reply, askedAt: Self.first))
        for number in 0..<70_000 {
            map.move(7, to: .tcp(host: "10.1.\(number / 60_000).1", port: UInt16(number % 60_000)))
        }
        #expect(map.primary(of: 7) == .tcp(host: "10.1.1.1", port: 9_999))
        #expect(map.primary(of: 8) == Self.first)
    }
}
