// Owns everything of one server and wires it: loop, network, keyspace, timers, and the services that commands ask for.
// All of it lives on the loop's queue; the doors at the bottom are for other threads.

import Dispatch
import Synchronization

/// Why a server did not start.
public enum StartError: Error, Sendable, CustomStringConvertible {
    /// No address could be listened on; the text names the port or path and the system's reason.
    case listening(String)
    /// The system refused something else that the server cannot do without.
    case system(String)
    /// The configuration names something that does not exist.
    case configuration(String)

    public var description: String {
        switch self {
        case .listening(let text), .system(let text), .configuration(let text): text
        }
    }
}

/// Guard for `@unchecked Sendable`: state is touched on the loop's queue only, except for what is a `let` or atomic.
final class Engine: EventLoopDelegate, @unchecked Sendable {
    let loop: EventLoop
    let server: ServerContext
    let network: Network
    let log: Log
    private let clock: Clock
    private let persistence: Persistence
    private var cron: LoopTimer?
    private var expiry: LoopTimer?
    /// What the expiry timer is set to.
    private var expiryArmedAt = Int64.max
    private var stopRequest: ShutdownRequest?
    private(set) var isStopped = false
    private let stopped = DispatchGroup()

    /// One slice of active expiry; clients wait no longer than this for it.
    private static let expirySliceNanoseconds: Int64 = 1_000_000
    /// One slice of a background save.
    private static let snapshotSliceNanoseconds: Int64 = 500_000

    init(server: ServerContext, loop: EventLoop, clock: Clock, fileSystem: any FileSystem) {
        self.server = server
        self.loop = loop
        self.clock = clock
        log = server.log
        network = Network(loop: loop, server: server)
        let queue = loop.queue
        persistence = Persistence(server: server, fileSystem: fileSystem) { queue.async(execute: $0) }
        stopped.enter()
        loop.delegate = self
        fillServices()
    }

    private func fillServices() {
        server.services.shutdown = { [self] request in requestStop(request) }
        server.services.applyConfiguration = { [self] changed in apply(changed) }
        server.services.sleep = { [self] in sleep(microseconds: $0) }
        server.services.networkBufferBytes = { [self] in network.bufferBytes }
        server.services.save = { [self] in persistence.save() }
        server.services.saveInBackground = { [self] in persistence.saveInBackground() }
        server.services.reload = { [self] in persistence.reload($0) }
        server.services.port = { [self] in network.port }
    }

    // MARK: Start

    /// Listens, starts the timers and the loop. On any thread, once.
    func start(_ listening: Listening) throws(StartError) {
        let result = loop.queue.sync { () -> Result<Void, StartError> in
            if keepsData, let reason = persistence.load() {
                log.write(.warning, reason)
                finishStop()
                return .failure(.system(reason))
            }
            do throws(StartError) {
                try Listeners.open(listening, server: server, network: network)
            } catch {
                network.closeListeners()
                finishStop()
                return .failure(error)
            }
            network.now = server.monotonicSeconds
            startTimers()
            loop.start()
            return .success(())
        }
        try result.get()
    }

    /// A process of its own loads what it saved, and saves by itself.
    private var keepsData: Bool { server.identity.role == .daemon }

    private func startTimers() {
        guard case .system = clock.source else { return }
        let expiry = LoopTimer(queue: loop.queue) { [self] in expiryTimerFired() }
        let cron = LoopTimer(queue: loop.queue) { [self] in runCron() }
        cron.schedule(perSecond: server.configuration.value.hz)
        self.expiry = expiry
        self.cron = cron
    }

    // MARK: Turns

    func endTurn() -> NextTurn {
        let hasMore = expireSlice()
        server.pubSub.deliver()
        server.tracking.broadcast()
        network.endTurn()
        if stopRequest != nil { stop() }
        let snapshotHasMore = snapshotSlice()
        if hasMore || snapshotHasMore { return .now }
        return persistence.isWaiting ? .within(milliseconds: 1) : nextExpiry
    }

    /// Goes on with a background save for at most a slice; true when it wants more.
    private func snapshotSlice() -> Bool {
        guard persistence.isWaiting else { return false }
        let began = clock.monotonicNanoseconds()
        return persistence.continueBackground { [clock] in
            clock.monotonicNanoseconds() - began > Self.snapshotSliceNanoseconds
        }
    }

    /// A key is due in the millisecond after its deadline.
    private var nextExpiry: NextTurn {
        let deadline = server.keyspace.value.earliestDeadline
        guard deadline < Int64.max, case .system = clock.source else { return .whenever }
        // The difference of two dates may not fit an Int64.
        let (delay, overflow) = deadline.subtractingReportingOverflow(server.keyspace.value.now)
        return overflow ? .whenever : .within(milliseconds: delay + 1)
    }

    func rest() { armExpiry() }

