// Units of commands, and connections of one's own.

import Martlet

extension RedisClient {
    /// Lends a connection, and takes it back when `body` returns or throws.
    ///
    /// - Parameter key: in a cluster, the connection is to the server that keeps this key.
    /// - Throws: ``RedisError`` with the code `poolExhausted` when none is free in time, and what `body` throws.
    public func withConnection<Value: Sendable>(
        for key: String? = nil, _ body: (RedisConnection) async throws -> Value
    ) async throws -> Value {
        let result = try await lease(for: key) { connection async throws(RedisError) -> Result<Value, any Error> in
            do {
                return .success(try await body(connection))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// The same with one type of error.
    package func lease<Value: Sendable>(
        for key: String?, _ body: (RedisConnection) async throws(RedisError) -> Value
    ) async throws(RedisError) -> Value {
        let pool = try await topology.node(for: key.map { Array($0.utf8) }).pool
        let link = try await pool.acquire()
        let connection = RedisConnection(link)
        do throws(RedisError) {
            let value = try await body(connection)
            pool.release(link, isClean: await connection.cleanUp())
            return value
        } catch {
            pool.release(link, isClean: await connection.cleanUp())
            throw error
        }
    }

    /// Executes commands as one unit: all or none, and nothing of others in between. In a cluster their keys must be
    /// kept together: give them a common `{tag}`.
    ///
    /// - Returns: their replies, among which may be ``RESPValue/error(_:)``, because what one command cannot do keeps
    ///   no other from being executed.
    /// - Throws: ``RedisError`` when the unit was refused or the answer did not come.
    public func transaction(
        _ commands: [RedisCommand], timeout: Duration? = nil
    ) async throws(RedisError) -> [RESPValue] {
        try await retrying { [topology] () async throws(RedisError) in
            let replies = try await topology.transact(commands, timeout: timeout)
            guard let replies else { throw RedisError(.unexpectedReply, .notExecuted, "EXEC had no reply") }
            return replies
        }
    }

    /// Reads, decides, and writes only if none of `keys` has changed since: `body` reads over the connection and says
    /// what to do; it runs again when somebody was faster.
    ///
    /// - Returns: the replies to the commands; nil when `body` returned nil, and then nothing was done.
    /// - Throws: ``RedisError`` with the code `conflict` when somebody was faster each time, and what `body` throws.
    public func transaction(
        watching keys: [String], attempts: Int = 8,
        _ body: (RedisConnection) async throws -> [RedisCommand]?
    ) async throws -> [RESPValue]? {
        for attempt in 0..<max(attempts, 1) {
            if attempt > 0 { try await pause(before: attempt - 1) }
            do {
                let outcome = try await withConnection(for: keys.first) { connection -> Outcome in
                    if !keys.isEmpty { try await connection.send(RedisCommand(words: ["WATCH"] + keys)) }
                    guard let commands = try await body(connection) else { return .declined }
                    return try await connection.transaction(commands).map(Outcome.done) ?? .conflict
                }
                switch outcome {
                case .declined: return nil
                case .done(let replies): return replies
                case .conflict: continue
                }
            } catch let error as RedisError where error.outcome == .notExecuted && error.isTransient {
                guard attempt < max(attempts, 1) - 1 else { throw error }
                await topology.doubt(because: error)
            }
        }
        throw RedisError(.conflict, .notExecuted, "The watched keys were changed by others \(attempts) times")
    }

    private enum Outcome: Sendable {
        case declined, conflict
        case done([RESPValue])
    }

    /// Tries again what was not executed.
    package func retrying<Value>(
        _ body: () async throws(RedisError) -> Value
    ) async throws(RedisError) -> Value {
        var retry = 0
        while true {
            do throws(RedisError) {
                return try await body()
            } catch {
                guard retry < configuration.retry.retries, error.outcome == .notExecuted, error.isTransient else {
                    throw error
                }
                await topology.doubt(because: error)
                try await pause(before: retry)
                retry += 1
            }
        }
    }

    /// Waits for a time drawn at random, longer with each retry.
    package func pause(before retry: Int) async throws(RedisError) {
        guard await configuration.pause(before: retry) else {
            throw RedisError(.cancelled, .notExecuted, "The task was cancelled")
        }
    }
}

extension RedisError {
    /// Whether another time or another server may do better.
    var isTransient: Bool {
        switch code {
        case .connection: true
        case .server(let word):
            ["LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "MOVED", "ASK"].contains(word)
        default: false
        }
    }
}
