// Walking over all keys of all servers.

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
            guard let result = await node.run([command], timeout: nil).first else { throw .closed(.notExecuted) }
            let reply = try result.checked()
            guard let parts = reply.elements, parts.count == 2, let next = parts[0].string,
                let keys = [String].decode(parts[1])
            else { throw RedisError(.unexpectedReply, .executed, "SCAN has a strange reply") }
            cursor = next
            if !keys.isEmpty { found(keys) }
        } while cursor != "0" && !Task.isCancelled
    }
}
