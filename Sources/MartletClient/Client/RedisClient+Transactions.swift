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
        let result = try await leaseForBody(key, after: nil, body) { [topology] error in
            // Whoever comes next is led to where the key is now.
            if error.isTransient { await topology.doubt(because: error) }
        }
        return try result.get()
    }

    private func withConnection<Value: Sendable>(
        for key: String?, after refusal: RedisError?, _ body: (RedisConnection) async throws -> Value
    ) async throws -> Value {
        try await leaseForBody(key, after: refusal, body) { _ in }.get()
    }

    /// - Parameter missed: is told why there was no connection to lend.
    private func leaseForBody<Value: Sendable>(
        _ key: String?, after refusal: RedisError?, _ body: (RedisConnection) async throws -> Value,
        missed: (RedisError) async -> Void
    ) async throws(RedisError) -> Result<Value, any Error> {
        do throws(RedisError) {
            return try await lease(for: key, after: refusal) {
                connection async throws(RedisError) -> Result<Value, any Error> in
                do {
                    return .success(try await body(connection))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            await missed(error)
            throw error
        }
    }

    /// The same with one type of error.
    ///
    /// - Parameter refusal: why the last try failed; it may say where to go now.
    package func lease<Value: Sendable>(
        for key: String?, after refusal: RedisError? = nil,
        _ body: (RedisConnection) async throws(RedisError) -> Value
    ) async throws(RedisError) -> Value {
        let venue = try await topology.venue(for: key.map { Array($0.utf8) }, after: refusal)
        let pool = venue.node.pool
        let lease = try await pool.acquire()
        let connection = RedisConnection(
            lease.link, readTimeout: configuration.readTimeout, isAsking: venue.isAsking)
        let result: Result<Value, RedisError>
        do throws(RedisError) {
            result = .success(try await body(connection))
        } catch {
            result = .failure(error)
        }
        let sentAway = connection.sentAway
        let isClean = await connection.cleanUp()
        // The primary has become a replica: wherever it is now, it is not here.
        if sentAway?.serverCode == "READONLY", pool.isCurrent(lease) { venue.node.dropConnections() }
        pool.release(lease, isClean: isClean)
        if let sentAway, sentAway.serverCode == "MOVED" { await topology.doubt(because: sentAway) }
        return try result.get()
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
        try await retrying { [topology] _ async throws(RedisError) in
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
        var refusal: RedisError?
        for attempt in 0..<max(attempts, 1) {
            if attempt > 0 { try await pause(before: attempt - 1) }
            do {
                let outcome = try await withConnection(for: keys.first, after: refusal) { connection -> Outcome in
                    if let elsewhere = try await watch(keys, over: connection) { return .elsewhere(elsewhere) }
                    guard let commands = try await body(connection) else { return .declined }
                    return try await connection.transaction(commands).map(Outcome.done) ?? .conflict
                }
                switch outcome {
                case .declined: return nil
                case .done(let replies): return replies
                case .conflict: refusal = nil
                case .elsewhere(let error):
                    refusal = error
                    await topology.doubt(because: error)
                }
            } catch let error as RedisError where error.outcome == .notExecuted && error.isTransient {
                guard attempt < max(attempts, 1) - 1 else { throw error }
                refusal = nil
                await topology.doubt(because: error)
            }
        }
        throw refusal
            ?? RedisError(.conflict, .notExecuted, "The watched keys were changed by others \(attempts) times")
    }

    /// Watches the keys; an ASK, if all of them are to be looked for at another server. Later ones may be about some.
    private func watch(_ keys: [String], over connection: RedisConnection) async throws(RedisError) -> RedisError? {
        guard !keys.isEmpty else { return nil }
        do throws(RedisError) {
            try await connection.send(RedisCommand(words: ["WATCH"] + keys))
            return nil
        } catch {
            guard error.serverCode == "ASK" else { throw error }
            return error
        }
    }

    private enum Outcome: Sendable {
        case declined, conflict
        case elsewhere(RedisError)
        case done([RESPValue])
    }

    /// Tries again what was not executed. `body` is told why the last try failed; an ASK must be about all its keys.
    package func retrying<Value>(
        _ body: (_ refusal: RedisError?) async throws(RedisError) -> Value
    ) async throws(RedisError) -> Value {
        let most = configuration.retry.retries
        // A slot that moves to another server takes its time, in which keys that belong together lie apart.
        let mostWhileMoving = min(most, 1000) * 8
        var (retries, moves) = (0, 0)
        var refusal: RedisError?
        while true {
            do throws(RedisError) {
                return try await body(refusal)
            } catch {
                let isMoving = ["ASK", "TRYAGAIN"].contains(error.serverCode)
                guard isMoving ? moves < mostWhileMoving : retries < most, error.outcome == .notExecuted,
                    error.isTransient
                else { throw error }
                refusal = error
                await topology.doubt(because: error)
                try await pause(before: isMoving ? moves : retries)
                if isMoving { moves += 1 } else { retries += 1 }
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
    package var isTransient: Bool {
        switch code {
        case .connection: true
        case .server(let word):
            ["LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "MOVED", "ASK"].contains(word)
        default: false
        }
    }
}
