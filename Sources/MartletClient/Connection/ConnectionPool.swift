// Connections that are lent to one borrower at a time. Borrowers are served in the order in which they came.

import Martlet
import Synchronization

final class ConnectionPool: Sendable {
    /// A connection that is lent, and of which time it is: see `dropConnections`.
    struct Lease: Sendable {
        let link: any RedisLink
        fileprivate let generation: Int

        fileprivate var id: ObjectIdentifier { ObjectIdentifier(link) }
    }

    private struct Idle: Sendable {
        let link: any RedisLink
        let since: Duration
    }

    /// What a borrower gets.
    private enum Grant: Sendable {
        case link(Lease, mustBeAsked: Bool)
        /// The right to open one.
        case place(generation: Int)
        case refused(RedisError)
    }

    private struct State: Sendable {
        /// The one that was used last comes last, and is lent first.
        var idle: [Idle] = []
        /// Lent, or about to be.
        var lent: [ObjectIdentifier: any RedisLink] = [:]
        /// Open, being opened, or lent.
        var count = 0
        var waiters: [Waiter] = []
        /// Grows when the server is no longer the one to ask.
        var generation = 0
        /// Why it lends no more; nil while it does.
        var end: RedisError?
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
    func acquire() async throws(RedisError) -> Lease {
        while true {
            switch await grant() {
            case .refused(let error): throw error
            case .place(let generation):
                if let lease = try await openLease(generation) { return lease }
            case .link(let lease, let mustBeAsked):
                if await isHealthy(lease.link, mustBeAsked) { return lease }
                discard(lease)
            }
        }
    }

    /// Nil when the server is no longer the one that was connected to.
    private func openLease(_ generation: Int) async throws(RedisError) -> Lease? {
        let link: any RedisLink
        do throws(RedisError) {
            link = try await open()
        } catch {
            giveUpPlace()
            throw error
        }
        let lease = Lease(link: link, generation: generation)
        guard lend(lease) else {
            discard(lease)
            return nil
        }
        fill()
        return lease
    }

    /// False when it is of an earlier time.
    private func lend(_ lease: Lease) -> Bool {
        state.withLock { state in
            guard state.end == nil, state.generation == lease.generation else { return false }
            state.lent[lease.id] = lease.link
            return true
        }
    }

    private func discard(_ lease: Lease) {
        state.withLock { _ = $0.lent.removeValue(forKey: lease.id) }
        lease.link.close()
        giveUpPlace()
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
        if let end = state.end { return .refused(end) }
        if let idle = state.idle.popLast() {
            state.lent[ObjectIdentifier(idle.link)] = idle.link
            return .link(
                Lease(link: idle.link, generation: state.generation),
                mustBeAsked: clock.now() - idle.since > policy.healthCheckAfter)
        }
        guard state.count < max(policy.maximum, 1) else { return nil }
        state.count += 1
        return .place(generation: state.generation)
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
        let (missing, generation) = state.withLock { state -> (Int, Int) in
            guard state.end == nil else { return (0, 0) }
            let missing = max(0, min(policy.minimum, policy.maximum) - state.count)
            state.count += missing
            return (missing, state.generation)
        }
        for _ in 0..<missing {
            Task { [weak self, open] in
                guard let link = try? await open() else {
                    self?.giveUpPlace()
                    return
                }
                if let self { release(Lease(link: link, generation: generation)) } else { link.close() }
            }
        }
    }

    // MARK: Giving back

    /// Whether nobody has doubted the server since the connection was lent.
    func isCurrent(_ lease: Lease) -> Bool { state.withLock { $0.generation == lease.generation } }

    /// Takes a connection back. One that is not as it was lent, or of an earlier time, is closed.
    func release(_ lease: Lease, isClean: Bool = true) {
        let link = lease.link
        let isOfUse = isClean && link.isOpen && !link.isBusy
        let (continuation, isKept) = state.withLock { state -> (CheckedContinuation<Grant, Never>?, Bool) in
            guard isOfUse, state.end == nil, lease.generation == state.generation else { return (nil, false) }
            if let next = Self.firstWaiter(&state) {
                state.lent[lease.id] = link
                return (next, true)
            }
            state.lent[lease.id] = nil
            state.idle.append(Idle(link: link, since: clock.now()))
            return (nil, true)
        }
        if let continuation { return continuation.resume(returning: .link(lease, mustBeAsked: false)) }
        if !isKept { discard(lease) }
    }

    /// A connection is gone; the first who waits may open another.
    private func giveUpPlace() {
        let (continuation, generation) = state.withLock { state -> (CheckedContinuation<Grant, Never>?, Int) in
            if let next = Self.firstWaiter(&state) { return (next, state.generation) }
            state.count -= 1
            return (nil, state.generation)
        }
        continuation?.resume(returning: .place(generation: generation))
    }

    private static func firstWaiter(_ state: inout State) -> CheckedContinuation<Grant, Never>? {
        guard !state.waiters.isEmpty else { return nil }
        return state.waiters.removeFirst().continuation.take()
    }

    /// The server is no longer the one to ask: closes all, also what is lent. Whoever has it finds `error`.
    func dropConnections(because error: RedisError) {
        let lent = state.withLock { state -> [any RedisLink] in
            state.generation += 1
            return Array(state.lent.values)
        }
        dropIdle()
        for link in lent { link.close(because: error) }
    }

    /// The server may have gone: what is not lent is made anew when it is needed.
    func dropIdle() {
        let idle = state.withLock { state -> [Idle] in
            defer { state.idle = [] }
            state.count -= state.idle.count
            return state.idle
        }
        for entry in idle { entry.link.close() }
    }

    /// Lends no more because of `error`, and ends what is lent with `underway`.
    func close(because error: RedisError, underway: RedisError) {
        let waiters = state.withLock { state -> [CheckedContinuation<Grant, Never>] in
            state.end = state.end ?? error
            defer { state.waiters = [] }
            return state.waiters.compactMap { $0.continuation.take() }
        }
        for waiter in waiters { waiter.resume(returning: .refused(error)) }
        dropConnections(because: underway)
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
