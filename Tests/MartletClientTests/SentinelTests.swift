// A primary, a replica and their sentinel played by a script. The real ones are in Tests/Topologies.

import Martlet
import TestSupport
import Testing

@testable import MartletClient

struct SentinelTests {
    private static let sentinel = RedisEndpoint.tcp(host: "10.0.0.1", port: 26379)
    private static let primary = RedisEndpoint.tcp(host: "10.0.0.1", port: 1)
    private static let replica = RedisEndpoint.tcp(host: "10.0.0.1", port: 2)

    private func scene() throws -> (client: RedisClient, script: ScriptedServer, gate: Gate) {
        let script = ScriptedServer.many { words, endpoint in
            switch (words[0], words.dropFirst().first) {
            case ("SENTINEL", "REPLICAS"):
                .reply(
                    "*1\r\n*8\r\n+ip\r\n+10.0.0.1\r\n+port\r\n+2\r\n+flags\r\n+slave\r\n"
                        + "+master-link-status\r\n+ok\r\n")
            case ("SENTINEL", _): .reply("*2\r\n+10.0.0.1\r\n+1\r\n")
            case ("SUBSCRIBE", _): .reply(">3\r\n+subscribe\r\n++switch-master\r\n:1\r\n")
            case ("ROLE", _): .reply("*3\r\n+master\r\n:0\r\n*0\r\n")
            default: .reply(endpoint == Self.primary ? "+primary\r\n" : "+replica\r\n")
            }
        }
        let gate = Gate(script)
        var configuration = RedisClientConfiguration(.sentinel([Self.sentinel], name: "main")).patient
        configuration.streams = gate
        configuration.reads = .replica
        configuration.retry = RetryPolicy(retries: 2, base: .zero, cap: .zero)
        configuration.pool.minimum = 0
        return (try RedisClient(configuration), script, gate)
    }

    @Test func readsGoToReplicas() async throws {
        let scene = try scene()
        #expect(try await scene.client.send("GET", "k", as: String.self) == "replica")
        #expect(try await scene.client.send("SET", "k", "v", as: String.self) == "primary")
    }

    @Test func aReplicaThatCannotBeReached() async throws {
        let scene = try scene()
        scene.gate.refuse(Self.replica)
        #expect(try await scene.client.send("GET", "k", as: String.self) == "primary")
        let both = try await scene.client.pipeline([RedisCommand("GET", "a"), RedisCommand("GET", "b")])
        #expect(try both.map { try $0.get().string } == ["primary", "primary"])
    }

    /// One that is cut off from the others names a primary that is none any more, as quickly as before.
    @Test func aSentinelThatIsWrongIsLeft() async throws {
        let other = RedisEndpoint.tcp(host: "10.0.0.1", port: 26380)
        let script = ScriptedServer.many { words, endpoint in
            switch words[0] {
            case "SENTINEL": .reply("*2\r\n+10.0.0.1\r\n+\(endpoint == other ? 2 : 1)\r\n")
            case "SUBSCRIBE": .reply(">3\r\n+subscribe\r\n++switch-master\r\n:1\r\n")
            case "ROLE": .reply("*3\r\n+\(endpoint == Self.primary ? "slave" : "master")\r\n:0\r\n*0\r\n")
            default: .reply("+port \(endpoint == Self.replica ? 2 : 1)\r\n")
            }
        }
        var configuration = RedisClientConfiguration(.sentinel([Self.sentinel, other], name: "main")).patient
        configuration.streams = script
        configuration.retry = RetryPolicy(retries: 2, base: .zero, cap: .zero)
        configuration.pool.minimum = 0
        let client = try RedisClient(configuration)
        #expect(try await client.send("SET", "k", "v", as: String.self) == "port 2")
    }

    /// Of several errors that one is told after which it is tried again.
    @Test func whatMayBeTriedAgainIsTold() async throws {
        let error = await #expect(throws: RedisError.self) {
            try await Inquiry(clock: .system).answer(from: [Self.primary, Self.replica]) {
                endpoint async throws(RedisError) -> Int in
                throw RedisError(endpoint == Self.primary ? .connection : .server("NOAUTH"), .notExecuted, "No")
            }
        }
        #expect(error?.code == .connection)
    }

    /// What befell one connection says nothing of those that work.
    @Test func aFailureOfOneIsNotEverybodys() async throws {
        let scene = try scene()
        #expect(try await scene.client.send("SET", "k", "v", as: String.self) == "primary")
        await scene.client.topology.doubt(because: RedisError(.connection, .notExecuted, "It broke"))
        await scene.client.topology.doubt(because: RedisError(.cancelled, .notExecuted, "The task was cancelled"))
        #expect(scene.script.openConnections(to: Self.primary) == 1)
        #expect(try await scene.client.send("SET", "k", "v", as: String.self) == "primary")
        #expect(scene.script.openConnections(to: Self.primary) == 1)
    }
}
