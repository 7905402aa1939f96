// Commands and answers over a stream of bytes: answers come in the order of commands, messages come in between.

import Martlet
import Synchronization

final class WireLink: RedisLink {
    private struct State: ~Copyable {
        var parser = ReplyParser()
        /// Sent and not wholly answered yet.
        var awaited: [Exchange] = []
        /// How many at the front of `awaited` are done; they are cut off now and then.
        var done = 0
        /// Why it is closed; nil while it is open.
        var end: RedisError?
        var handler: (@Sendable ([RESPValue]?) -> Void)?
        /// Counts what came from the server.
        var arrivals = 0
        var isWatched = false
        /// Sleeps for as long as the server may be silent.
        var watcher: Task<Void, any Error>?
        /// Commands on their way to the stream; whoever finds nobody at it sends them.
        var outbox: [UInt8] = []
        var isSending = false
    }

    private let stream: any ByteStream
    private let endpoint: RedisEndpoint
    private let readTimeout: Duration
    private let clock: ClientClock
    private let state = Mutex(State())

    init(_ stream: any ByteStream, to endpoint: RedisEndpoint, readTimeout: Duration, clock: ClientClock) {
        self.stream = stream
        self.endpoint = endpoint
        self.readTimeout = readTimeout
        self.clock = clock
        stream.start { [weak self] in
            self?.received($0)
        } ended: { [weak self] in
            self?.streamEnded($0)
        }
    }

    deinit {
        state.withLock { $0.watcher.take() }?.cancel()
        stream.close()
    }

    var isOpen: Bool { state.withLock { $0.end == nil } }
    var isBusy: Bool { state.withLock { $0.awaited.count > $0.done } }

    // MARK: Sending

    func send(_ commands: [RedisCommand], _ patience: Patience) async -> [RedisResult] {
        guard !commands.isEmpty else { return [] }
        let exchange = Exchange(expected: commands.count, isBlocking: patience.isBlocking)
        let limit = patience.timeout.map { timeout in
            Task { [weak self, clock] in
                try await clock.sleep(timeout)
                self?.abandon(exchange, because: .timeout, "No answer within \(timeout)")
            }
        }
        defer { limit?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { submit(commands, exchange, $0) }
        } onCancel: {
            abandon(exchange, because: .cancelled, "The task was cancelled")
        }
    }

    private func submit(
        _ commands: [RedisCommand], _ exchange: Exchange, _ continuation: CheckedContinuation<[RedisResult], Never>
    ) {
        var bytes: [UInt8] = []
        for command in commands { command.encode(to: &bytes) }
        let (refusal, mustWatch) = state.withLock { state -> (RedisError?, Bool) in
            if let error = state.end ?? exchange.abandonment {
                return (RedisError(error.code, .notExecuted, error.message), false)
            }
            exchange.continuation = continuation
            state.awaited.append(exchange)
            state.outbox += bytes
            let mustWatch = !state.isWatched
            state.isWatched = true
            return (nil, mustWatch)
        }
        if let refusal {
            continuation.resume(returning: commands.map { _ in .failure(refusal) })
        } else {
            flush()
        }
        if mustWatch { watch() }
    }

    /// Sends what waits, in the order of `awaited`, and what others add meanwhile.
    private func flush() {
        var isSender = false
        while let bytes = takeOutbox(isSender) {
            isSender = true
            stream.send(bytes)
        }
    }

    private func takeOutbox(_ isSender: Bool) -> [UInt8]? {
        state.withLock { state in
            if state.isSending && !isSender { return nil }
            state.isSending = !state.outbox.isEmpty
            guard state.isSending else { return nil }
            var bytes: [UInt8] = []
            swap(&bytes, &state.outbox)
            return bytes
        }
    }

    func post(_ command: RedisCommand) {
        var bytes: [UInt8] = []
        command.encode(to: &bytes)
        state.withLock { if $0.end == nil { $0.outbox += bytes } }
        flush()
    }

    private func abandon(_ exchange: Exchange, because code: RedisError.Code, _ message: String) {
        let error = RedisError(code, .unknown, message)
        let finished = state.withLock { _ in
            exchange.abandonment = exchange.abandonment ?? error
            return exchange.finish(error)
        }
        finished?()
    }

    // MARK: Receiving

    func listen(_ handler: @escaping @Sendable ([RESPValue]?) -> Void) {
        let hasEnded = state.withLock { state -> Bool in
            state.handler = handler
            return state.end != nil
        }
        if hasEnded { handler(nil) }
    }

