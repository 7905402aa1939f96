// What concerns all servers: walking over all keys, and settings.

import Martlet

extension RedisClient {
    /// All keys that match, of all servers that hold keys, some at a time. Keys that are there from beginning to end
    /// come at least once; a key may come twice. A batch is asked for when the one before was read. Source: SCAN.
    ///
    /// - Parameter batch: about so many keys are looked at with each command.
    public func scan(matching pattern: String = "*", batch: Int = 100) -> AsyncThrowingStream<[String], any Error> {
        let walk = KeyWalk(self, pattern, batch)
        return AsyncThrowingStream { try await walk.next() }
    }

    /// Does the same at each server that holds keys. `send` reaches that server whatever the command is about.
    package func atEachServer(
        _ body: (_ send: (RedisCommand) async throws(RedisError) -> RESPValue) async throws(RedisError) -> Void
    ) async throws(RedisError) {
        for node in try await topology.primaries() {
            try await body { command async throws(RedisError) in try await node.run(command).checked() }
        }
    }
}

/// Where a walk over all keys stands.
private actor KeyWalk {
    private let client: RedisClient
    private let pattern: String
    private let batch: Int
    /// Those still to be walked over, the present one first; nil at the beginning.
    private var nodes: [Node]?
    private var cursor = "0"
    /// A cursor means nothing to another server than the one that said it.
    private var link: (any RedisLink)?
    private var retries = 0

    init(_ client: RedisClient, _ pattern: String, _ batch: Int) {
        self.client = client
        self.pattern = pattern
        self.batch = max(batch, 1)
    }

    /// Nil at the end, and when the task is cancelled.
    func next() async throws(RedisError) -> [String]? {
        if nodes == nil { nodes = try await client.topology.primaries() }
        while let node = nodes?.first, !Task.isCancelled {
            let keys = try await step(over: node)
            if cursor == "0" {
                nodes?.removeFirst()
                link = nil
            }
            if !keys.isEmpty { return keys }
        }
        return nil
    }

    private func step(over node: Node) async throws(RedisError) -> [String] {
        while true {
            do throws(RedisError) {
                let reply = try await ask(node)
                guard let parts = reply.elements, parts.count == 2, let next = parts[0].string,
                    let keys = [String].decode(parts[1])
                else { throw RedisError(.unexpectedReply, .executed, "SCAN has a strange reply") }
                cursor = next
                return keys
            } catch {
                guard error.isTransient, retries < client.configuration.retry.retries else { throw error }
                try await client.pause(before: retries)
                retries += 1
            }
        }
    }

    /// Begins anew where the connection is another: it may lead to another server, or the server has begun anew.
    private func ask(_ node: Node) async throws(RedisError) -> RESPValue {
        let link = try await node.sharedLink()
        if link !== self.link {
            self.link = link
            cursor = "0"
        }
        return try await link.send(RedisCommand("SCAN", cursor, "MATCH", pattern, "COUNT", batch)).checked()
    }
}
