// Reading and changing several keys at once on any server from Redis 6.2 on, in process and in a cluster: WATCH, read,
// decide, MULTI ... EXEC. If anything that was watched changes in between, nothing is written and all begins again.

import Martlet
import MartletClient

struct SessionServer: Sendable {
    let client: RedisClient
    let timeout: Duration?
    let conflictRetries: Int
    /// Told whenever others were faster.
    var noteConflict: @Sendable () -> Void = {}

    /// What to do after reading.
    enum Decision<Value: Sendable>: Sendable {
        /// Nothing is written.
        case done(Value)
        /// What is written, how safe it has to be, and what comes of the replies.
        case write([RedisCommand], Durability, @Sendable ([RESPValue]) -> Value)
    }

    /// One turn of reading, with the server's clock in ms since 1970.
    struct Reading: Sendable {
        let now: Int64
        let replies: [RESPValue]
        fileprivate let server: SessionServer
        fileprivate let connection: RedisConnection
        fileprivate let watched: [String]

        /// Reads more, under the same watch.
        func more(_ commands: [RedisCommand]) async throws(SessionError) -> [RESPValue] {
            guard !commands.isEmpty else { return [] }
            do throws(RedisError) {
                return try await server.answers(to: commands, over: connection, watched)
            } catch {
                throw SessionError(error.aboutSome)
            }
        }
    }

    // MARK: Reading

    private static let time = RedisCommand("TIME")

    /// Replies of commands about keys that lie with `key`, and the server's clock, in one exchange.
    func read(near key: String, _ commands: [RedisCommand]) async throws(SessionError) -> (now: Int64, [RESPValue]) {
        var replies = try Self.values(try await pipeline(commands + [Self.time.near(key)]))
        return (try Self.milliseconds(replies.popLast()), replies)
    }

    func pipeline(
        _ commands: [RedisCommand]
    ) async throws(SessionError) -> [Result<RESPValue, RedisError>] {
        do throws(RedisError) {
            // A replica may not know yet who has logged out.
            return try await client.pipeline(commands.map { $0.atPrimary() }, timeout: timeout)
        } catch {
            throw SessionError(error)
        }
    }

    static func values(_ results: [Result<RESPValue, RedisError>]) throws(SessionError) -> [RESPValue] {
        var values: [RESPValue] = []
        values.reserveCapacity(results.count)
        for result in results {
            do throws(RedisError) {
                values.append(try result.get())
            } catch {
                throw SessionError(error)
            }
        }
        return values
    }

    /// From TIME's seconds and microseconds.
    static func milliseconds(_ reply: RESPValue?) throws(SessionError) -> Int64 {
        guard case .array(let parts) = reply, parts.count == 2, let seconds = Int64.decode(parts[0]),
            let microseconds = Int64.decode(parts[1]), (0..<1 << 40).contains(seconds)
        else { throw SessionError(.server, "The server's clock cannot be read") }
        return seconds * 1000 + microseconds / 1000
    }

    // MARK: Changing

    /// Watches `keys`, which lie together, reads, decides, and writes what was decided; again when others were faster.
    func change<Value: Sendable>(
        _ keys: [String], reading commands: [RedisCommand],
        _ decide: @Sendable (Reading) async throws(SessionError) -> Decision<Value>
    ) async throws(SessionError) -> Value {
        for attempt in 0...max(conflictRetries, 0) {
            let outcome: Outcome<Value>
            do throws(RedisError) {
                if attempt > 0 { try await client.pause(before: attempt - 1) }
                outcome = try await client.retrying { refusal async throws(RedisError) -> Outcome<Value> in
                    try await client.lease(for: keys.first, after: refusal) {
                        connection async throws(RedisError) -> Outcome<Value> in
                        try await attemptOnce(keys, commands, connection, decide)
                    }
                }
            } catch {
                throw SessionError(error)
            }
            switch outcome {
            case .conflict: noteConflict()
            case .done(let value): return value
            case .failed(let error): throw error
            }
        }
        throw SessionError(.conflict, "Others changed the session each time, \(conflictRetries + 1) times")
    }

    private enum Outcome<Value: Sendable>: Sendable {
        case done(Value)
        case conflict
        case failed(SessionError)
    }