    private func received(_ bytes: [UInt8]) {
        var finished: [() -> Void] = []
        var messages: [[RESPValue]] = []
        let (isReadable, handler) = state.withLock { state -> (Bool, (@Sendable ([RESPValue]?) -> Void)?) in
            state.arrivals += 1
            var parser = ReplyParser()
            swap(&parser, &state.parser)
            let isReadable = parser.receive(bytes) { value in
                if let message = Self.message(in: value, isExpected: state.awaited.count > state.done) {
                    messages.append(message)
                } else if let end = Self.take(value, &state) {
                    finished.append(end)
                }
            }
            swap(&parser, &state.parser)
            return (isReadable, state.handler)
        }
        for end in finished { end() }
        for message in messages { handler?(message) }
        if !isReadable { end(RedisError(.protocolViolation, .unknown, "\(endpoint) does not speak RESP")) }
    }

    /// In RESP2 messages look like replies; on a connection that listens nothing else comes unasked, but an error where
    /// listening was refused, and the answer to a PING.
    private static func message(in value: RESPValue, isExpected: Bool) -> [RESPValue]? {
        switch value {
        case .push(let elements): elements
        case .array(let elements) where !isExpected: elements
        case .error where !isExpected, .simpleString where !isExpected: [value]
        default: nil
        }
    }

    private static func take(_ value: RESPValue, _ state: inout State) -> (() -> Void)? {
        guard state.done < state.awaited.count else { return nil }
        let exchange = state.awaited[state.done]
        exchange.results.append(.success(value))
        guard exchange.results.count == exchange.expected else { return nil }
        state.done += 1
        if state.done > 256 || state.done == state.awaited.count {
            state.awaited.removeFirst(state.done)
            state.done = 0
        }
        return exchange.finish(nil)
    }

    // MARK: Ending

    func close(because error: RedisError) { end(error) }

    private func streamEnded(_ reason: String?) {
        end(RedisError(.connection, .unknown, "\(endpoint): \(reason ?? "the connection was closed")"))
    }

    private func end(_ error: RedisError) {
        let (finished, handler) = state.withLock { state -> ([() -> Void], (@Sendable ([RESPValue]?) -> Void)?) in
            guard state.end == nil else { return ([], nil) }
            state.end = error
            let finished = state.awaited.dropFirst(state.done).compactMap { $0.finish(error) }
            state.awaited = []
            state.done = 0
            defer { state.handler = nil }
            return (finished, state.handler)
        }
        for end in finished { end() }
        handler?(nil)
        state.withLock { $0.watcher.take() }?.cancel()
        stream.close()
    }

    /// Ends the connection when answers are due and nothing at all comes from the server.
    private func watch() {
        let watcher = Task { [weak self, clock, readTimeout] in
            var before = -1
            while let arrivals = self?.arrivalsWhileWaiting(since: before) {
                before = arrivals
                try await clock.sleep(readTimeout)
            }
        }
        let isOver = state.withLock { state -> Bool in
            state.watcher = watcher
            return state.end != nil
        }
        if isOver { watcher.cancel() }
    }

    /// What has arrived so far; nil when nobody waits any more, or the server is gone.
    private func arrivalsWhileWaiting(since before: Int) -> Int? {
        let (arrivals, isSilent) = state.withLock { state -> (Int?, Bool) in
            guard state.end == nil, state.awaited.count > state.done else {
                state.isWatched = false
                return (nil, false)
            }
            let isBlocked = state.awaited[state.done].isBlocking
            return (state.arrivals, state.arrivals == before && !isBlocked)
        }
        guard isSilent else { return arrivals }
        end(RedisError(.connection, .unknown, "\(endpoint): no answer within \(readTimeout)"))
        return nil
    }
}

/// Commands that were sent together, and their answers so far.
///
/// Guard for `@unchecked Sendable`: touched within the lock of the link that it was sent over.
private final class Exchange: @unchecked Sendable {
    let expected: Int
    let isBlocking: Bool
    var results: [RedisResult] = []
    var continuation: CheckedContinuation<[RedisResult], Never>?
    /// Given up before or after it was sent.
    var abandonment: RedisError?

    init(expected: Int, isBlocking: Bool) {
        self.expected = expected
        self.isBlocking = isBlocking
        results.reserveCapacity(expected)
    }

    /// Lets the sender go on, once, with `error` where no answer came; to be called outside the lock.
    func finish(_ error: RedisError?) -> (() -> Void)? {
        guard let continuation = continuation.take() else { return nil }
        var results = results
        if let error { while results.count < expected { results.append(.failure(error)) } }
        return { continuation.resume(returning: results) }
    }
}
