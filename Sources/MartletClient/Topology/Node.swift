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
        /// Made for somebody who keeps them; the node has to end them all the same.
        var given: [Given] = []
        /// Grows when the server is no longer the one to ask.
        var generation = 0
        /// Why it takes no more commands; nil while it does.
        var end: RedisError?
    }

    private struct Given: Sendable {
        weak var link: (any RedisLink)?
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

    /// A link that is nobody else's and in no pool. It ends when the server is no longer the one to ask.
    func openLink() async throws(RedisError) -> any RedisLink {
        while true {
            let generation = try currentGeneration()
            let link = try await connector.connect(to: try await locate())
            let isCurrent = state.withLock { state in
                guard state.end == nil, state.generation == generation else { return false }
                state.given.removeAll { $0.link?.isOpen != true }
                state.given.append(Given(link: link))
                return true
            }
            if isCurrent { return link }
            link.close()
        }
    }

    private func currentGeneration() throws(RedisError) -> Int {
        try state.withLock { state throws(RedisError) in
            if let end = state.end { throw end }
            return state.generation
        }
    }

    // MARK: The shared connection

    func sharedLink() async throws(RedisError) -> any RedisLink {
        while true {
            switch try claimShared() {
            case .link(let link): return link
            case .task(let task, let generation):
                do {
                    return try await task.value
                } catch {
                    forget(task)
                    // Whoever waited for the server before asks for the one after it.
                    guard try currentGeneration() == generation else { continue }
                    throw error as? RedisError ?? RedisError(.connection, .notExecuted, "\(error)")
                }
            }
        }
    }

    private enum Claim {
        case link(any RedisLink)
        case task(Task<any RedisLink, any Error>, generation: Int)
    }

    private func claimShared() throws(RedisError) -> Claim {
        try state.withLock { state throws(RedisError) -> Claim in
            if let end = state.end { throw end }
            switch state.shared {
            case .open(let link) where link.isOpen: return .link(link)
            case .connecting(let task): return .task(task, generation: state.generation)
            case .open, .none:
                let generation = state.generation
                let task = Task { [self] in try await connectShared(generation) }
                state.shared = .connecting(task)
                return .task(task, generation: generation)
            }
        }
    }

    private func connectShared(_ generation: Int) async throws -> any RedisLink {
        let link: any RedisLink
        do throws(RedisError) {
            link = try await connector.connect(to: try await locate())
        } catch {
            // Cancelled here, because the server is no longer the one to ask.
            throw error.code == .cancelled ? Self.isElsewhere(.notExecuted) : error
        }
        let refusal = state.withLock { state -> RedisError? in
            if let end = state.end { return end }
            guard state.generation == generation else { return Self.isElsewhere(.notExecuted) }
            state.shared = .open(link)
            return nil
        }
        guard let refusal else { return link }
        link.close()
        throw refusal
    }

    private func forget(_ task: Task<any RedisLink, any Error>) {
        state.withLock { state in
            if case .connecting(task) = state.shared { state.shared = .none }
        }
    }

    /// The server is no longer the one to ask, and does not answer perhaps: whoever waits for a connection may try
    /// elsewhere. Those who have one are told by the server.
    func stopConnecting() {
        let task = state.withLock { state -> Task<any RedisLink, any Error>? in
            guard case .connecting(let task) = state.shared else { return nil }
            state.shared = .none
            return task
        }
        task?.cancel()
    }

    /// The server is not what it was; whoever comes next connects anew, and so does who waits for a connection.
    func dropConnections() {
        let taken = state.withLock { state -> Taken in
            state.generation += 1
            return Self.takeLinks(&state)
        }
        // What was under way there may be tried again elsewhere, if it may be tried again.
        taken.end(because: Self.isElsewhere(.unknown))
        pool.dropConnections(because: Self.isElsewhere(.unknown))
    }

    /// What leads to a server that is no longer the one to ask.
    private struct Taken: Sendable {
        var links: [any RedisLink]
        var connecting: Task<any RedisLink, any Error>?

        func end(because error: RedisError) {
            connecting?.cancel()
            for link in links { link.close(because: error) }
        }
    }

    private static func takeLinks(_ state: inout State) -> Taken {
        var taken = Taken(links: state.given.compactMap(\.link))
        switch state.shared {
        case .open(let link): taken.links.append(link)
        case .connecting(let task): taken.connecting = task
        case .none: break
        }
        (state.given, state.shared) = ([], .none)
        return taken
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
        do throws(RedisError) {
            return try await Transaction.send(
                commands, over: try await sharedLink(), Patience(timeout: timeout), isAsking: isAsking)
        } catch {
            if error.serverCode == "READONLY" { dropConnections() }
            throw error
        }
    }

    private func attempt(_ commands: [RedisCommand], _ timeout: Duration?) async -> [RedisResult] {
        do throws(RedisError) {
            let results: [RedisResult]
            if commands.contains(where: \.isBlocking) {
                let lease = try await pool.acquire()
                results = await lease.link.send(
                    commands, Patience(for: commands, timeout: timeout, readTimeout: configuration.readTimeout))
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
        let taken = state.withLock { state -> Taken in
            state.end = state.end ?? error
            return Self.takeLinks(&state)
        }
        taken.end(because: underway)
        pool.close(because: error, underway: underway)
    }

    deinit { close() }
}
