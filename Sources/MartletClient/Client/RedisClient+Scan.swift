// What concerns all servers: walking over all keys, and settings.

import Martlet

extension RedisClient {
    /// All keys that match, of all servers that hold keys, some at a time. Keys that are there from beginning to end
    /// come at least once; a key may come twice. Source: SCAN.
    ///
    /// - Parameter batch: about so many keys are looked at with each command.
    public func scan(matching pattern: String = "*", batch: Int = 100) -> AsyncThrowingStream<[String], any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    for node in try await topology.primaries() {
                        try await scan(node, pattern, batch) { continuation.yield($0) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func scan(
        _ node: Node, _ pattern: String, _ batch: Int, _ found: ([String]) -> Void
    ) async throws(RedisError) {
        var cursor = "0"
        repeat {
            let command = RedisCommand("SCAN", cursor, "MATCH", pattern, "COUNT", max(batch, 1))
            let reply = try await node.run(command).checked()
            guard let parts = reply.elements, parts.count == 2, let next = parts[0].string,
                let keys = [String].decode(parts[1])
            else { throw RedisError(.unexpectedReply, .executed, "SCAN has a strange reply") }
            cursor = next
            if !keys.isEmpty { found(keys) }
        } while cursor != "0" && !Task.isCancelled
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
