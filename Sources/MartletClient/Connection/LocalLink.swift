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
    private let ending = Mutex(Ending())

    private struct Ending: Sendable {
        /// Why it is closed; nil while it is open.
        var error: RedisError?
        /// Commands that wait at the server.
        var waiting: [Int: Task<[Result<RESPValue, LocalFailure>], Never>] = [:]
        var nextNumber = 0
    }

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
        guard isOpen else {
            let end = ending.withLock(\.error).map { RedisError($0.code, .notExecuted, $0.message) } ?? failure(.closed)
            return commands.map { _ in .failure(end) }
        }
        inFlight.add(1, ordering: .relaxed)
        defer { inFlight.subtract(1, ordering: .relaxed) }
        if Task.isCancelled {
            return commands.map { _ in .failure(RedisError(.cancelled, .notExecuted, "The task was cancelled")) }
        }
        let limit = patience.timeout.map { [clock] timeout in
            { @Sendable () async throws -> Void in try await clock.sleep(timeout) }
        }
        let words = commands.map(\.words)
        let results =
            patience.isBlocking
            ? await sendEndably(words, limit) : await connection.send(all: words, patience: limit)
        return results.map { result in result.mapError(failure) }
    }

    /// The server may never answer; whoever closes the link gives up for the sender.
    private func sendEndably(
        _ commands: [[any RESPArgument]], _ limit: (@Sendable () async throws -> Void)?
    ) async -> [Result<RESPValue, LocalFailure>] {
        let task = Task { [connection] in await connection.send(all: commands, patience: limit) }
        let number = ending.withLock { ending in
            ending.nextNumber += 1
            if ending.error == nil { ending.waiting[ending.nextNumber] = task } else { task.cancel() }
            return ending.nextNumber
        }
        defer { ending.withLock { _ = $0.waiting.removeValue(forKey: number) } }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
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
            if let error = ending.withLock(\.error) { return error }
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
        case .error, .simpleString: handler?([reply])
        default: return
        }
    }

    func listen(_ handler: @escaping @Sendable ([RESPValue]?) -> Void) {
        let messages = connection.messages
        let task = Task { [weak self] in
            for await message in messages {
                if case .push(let elements) = message { handler(elements) }
            }
            // The server has ended the session, or forgotten it.
            self?.hasEnded.store(true, ordering: .relaxed)
            handler(nil)
        }
        listener.withLock { $0 = Listener(handler: handler, task: task) }
    }

    func close(because error: RedisError) {
        hasEnded.store(true, ordering: .relaxed)
        let waiting = ending.withLock { ending in
            ending.error = ending.error ?? error
            defer { ending.waiting = [:] }
            return ending.waiting.values
        }
        for task in waiting { task.cancel() }
        listener.withLock { $0.take() }?.task.cancel()
    }
}
