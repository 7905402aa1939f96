// A session at a server in the same process: no bytes, no copies of replies.

import Martlet
import Synchronization

final class LocalLink: RedisLink {
    private let connection: LocalConnection
    private let clock: ClientClock
    private let hasEnded = Atomic<Bool>(false)
    private let inFlight = Atomic<Int>(0)
    /// Somebody gave up waiting: the session may wait for ever, and all who come after.
    private let isStuck = Atomic<Bool>(false)
    private let listener = Mutex<Listener?>(nil)

    private struct Listener: Sendable {
        let handler: @Sendable ([RESPValue]?) -> Void
        let task: Task<Void, Never>
    }

    init(_ connection: LocalConnection, clock: ClientClock) {
        self.connection = connection
        self.clock = clock
    }

    deinit { listener.withLock { $0 }?.task.cancel() }

    var isOpen: Bool { !hasEnded.load(ordering: .relaxed) }
    var isBusy: Bool { inFlight.load(ordering: .relaxed) > 0 || isStuck.load(ordering: .relaxed) }

    func send(_ commands: [RedisCommand], _ patience: Patience) async -> [RedisResult] {
        guard isOpen else { return commands.map { _ in .failure(.closed(.notExecuted)) } }
        inFlight.add(1, ordering: .relaxed)
        defer { inFlight.subtract(1, ordering: .relaxed) }
        if Task.isCancelled {
            return commands.map { _ in .failure(RedisError(.cancelled, .notExecuted, "The task was cancelled")) }
        }
        let limit = patience.timeout.map { [clock] timeout in
            { @Sendable () async throws -> Void in try await clock.sleep(timeout) }
        }
        let results = await connection.send(all: commands.map(\.words), patience: limit)
        return results.map { result in result.mapError(failure) }
    }

    private func failure(_ failure: LocalFailure) -> RedisError {
        switch failure {
        case .closed:
            hasEnded.store(true, ordering: .relaxed)
            return RedisError(.connection, .notExecuted, "The server has stopped or closed the connection")
        case .lost:
            hasEnded.store(true, ordering: .relaxed)
            return RedisError(.connection, .unknown, "The server ended the connection ahead of the reply")
        case .abandoned:
            isStuck.store(true, ordering: .relaxed)
            return Task.isCancelled
                ? RedisError(.cancelled, .unknown, "The task was cancelled")
                : RedisError(.timeout, .unknown, "No answer in time")
        }
    }

    func post(_ command: RedisCommand) {
        // In process the first message is the answer. A server that has stopped ends the messages.
        guard let reply = try? connection.send(command.words) else { return }
        let handler = listener.withLock { $0 }?.handler
        switch reply {
        case .push(let elements): handler?(elements)
        case .error: handler?([reply])
        default: return
        }
    }

    func listen(_ handler: @escaping @Sendable ([RESPValue]?) -> Void) {
        let messages = connection.messages
        let task = Task {
            for await message in messages {
                if case .push(let elements) = message { handler(elements) }
            }
            handler(nil)
        }
        listener.withLock { $0 = Listener(handler: handler, task: task) }
    }

    func close(because error: RedisError) {
        hasEnded.store(true, ordering: .relaxed)
        listener.withLock { $0.take() }?.task.cancel()
    }
}
