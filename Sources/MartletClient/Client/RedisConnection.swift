// A connection that belongs to one borrower for a while: for transactions that watch keys, and for commands that change
// what later ones mean.

import Martlet
import Synchronization

/// A connection lent by ``RedisClient/withConnection(for:_:)``. Not to be used after that returns.
public final class RedisConnection: Sendable {
    private struct State: Sendable {
        var isWatching = false
        var isQueueing = false
        /// Something was changed that the next borrower must not find.
        var isMarked = false
        /// The server said that it is not the one to ask: it is a replica, or the slot is another's.
        var sentAway: RedisError?
    }

    private let link: any RedisLink
    private let readTimeout: Duration
    private let state = Mutex(State())
    /// In a cluster: the slot is only on its way to this server, which answers because each command asks for it.
    package let isAsking: Bool

    init(_ link: any RedisLink, readTimeout: Duration, isAsking: Bool = false) {
        self.link = link
        self.readTimeout = readTimeout
        self.isAsking = isAsking
    }

    /// Why the server turned out not to be the one to ask; nil while it may be.
    var sentAway: RedisError? { state.withLock(\.sentAway) }

    /// Sends one command and waits for its answer; nothing is tried again.
    ///
    /// - Throws: ``RedisError``; after an error that is not the server's the connection may be of no more use.
    @discardableResult
    public func send(_ words: any RESPArgument..., timeout: Duration? = nil) async throws(RedisError) -> RESPValue {
        try await send(RedisCommand(words: words), timeout: timeout)
    }

    /// The same, and the reply as the type that is asked for.
    public func send<Reply: RESPDecodable>(
        _ words: any RESPArgument..., as type: Reply.Type, timeout: Duration? = nil
    ) async throws(RedisError) -> Reply {
        try await send(RedisCommand(words: words), timeout: timeout).decoded(as: type)
    }

    /// Sends one command and waits for its answer.
    @discardableResult
    public func send(_ command: RedisCommand, timeout: Duration? = nil) async throws(RedisError) -> RESPValue {
        try await exchange([command], timeout)[0].checked()
    }

    /// Sends commands without waiting for one answer before the next command leaves.
    public func pipeline(
        _ commands: [RedisCommand], timeout: Duration? = nil
    ) async -> [Result<RESPValue, RedisError>] {
        await exchange(commands, timeout).map { result in result.error.map { .failure($0) } ?? result }
    }

    /// As many results as commands.
    private func exchange(_ commands: [RedisCommand], _ timeout: Duration?) async -> [RedisResult] {
        for command in commands { note(command) }
        let patience = Patience(for: commands, timeout: timeout, readTimeout: readTimeout)
        var results: [RedisResult]
        if isAsking {
            let pairs = await link.send(commands.flatMap { [RedisCommand("ASKING"), $0] }, patience)
            results = stride(from: 1, to: pairs.count, by: 2).map { pairs[$0] }
        } else {
            results = await link.send(commands, patience)
        }
        while results.count < commands.count { results.append(.failure(.closed(.unknown))) }
        for result in results { noteRefusal(result.error) }
        return results
    }

    private func noteRefusal(_ error: RedisError?) {
        guard let error, ["READONLY", "MOVED"].contains(error.serverCode) else { return }
        state.withLock { $0.sentAway = error }
    }

    /// Executes commands as one unit, between MULTI and EXEC.
    ///
    /// - Returns: their replies, among which may be ``RESPValue/error(_:)``; nil when a watched key has changed, and
    ///   then nothing was executed.
    /// - Throws: ``RedisError`` when the unit was refused or the answer did not come.
    public func transaction(
        _ commands: [RedisCommand], timeout: Duration? = nil
    ) async throws(RedisError) -> [RESPValue]? {
        defer { state.withLock { $0.isWatching = false } }
        do throws(RedisError) {
            return try await Transaction.send(commands, over: link, Patience(timeout: timeout), isAsking: isAsking)
        } catch {
            noteRefusal(error)
            throw error
        }
    }

    private func note(_ command: RedisCommand) {
        let name = command.name
        state.withLock { state in
            switch name {
            case "WATCH": state.isWatching = true
            case "UNWATCH": state.isWatching = false
            case "MULTI": state.isQueueing = true
            case "EXEC", "DISCARD":
                state.isQueueing = false
                state.isWatching = false
            default: if command.needsOwnConnection { state.isMarked = true }
            }
        }
    }

    /// Makes the connection what it was when it was lent; false when that cannot be done.
    func cleanUp() async -> Bool {
        let state = state.withLock { $0 }
        guard !state.isMarked, !state.isQueueing, !link.isBusy else { return false }
        guard state.isWatching else { return true }
        return await link.send(RedisCommand("UNWATCH")).error == nil
    }
}

/// MULTI, commands, EXEC, sent together.
enum Transaction {
    static func send(
        _ commands: [RedisCommand], over link: any RedisLink, _ patience: Patience, isAsking: Bool = false
    ) async throws(RedisError) -> [RESPValue]? {
        guard !commands.contains(where: \.needsOwnConnection) else {
            throw RedisError(.usage, .notExecuted, "A transaction holds only commands for data")
        }
        let opening = isAsking ? [RedisCommand("ASKING"), RedisCommand("MULTI")] : [RedisCommand("MULTI")]
        let results = await link.send(opening + commands + [RedisCommand("EXEC")], patience)
        guard let last = results.last else { throw .closed(.notExecuted) }
        switch last {
        case .success(.null): return nil
        case .success(.array(let replies)): return replies
        case .failure(let error): throw error
        case .success(let reply):
            // Why it was refused stands where it was refused.
            let refusal = results.dropLast().compactMap(\.error).first ?? last.error
            let text = refusal?.message ?? "EXEC is answered by \(reply)"
            if let refusal = results[opening.count - 1].error {
                throw alone(refusal, results[opening.count..<(results.count - 1)])
            }
            throw RedisError(refusal?.code ?? .unexpectedReply, .notExecuted, text)
        }
    }

    /// Where MULTI was refused nothing was queued: each command met its own fate, and that is not the unit's.
    private static func alone(_ refusal: RedisError, _ results: ArraySlice<RedisResult>) -> RedisError {
        if results.allSatisfy({ $0.error?.outcome == .notExecuted }) {
            return RedisError(refusal.code, .notExecuted, refusal.message)
        }
        return RedisError(
            refusal.code, .executed, "MULTI was refused, and the commands were executed one by one: \(refusal.message)")
    }
}
