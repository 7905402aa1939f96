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
    }

    private let link: any RedisLink
    private let state = Mutex(State())

    init(_ link: any RedisLink) { self.link = link }

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
        note(command)
        return try await link.send(command, Patience(timeout: timeout, isBlocking: command.isBlocking)).checked()
    }

    /// Sends commands without waiting for one answer before the next command leaves.
    public func pipeline(
        _ commands: [RedisCommand], timeout: Duration? = nil
    ) async -> [Result<RESPValue, RedisError>] {
        for command in commands { note(command) }
        let isBlocking = commands.contains(where: \.isBlocking)
        return await link.send(commands, Patience(timeout: timeout, isBlocking: isBlocking)).map { result in
            result.error.map { .failure($0) } ?? result
        }
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
        return try await Transaction.send(commands, over: link, Patience(timeout: timeout))
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
            throw RedisError(refusal?.code ?? .unexpectedReply, .notExecuted, text)
        }
    }
}