    /// Expires what is due for at most a slice; true when more is due.
    private func expireSlice() -> Bool {
        guard server.keyspace.value.earliestDeadline < Int64.max else { return false }
        server.refreshTime()
        guard server.keyspace.value.hasPassed(server.keyspace.value.earliestDeadline) else { return false }
        let began = clock.monotonicNanoseconds()
        let hasMore = server.keyspace.value.expireDue { [clock] in
            clock.monotonicNanoseconds() - began > Self.expirySliceNanoseconds
        }
        if !server.keyspace.value.journal.isEmpty { server.publishChanges(by: nil) }
        if !hasMore { server.keyspace.value.refreshEarliestDeadline() }
        let spent = clock.monotonicNanoseconds() - began
        server.keyspace.value.statistics.expireCycleNanoseconds += spent
        return hasMore
    }

    /// Sets the timer to the next deadline unless it is set already.
    private func armExpiry() {
        guard let expiry, server.keyspace.value.earliestDeadline != expiryArmedAt else { return }
        // The wheel may want to work ahead of the deadline that was just filed.
        server.keyspace.value.refreshEarliestDeadline()
        let next = server.keyspace.value.earliestDeadline
        expiryArmedAt = next
        if next == Int64.max {
            expiry.unschedule()
        } else {
            // A key is due in the millisecond after its deadline; the difference of two dates may not fit an Int64.
            let (delay, overflow) = next.subtractingReportingOverflow(clock.wallMilliseconds())
            expiry.schedule(inMilliseconds: overflow ? Int64.max : delay + 1)
        }
    }

    private func expiryTimerFired() {
        expiryArmedAt = Int64.min
        guard !isStopped, loop.turn() else { return }
        // More is due: other work on the queue first.
        loop.queue.async { [self] in expiryTimerFired() }
    }

    // MARK: Periodic work

    private func runCron() {
        guard !isStopped, !server.isCronPaused else { return }
        let milliseconds = clock.monotonicNanoseconds() / 1_000_000
        server.statistics.value.sample(at: milliseconds)
        server.statistics.value.peakMemory = max(server.statistics.value.peakMemory, server.usedMemory)
        network.resumeListeners()
        let now = server.monotonicSeconds
        if now != network.now {
            network.now = now
            network.checkIdle(now: now, timeout: Int64(server.configuration.value.timeoutSeconds))
            if keepsData { persistence.checkSavePoints() }
        }
        _ = loop.turn()
    }

    private func sleep(microseconds: Int64) {
        guard microseconds > 0 else { return }
        SystemTime.sleep(microseconds: microseconds)
        server.refreshTime()
    }

    // MARK: Configuration

    private func apply(_ changed: [String]) -> String? {
        if changed.contains("hz") { cron?.schedule(perSecond: server.configuration.value.hz) }
        persistence.updateWriteRefusal()
        return server.apply(changed) ?? Listeners.apply(changed, server: server, network: network)
    }

    // MARK: Stop

    private func requestStop(_ request: ShutdownRequest) -> ServerServices.ShutdownOutcome {
        guard saveAtEnd(request.save) || request.isForced else {
            return .refused(ReplyError("ERR Errors trying to SHUTDOWN. Check logs."))
        }
        stopRequest = request
        return .accepted
    }

    /// Saves if the end asks for it; false when that failed.
    private func saveAtEnd(_ wish: ShutdownRequest.Save) -> Bool {
        persistence.abandonBackground()
        switch wish {
        case .never: return true
        case .ifConfigured:
            guard keepsData, !server.configuration.value.savePoints.isEmpty else { return true }
        case .always: break
        }
        log.write(.notice, "Saving the final RDB snapshot before exiting.")
        guard persistence.save() != nil else { return true }
        log.write(.warning, "Error trying to save the DB, can't exit.")
        return false
    }

    /// On the loop's queue.
    private func stop() {
        guard !isStopped else { return }
        stopRequest = nil
        log.write(.warning, "User requested shutdown...")
        network.closeAll()
        removePidFile()
        log.write(.warning, "Redis is now ready to exit, bye bye...")
        finishStop()
    }

    private func finishStop() {
        isStopped = true
        // What the engine filled in holds the engine; it ends here.
        server.services = ServerServices()
        cron?.cancel()
        expiry?.cancel()
        cron = nil
        expiry = nil
        loop.stop { [stopped] in stopped.leave() }
    }

    private func removePidFile() {
        let path = server.configuration.value.pidfile
        guard !path.isEmpty, server.identity.role == .daemon else { return }
        log.write(.notice, "Removing the pid file.")
        _ = try? SmallFile.remove(path)
    }

    // MARK: Doors for other threads

    /// Everything that timers would do by now.
    func runDueWork() {
        loop.perform { [self] in
            runCron()
            while loop.turn() {}
        }
    }

    /// Stops as SHUTDOWN does; returns at once.
    func shutdown() {
        loop.queue.async { [self] in if isStopped || saveAtEnd(.ifConfigured) { stop() } }
    }

    /// Waits until the server has stopped and has let go of its descriptors.
    func waitUntilStopped() { stopped.wait() }

    func whenStopped(_ body: @escaping @Sendable () -> Void) {
        stopped.notify(queue: .global(), execute: body)
    }
}
