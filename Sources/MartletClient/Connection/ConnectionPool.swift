// Connections that are lent to one borrower at a time. Borrowers are served in the order in which they came.

import Martlet
import Synchronization

final class ConnectionPool: Sendable {
    private struct Idle: Sendable {
        let link: any RedisLink
        let since: Duration
    }

    /// What a borrower gets.
    private enum Grant: Sendable {
        case link(any RedisLink, mustBeAsked: Bool)
        /// The right to open one.
        case place
        case refused(RedisError)
    }

    private struct State: Sendable {
        /// The one that was used last comes last, and is lent first.
        var idle: [Idle] = []
        /// Open, being opened, or lent.
        var count = 0
        var waiters: [Waiter] = []
        var isClosed = false
    }

    private let policy: PoolPolicy
    private let clock: ClientClock
    private let open: @Sendable () async throws(RedisError) -> any RedisLink
    private let state = Mutex(State())

    init(
        _ policy: PoolPolicy, clock: ClientClock,
        open: @escaping @Sendable () async throws(RedisError) -> any RedisLink
    ) {
        self.policy = policy
        self.clock = clock
        self.open = open
    }

    /// How many are open, being opened or lent, and how many of them are idle.
    var counts: (all: Int, idle: Int) { state.withLock { ($0.count, $0.idle.count) } }

    // MARK: Borrowing

    /// A connection of one's own, to be given back by `release`.
    func acquire() async throws(RedisError) -> any RedisLink {
        while true {
            switch await grant() {
            case .refused(let error): throw error
            case .place:
                do throws(RedisError) {
                    let link = try await open()
                    fill()
                    return link
                } catch {
                    giveUpPlace()
                    throw error
                }
            case .link(let link, let mustBeAsked):
                if await isHealthy(link, mustBeAsked) { return link }
                link.close()
                giveUpPlace()
            }
        }
    }

    private func isHealthy(_ link: any RedisLink, _ mustBeAsked: Bool) async -> Bool {
        guard link.isOpen else { return false }
        guard mustBeAsked else { return true }
        if case .success = await link.send(RedisCommand("PING"), Patience(timeout: policy.acquireTimeout)) {
            return true
        }
        return false
    }

    private func grant() async -> Grant {
        if let grant = state.withLock({ next(&$0) }) { return grant }
        let waiter = Waiter()
        let limit = Task { [policy, clock] in
            try await clock.sleep(policy.acquireTimeout)
            refuse(
                waiter,
                RedisError(
                    .poolExhausted, .notExecuted,
                    "None of \(policy.maximum) connections was free within \(policy.acquireTimeout)"))
        }
        defer { limit.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait(waiter, $0) }
        } onCancel: {
            refuse(waiter, RedisError(.cancelled, .notExecuted, "The task was cancelled"))
        }
    }

    /// Nil when the borrower has to wait.
    private func next(_ state: inout State) -> Grant? {
        if state.isClosed { return .refused(.closed(.notExecuted)) }
        if let idle = state.idle.popLast() {
            return .link(idle.link, mustBeAsked: clock.now() - idle.since > policy.healthCheckAfter)
        }
        guard state.count < max(policy.maximum, 1) else { return nil }
        state.count += 1
        return .place
    }

    private func wait(_ waiter: Waiter, _ continuation: CheckedContinuation<Grant, Never>) {
        let grant = state.withLock { state -> Grant? in
            // Whoever gave up or was served meanwhile does not wait.
            if let refusal = waiter.refusal { return .refused(refusal) }
            if let grant = next(&state) { return grant }
            waiter.continuation = continuation
            state.waiters.append(waiter)
            return nil
        }
        if let grant { continuation.resume(returning: grant) }
    }

    private func refuse(_ waiter: Waiter, _ error: RedisError) {
        let continuation = state.withLock { state -> CheckedContinuation<Grant, Never>? in
            waiter.refusal = error
            state.waiters.removeAll { $0 === waiter }
            return waiter.continuation.take()
        }
        continuation?.resume(returning: .refused(error))
    }

    /// Opens what is missing to the minimum, in the background.
    private func fill() {
        let missing = state.withLock { state -> Int in
            guard !state.isClosed else { return 0 }
            let missing = max(0, min(policy.minimum, policy.maximum) - state.count)
            state.count += missing
            return missing
        }
        for _ in 0..<missing {
            Task { [weak self, open] in
                guard let link = try? await open() else {
                    self?.giveUpPlace()
                    return
                }
                if let self { release(link) } else { link.close() }
            }
        }
    }

    // MARK: Giving back

    /// Takes a connection back. One that is not as it was lent is closed.
    func release(_ link: any RedisLink, isClean: Bool = true) {
        guard isClean, link.isOpen, !link.isBusy else {
            link.close()
            return giveUpPlace()
        }
        let (continuation, isKept) = state.withLock { state -> (CheckedContinuation<Grant, Never>?, Bool) in
            if state.isClosed { return (nil, false) }
            if let next = Self.firstWaiter(&state) { return (next, true) }
            state.idle.append(Idle(link: link, since: clock.now()))
            return (nil, true)
        }
        if !isKept { link.close() }
        continuation?.resume(returning: .link(link, mustBeAsked: false))
    }

    /// A connection is gone; the first who waits may open another.
    private func giveUpPlace() {
        let continuation = state.withLock { state -> CheckedContinuation<Grant, Never>? in
            if let next = Self.firstWaiter(&state) { return next }
            state.count -= 1
            return nil
        }
        continuation?.resume(returning: .place)
    }

    private static func firstWaiter(_ state: inout State) -> CheckedContinuation<Grant, Never>? {
        guard !state.waiters.isEmpty else { return nil }
        return state.waiters.removeFirst().continuation.take()
    }

    /// Closes what is not lent.
    func dropIdle() {
        let idle = state.withLock { state -> [Idle] in
            defer { state.idle = [] }
            state.count -= state.idle.count
            return state.idle
        }
        for entry in idle { entry.link.close() }
    }

    func close() {
        let waiters = state.withLock { state -> [CheckedContinuation<Grant, Never>] in
            state.isClosed = true
            defer { state.waiters = [] }
            return state.waiters.compactMap { $0.continuation.take() }
        }
        for waiter in waiters { waiter.resume(returning: .refused(.closed(.notExecuted))) }
        dropIdle()
    }

    /// Somebody in the queue.
    ///
    /// Guard for `@unchecked Sendable`: touched within the pool's lock.
    private final class Waiter: @unchecked Sendable {
        var continuation: CheckedContinuation<Grant, Never>?
        /// Gave up, perhaps before it began to wait.
        var refusal: RedisError?
    }
}
