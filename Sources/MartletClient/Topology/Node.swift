// One server, or one part that a server plays: a shared connection for plain commands, a pool for those that need one
// of their own, and the rules for trying again.

import Martlet
import Synchronization

final class Node: Sendable {
    private enum Shared: Sendable {
        case none
        case connecting(Task<any RedisLink, any Error>)
        case open(any RedisLink)
    }

    private struct State: Sendable {
        var shared = Shared.none
        /// Why it takes no more commands; nil while it does.
        var end: RedisError?
    }

    let configuration: RedisClientConfiguration
    private let connector: any Connector
    /// Where the server is now; asked for each connection.
    private let locate: @Sendable () async throws(RedisError) -> RedisEndpoint
    private let state = Mutex(State())
    let pool: ConnectionPool

    init(
        _ configuration: RedisClientConfiguration, _ connector: any Connector,
        locate: @escaping @Sendable () async throws(RedisError) -> RedisEndpoint
    ) {
        self.configuration = configuration
        self.connector = connector
        self.locate = locate
        pool = ConnectionPool(configuration.pool, clock: configuration.clock) { () async throws(RedisError) in
            try await connector.connect(to: try await locate())
        }
    }

    /// A link that is nobody else's and in no pool.
    func openLink() async throws(RedisError) -> any RedisLink {
        if let end = state.withLock(\.end) { throw end }
        return try await connector.connect(to: try await locate())
    }

    // MARK: The shared connection

    func sharedLink() async throws(RedisError) -> any RedisLink {
        let task = try claimShared()
        switch task {
        case .link(let link): return link
        case .task(let task):
            do {
                return try await task.value
            } catch {
                forget(task)
                throw error as? RedisError ?? RedisError(.connection, .notExecuted, "\(error)")
            }
        }
    }

    private enum Claim {
        case link(any RedisLink)
        case task(Task<any RedisLink, any Error>)
    }

    private func claimShared() throws(RedisError) -> Claim {
        try state.withLock { state throws(RedisError) -> Claim in
            if let end = state.end { throw end }
            switch state.shared {
            case .open(let link) where link.isOpen: return .link(link)
            case .connecting(let task): return .task(task)
            case .open, .none:
                let task = Task { [self] in try await connectShared() }
                state.shared = .connecting(task)
                return .task(task)
            }
        }
    }

    private func connectShared() async throws -> any RedisLink {
        let link = try await openLink()
        let end = state.withLock { state -> RedisError? in
            if state.end == nil { state.shared = .open(link) }
            return state.end
        }
        if let end {
            link.close()
            throw end
        }
        return link
    }

    private func forget(_ task: Task<any RedisLink, any Error>) {
        state.withLock { state in
            if case .connecting(task) = state.shared { state.shared = .none }
        }
    }

    /// The server is not what it was; whoever comes next connects anew.
    func dropConnections() {
        let link = state.withLock { state -> (any RedisLink)? in
            defer { state.shared = .none }
            if case .open(let link) = state.shared { return link }
            return nil
        }
        // What was under way there may be tried again elsewhere, if it may be tried again.
        link?.close(because: Self.isElsewhere(.unknown))
        pool.dropConnections()
    }

    private static func isElsewhere(_ outcome: RedisError.Outcome) -> RedisError {
        RedisError(.connection, outcome, "The server is no longer the one to ask")
    }

    // MARK: Commands

    func run(_ command: RedisCommand, timeout: Duration? = nil) async -> RedisResult {
        await run([command], timeout: timeout).first ?? .failure(.closed(.notExecuted))
    }

    /// Sends commands that travel together, and again those that may be.
    func run(_ commands: [RedisCommand], timeout: Duration?) async -> [RedisResult] {
        var results = await attempt(commands, timeout)
        for retry in 0..<max(configuration.retry.retries, 0) {
            let failed = results.indices.filter { Self.mayBeRetried(commands[$0], results[$0]) }
            guard !failed.isEmpty, await configuration.pause(before: retry) else { break }
            for (place, result) in zip(failed, await attempt(failed.map { commands[$0] }, timeout)) {
                results[place] = result
            }
        }
        return results
    }

    /// What was not executed, and what may have been but only reads. What a server sent us elsewhere for is for those
    /// who know where that is.
    static func mayBeRetried(_ command: RedisCommand, _ result: RedisResult) -> Bool {
        guard let error = result.error else { return false }
        switch error.code {
        case .connection: return error.outcome == .notExecuted || command.isReadOnly
        case .server(let code): return ["LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY"].contains(code)
        default: return false
        }
    }

    /// A unit of commands, once. `isAsking`: the server is to answer although their slot is only on its way to it.
    func transact(
        _ commands: [RedisCommand], timeout: Duration?, isAsking: Bool = false
    ) async throws(RedisError) -> [RESPValue]? {
        try await Transaction.send(
            commands, over: try await sharedLink(), Patience(timeout: timeout), isAsking: isAsking)
    }

    private func attempt(_ commands: [RedisCommand], _ timeout: Duration?) async -> [RedisResult] {
        do throws(RedisError) {
            let results: [RedisResult]
            if commands.contains(where: \.isBlocking) {
                let lease = try await pool.acquire()
                results = await lease.link.send(commands, Patience(timeout: timeout, isBlocking: true))
                pool.release(lease)
            } else {
                results = await (try await sharedLink()).send(commands, Patience(timeout: timeout))
            }
            // The primary has become a replica: wherever it is now, it is not here.
            if results.contains(where: { $0.error?.serverCode == "READONLY" }) { dropConnections() }
            return results
        } catch {
            return commands.map { _ in .failure(error) }
        }
    }

    func close() { end(.closed(.notExecuted), underway: .closed(.unknown)) }

    /// The server has no keys any more: whoever still comes with a command may try elsewhere.
    func retire() { end(Self.isElsewhere(.notExecuted), underway: Self.isElsewhere(.unknown)) }

    private func end(_ error: RedisError, underway: RedisError) {
        let link = state.withLock { state -> (any RedisLink)? in
            state.end = state.end ?? error
            defer { state.shared = .none }
            if case .open(let link) = state.shared { return link }
            return nil
        }
        link?.close(because: underway)
        pool.close(because: error)
    }

    deinit { close() }
}
