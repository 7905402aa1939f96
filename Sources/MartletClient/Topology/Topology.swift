// Which server a command goes to: what one server, a primary with replicas and a cluster have in common.

import Martlet

protocol Topology: Sendable {
    /// Sends a command to where it belongs.
    func run(_ command: RedisCommand, timeout: Duration?) async -> RedisResult

    /// Sends commands, each to where it belongs, in order on each server.
    func run(_ commands: [RedisCommand], timeout: Duration?) async -> [RedisResult]

    /// Sends a unit of commands to where its first key belongs; nil when a watched key has changed.
    func transact(_ commands: [RedisCommand], timeout: Duration?) async throws(RedisError) -> [RESPValue]?

    /// The server that keeps `key`; nil: any that may be written to.
    func node(for key: [UInt8]?) async throws(RedisError) -> Node

    /// The same when a server has just refused what `key` is about: it may have said who knows better.
    func venue(for key: [UInt8]?, after refusal: RedisError?) async throws(RedisError) -> Venue

    /// All servers that hold keys.
    func primaries() async throws(RedisError) -> [Node]

    /// What was found out of the servers may be wrong: `error` came from the one that keeps `key`.
    func doubt(because error: RedisError) async

    func close()
}

/// Where to go with work that needs a connection of its own.
struct Venue: Sendable {
    let node: Node
    /// The server is to be asked although the slot is only on its way to it.
    var isAsking = false
}

extension Topology {
    func venue(for key: [UInt8]?, after refusal: RedisError?) async throws(RedisError) -> Venue {
        Venue(node: try await node(for: key))
    }
}

/// One server, wherever it is.
struct SingleNode: Topology {
    let node: Node

    init(_ node: Node) { self.node = node }

    func run(_ command: RedisCommand, timeout: Duration?) async -> RedisResult {
        await node.run(command, timeout: timeout)
    }

    func run(_ commands: [RedisCommand], timeout: Duration?) async -> [RedisResult] {
        await node.run(commands, timeout: timeout)
    }

    func transact(_ commands: [RedisCommand], timeout: Duration?) async throws(RedisError) -> [RESPValue]? {
        try await node.transact(commands, timeout: timeout)
    }

    func node(for key: [UInt8]?) async throws(RedisError) -> Node { node }

    func primaries() async throws(RedisError) -> [Node] { [node] }

    func doubt(because error: RedisError) async {}

    func close() { node.close() }
}
