// What goes to the engine and comes back over an in-process connection.

import Dispatch
import Synchronization

/// The words of one request, one behind the other.
struct LocalRequest: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var words: [ArgumentSlice] = []

    init() {
        words.reserveCapacity(8)
        bytes.reserveCapacity(64)
    }

    /// `write` appends the word's bytes.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        write(&bytes)
        words.append(ArgumentSlice(offset: start, count: bytes.count - start))
    }
}

enum LocalReply: Sendable {
    case value(RESPValue)
    /// As a socket would carry it, for whoever asked to turn it into a value.
    case bytes([UInt8])
    /// The connection is closed, or the server is.
    case closed
    /// The connection ended behind the command and ahead of its reply.
    case lost
    /// The client has to wait.
    case later(LaterReply)
    /// Nobody waits for it any more.
    case abandoned
}

/// A reply that comes when the client has waited for it.
final class LaterReply: Sendable {
    private enum State: Sendable {
        case awaited([@Sendable (LocalReply) -> Void])
        case here(LocalReply)
    }

    private let state = Mutex(State.awaited([]))

    /// The first time counts.
    func fulfil(_ reply: LocalReply) {
        let waiters = state.withLock { state in
            guard case .awaited(let waiters) = state else { return [] as [@Sendable (LocalReply) -> Void] }
            state = .here(reply)
            return waiters
        }
        for waiter in waiters { waiter(reply) }
    }

    private func whenHere(_ body: @escaping @Sendable (LocalReply) -> Void) {
        let reply = state.withLock { state -> LocalReply? in
            switch state {
            case .here(let reply): return reply
            case .awaited(let waiters):
                state = .awaited(waiters + [body])
                return nil
            }
        }
        if let reply { body(reply) }
    }

    /// Blocks the thread until the reply is here.
    func wait() -> LocalReply {
        let arrival = DispatchSemaphore(value: 0)
        whenHere { _ in arrival.signal() }
        arrival.wait()
        return state.withLock { if case .here(let reply) = $0 { reply } else { .closed } }
    }

    /// The reply, without blocking a thread.
    var reply: LocalReply {
        get async {
            await withCheckedContinuation { continuation in whenHere { continuation.resume(returning: $0) } }
        }
    }

    /// The same, until the task is cancelled or `patience` returns.
    func reply(patience: (@Sendable () async throws -> Void)?) async -> LocalReply {
        let limit = patience.map { patience in
            Task { [self] in
                try await patience()
                fulfil(.abandoned)
            }
        }
        defer { limit?.cancel() }
        return await withTaskCancellationHandler {
            await reply
        } onCancel: {
            fulfil(.abandoned)
        }
    }
}