    private func attemptOnce<Value: Sendable>(
        _ keys: [String], _ commands: [RedisCommand], _ connection: RedisConnection,
        _ decide: @Sendable (Reading) async throws(SessionError) -> Decision<Value>
    ) async throws(RedisError) -> Outcome<Value> {
        let watch = [RedisCommand(words: ["WATCH"] + keys), RedisCommand("TIME")]
        let replies = try await answers(to: watch + commands, over: connection, keys)
        do throws(SessionError) {
            let reading = Reading(
                now: try Self.milliseconds(replies[1]), replies: Array(replies.dropFirst(2)), server: self,
                connection: connection, watched: keys)
            switch try await decide(reading) {
            case .done(let value): return .done(value)
            case .write(let writes, let durability, let finish):
                guard let replies = try await write(writes, over: connection) else { return .conflict }
                try await secure(durability, over: connection)
                return .done(finish(replies))
            }
        } catch {
            if let refusal = error.refusal { throw refusal }
            return .failed(error)
        }
    }

    /// Replies to commands that change nothing. While a slot moves, keys that are not watched may lie at another server
    /// than those that are.
    private func answers(
        to commands: [RedisCommand], over connection: RedisConnection, _ watched: [String]
    ) async throws(RedisError) -> [RESPValue] {
        var results: [Result<RESPValue, RedisError>?] = commands.map { _ in nil }
        let here = commands.indices.filter { index in
            guard connection.isAsking, let key = commands[index].firstKey else { return true }
            return watched.contains { Array($0.utf8) == key }
        }
        for (place, result) in zip(here, await connection.pipeline(here.map { commands[$0] }, timeout: timeout)) {
            if case .failure(let error) = result, error.serverCode == "ASK", commands[place].firstKey != nil {
                continue
            }
            results[place] = result
        }
        let elsewhere = results.indices.filter { results[$0] == nil }
        if !elsewhere.isEmpty {
            let found = try await client.pipeline(elsewhere.map { commands[$0].atPrimary() }, timeout: timeout)
            for (place, result) in zip(elsewhere, found) { results[place] = result }
        }
        var replies: [RESPValue] = []
        for result in results {
            do throws(RedisError) {
                replies.append(try result?.get() ?? .null)
            } catch {
                // So far nothing was to be changed.
                throw RedisError(error.code, .notExecuted, error.message)
            }
        }
        return replies
    }

    /// Nil when a watched key has changed.
    private func write(
        _ commands: [RedisCommand], over connection: RedisConnection
    ) async throws(SessionError) -> [RESPValue]? {
        do throws(RedisError) {
            let replies = try await connection.transaction(commands, timeout: timeout)
            for case .error(let text) in replies ?? [] { throw RedisError.reply(text) }
            return replies
        } catch {
            throw SessionError(error.aboutSome)
        }
    }

    /// To the server 0 means for ever.
    private static func limit(_ timeout: Duration) -> Int { Int(max(timeout.milliseconds, 1)) }

    /// Waits until what this connection wrote is as safe as was asked for, in each way.
    private func secure(_ durability: Durability, over connection: RedisConnection) async throws(SessionError) {
        if durability.replicas > 0 {
            let command = RedisCommand("WAIT", durability.replicas, Self.limit(durability.patience))
            try await wait(command, for: durability.replicas, over: connection)
        }
        if let timeout = durability.disk {
            try await wait(RedisCommand("WAITAOF", 1, 0, Self.limit(timeout)), for: 1, over: connection)
        }
    }

    private func wait(
        _ command: RedisCommand, for wanted: Int, over connection: RedisConnection
    ) async throws(SessionError) {
        let reply: RESPValue
        do throws(RedisError) {
            reply = try await connection.send(command)
        } catch {
            throw SessionError(.notDurable, "The change was made, but: \(error.message)", mayBeApplied: true)
        }
        let reached = reply.integer ?? reply.elements?.first?.integer ?? 0
        guard reached >= Int64(wanted) else {
            throw SessionError(.notDurable, "The change was made, but is not safe yet", mayBeApplied: true)
        }
    }
}

extension RedisError {
    /// An ASK that is about some of the keys only: the others may lie where it came from, so that nobody may follow it.
    fileprivate var aboutSome: RedisError {
        serverCode == "ASK" ? RedisError(.server("TRYAGAIN"), outcome, message) : self
    }
}
