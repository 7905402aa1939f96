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
    /// Somebody stopped it before it had started: while it was loading its data, for example.
    case stopped

    /// What the log says, too.
    public var description: String {
        switch self {
        case .listening(let text), .system(let text), .configuration(let text): text
        case .stopped: "stopped before it had started"
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
    let host: HostProcess?
    let persistence: Persistence
    /// Waits for the data to be loaded, which `loading` then tells the result of.
    private let loaded = DispatchSemaphore(value: 0)
    private var loadingResult: Result<Void, StartError>?
    private var cron: LoopTimer?
    private var expiry: LoopTimer?
    /// Whether memory is still short although keys go.
    private var evictionWantsMore = false
    /// Whether the snapshot could go on at once, and whether a turn for it is on its way.
    private var snapshotWantsMore = false
    private var isTurnScheduled = false
    /// What the expiry timer is set to.
    private(set) var expiryArmedAt = Int64.max
    /// Ends the waiting of clients, and what it is set to.
    private var waiting: LoopTimer?
    private var waitingArmedAt = Int64.max
    private var stopRequest: ShutdownRequest?
    /// A signal asked for the end; the periodic work sees to it.
    private let stopSignal = Atomic<Bool>(false)
    /// Whether it was SIGINT.
    private let isInterrupted = Atomic<Bool>(false)
    private(set) var isStopped = false
    private let stopped = DispatchGroup()

    /// One slice of active expiry; clients wait no longer than this for it.
    private static let expirySliceNanoseconds: Int64 = 1_000_000
    /// One slice of a background save.
    private static let snapshotSliceNanoseconds: Int64 = 500_000
    /// One slice of loading; the few commands that are answered meanwhile wait so long.
    private static let loadingSliceNanoseconds: Int64 = 5_000_000

    init(
        server: ServerContext, loop: EventLoop, clock: Clock, fileSystem: any FileSystem, host: HostProcess? = nil
    ) {
        self.host = host
        self.server = server
        self.loop = loop
        self.clock = clock
        log = server.log
        network = Network(loop: loop, server: server)
        let queue = loop.queue
        persistence = Persistence(server: server, fileSystem: fileSystem) { step in
            queue.async {
                step()
                // Somebody may have waited for it.
                _ = loop.turn()
            }
        }
        stopped.enter()
        loop.delegate = self
        fillServices()
    }

    private func fillServices() {
        server.services.shutdown = { [self] request in requestStop(request) }
        server.services.applyConfiguration = { [self] changed in apply(changed) }
        server.services.rewriteConfiguration = { [self] in rewriteConfiguration(addsAll: $0) }
        server.services.sleep = { [self] in sleep(microseconds: $0) }
        server.services.fileBufferBytes = { [self] in persistence.appendOnlyFile.bufferBytes }
        server.services.save = { [self] in persistence.save() }
        server.services.saveInBackground = { [self] in persistence.saveInBackground(schedules: $0) }
        server.services.dataWasFlushed = { [self] in persistence.dataWasFlushed(isSaved: keepsData) }
        server.services.rewriteAppendOnlyFile = { [self] in persistence.appendOnlyFile.requestRewrite() }
        server.services.loadUsers = { [self] in loadUsers(by: $0) }
        server.services.saveUsers = { [self] in saveUsers() }
        server.services.loadAppendOnlyFile = { [self] in persistence.reloadAppendOnlyFile() }
        server.services.delayAppendOnlyFile = { [self] in persistence.appendOnlyFile.flushDelay = $0 }
        server.services.savedOffset = { [self] in persistence.appendOnlyFile.savedOffset }
        server.services.commit = { [self] in persistence.appendOnlyFile.flush() }
        server.services.abortShutdown = { [self] in abortStop() }
        server.services.reload = { [self] in persistence.reload($0) }
        server.services.turnClock = { [self] in turnClock($0) }
        server.services.port = { [self] in network.port }
    }

    // MARK: Start

    /// Listens, starts the timers and the loop, and waits until the data is loaded. On any thread, once.
    func start(_ listening: Listening, whenListening: @Sendable () -> Void) throws(StartError) {
        let result = loop.queue.sync { () -> Result<Bool, StartError> in
            // A signal may have been first; the loop's descriptors are gone then.
            guard !isStopped else { return .failure(.stopped) }
            do throws(StartError) {
                try Listeners.open(listening, server: server, network: network)
            } catch {
                network.closeListeners()
                finishStop()
                return .failure(error)
            }
            network.now = server.monotonicSeconds
            whenListening()
            return beginLoading()
        }
        guard try result.get() else { return }
        loaded.wait()
        try loop.queue.sync { loadingResult ?? .success(()) }.get()
    }

    /// A process of its own loads what it saved, and saves by itself.
    private var keepsData: Bool { server.identity.role == .daemon }

    /// True when there is something to wait for.
    private func beginLoading() -> Result<Bool, StartError> {
        do throws(LoadingError) {
            if let plan = try persistence.planStart(loadsSnapshots: keepsData) { persistence.beginLoading(plan) }
        } catch {
            return .failure(refuseStart(error))
        }
        guard server.isLoading else {
            if let error = finishLoading() { return .failure(error) }
            loop.start()
            return .success(false)
        }
        loop.start()
        loop.queue.async { [self] in loadBetweenTurns() }
        return .success(true)
    }

    private func finishLoading() -> StartError? {
        do throws(LoadingError) {
            try persistence.openAppendOnlyFile()
        } catch {
            return refuseStart(error)
        }
        startTimers()
        return nil
    }

    private func refuseStart(_ error: LoadingError) -> StartError {
        network.closeAll()
        finishStop()
        return .system(error.text)
    }

    /// Loads a slice, lets others have the queue, and comes back.
    private func loadBetweenTurns() {
        guard server.isLoading, !isStopped else { return }
        loadSlice()
        if server.isLoading, !isStopped { loop.queue.async { [self] in loadBetweenTurns() } }
    }

    private func loadSlice() {
        guard server.isLoading, !isStopped else { return }
        let began = clock.monotonicNanoseconds()
        let result = persistence.proceedLoading { [clock] in
            clock.monotonicNanoseconds() - began > Self.loadingSliceNanoseconds
        }
        switch result {
        case nil: return
        case .success: loadingResult = finishLoading().map { .failure($0) } ?? .success(())
        case .failure(let error):
            if error.isAboutSnapshot { log.write(.warning, "Terminating server after rdb file reading failure.") }
            loadingResult = .failure(refuseStart(error))
        }
        loaded.signal()
    }

    private func startTimers() {
        if server.configuration.value.watchdogPeriod > 0 { followWatchdog() }
        // A test's clock that stands from the start asks for all work itself.
        guard clock.isRunning else { return }
        let expiry = LoopTimer(queue: loop.queue) { [self] in expiryTimerFired() }
        let cron = LoopTimer(queue: loop.queue) { [self] in runCron() }
        cron.schedule(perSecond: server.configuration.value.hz)
        self.expiry = expiry
        self.cron = cron
        waiting = LoopTimer(queue: loop.queue) { [self] in waitingTimerFired() }
    }

    // MARK: Turns

    func endTurn() -> NextTurn {
        let isLoading = server.isLoading
        network.resumeUnblocked()
        server.checkPause()
        var hasMore = false
        evictionWantsMore = false
        if !isLoading, !server.pause.value.isActive {
            evictionWantsMore = server.makeRoom() == .comes
            hasMore = expireSlice() || evictionWantsMore
        }
        let isSafe = persistence.appendOnlyFile.flush()
        serveBlocked()
        if isSafe { network.endTurn() } else { network.endTurnWithoutAcknowledging() }
        if stopRequest != nil { stop() }
        if isLoading {
            loadSlice()
            return .now
        }
        snapshotWantsMore = snapshotSlice()
        if hasMore || snapshotWantsMore || network.hasUnblocked { return .now }
        return persistence.snapshotter.isWaiting ? .within(milliseconds: 1) : nextDeadline
    }

    private func serveBlocked() {
        guard !server.blocked.isEmpty else { return }
        server.blocked.serve(
            savedOffset: persistence.appendOnlyFile.savedOffset, now: server.monotonicMilliseconds)
    }

    /// Goes on with a background save for at most a slice; true when it wants more.
    private func snapshotSlice() -> Bool {
        guard persistence.snapshotter.isWaiting else { return false }
        let began = clock.monotonicNanoseconds()
        return persistence.snapshotter.proceed { [clock] in
            clock.monotonicNanoseconds() - began > Self.snapshotSliceNanoseconds
        }
    }

    /// When the next key is due or a client has waited long enough.
    private var nextDeadline: NextTurn {
        guard clock.isRunning, let delay = millisecondsToDeadline else { return .whenever }
        return .within(milliseconds: delay)
    }

    /// Until the next key is due or a client has waited long enough; nil: there is none.
    private var millisecondsToDeadline: Int64? {
        var delay = Int64.max
        let deadline = server.keyspace.value.earliestDeadline
        if deadline < Int64.max, !server.pause.value.isActive {
            // A key is due in the millisecond after its deadline; the difference of two dates may not fit an Int64.
            let (time, overflow) = deadline.subtractingReportingOverflow(server.keyspace.value.now)
            if !overflow { delay = time + 1 }
        }
        if earliestWaitingEnd < Int64.max {
            // Both are times of one clock that begins near zero.
            delay = min(delay, earliestWaitingEnd - server.monotonicMilliseconds)
        }
        return delay < Int64.max ? delay : nil
    }

    /// When the first client has waited long enough, or a pause ends; in monotonic milliseconds.
    private var earliestWaitingEnd: Int64 { min(server.blocked.earliestDeadline, server.pause.value.end) }

    func turnTook(nanoseconds: Int64) { server.statistics.value.turns.add(nanoseconds) }

    func rest() {
        armExpiry()
        armWaiting()
        if persistence.snapshotter.isWaiting || evictionWantsMore, !isTurnScheduled { scheduleTurn() }
    }

    /// A snapshot, or eviction, goes on although nobody sends anything: other work on the queue first, and the disk may
    /// need a pause.
    private func scheduleTurn() {
        isTurnScheduled = true
        let pause = snapshotWantsMore || evictionWantsMore ? 0 : 1
        loop.queue.asyncAfter(deadline: .now() + .milliseconds(pause)) { [self] in
            isTurnScheduled = false
            if !isStopped { _ = loop.turn() }
        }
    }

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
        server.latency.note(.expireCycle, nanoseconds: spent, at: clock.wallSeconds())
        server.noteRemovals()
        return hasMore
    }

    /// Sets the timer to the next deadline unless it is set already; while clients are paused nothing expires.
    private func armExpiry() {
        let isPaused = server.pause.value.isActive
        let wanted = isPaused ? Int64.max : server.keyspace.value.earliestDeadline
        guard let expiry, wanted != expiryArmedAt else { return }
        // The wheel may want to work ahead of the deadline that was just filed.
        if !isPaused { server.keyspace.value.refreshEarliestDeadline() }
        let next = isPaused ? Int64.max : server.keyspace.value.earliestDeadline
        expiryArmedAt = next
        if next == Int64.max {
            expiry.unschedule()
        } else {
            // A key is due in the millisecond after its deadline; the difference of two dates may not fit an Int64.
            let (delay, overflow) = next.subtractingReportingOverflow(clock.wallMilliseconds())
            expiry.schedule(inMilliseconds: overflow ? Int64.max : delay + 1)
        }
    }

    /// Sets the timer to the end of the shortest waiting unless it is set already.
    private func armWaiting() {
        guard let waiting, earliestWaitingEnd != waitingArmedAt else { return }
        waitingArmedAt = earliestWaitingEnd
        if waitingArmedAt == Int64.max {
            waiting.unschedule()
        } else {
            // Both are times of one clock that begins near zero.
            waiting.schedule(inMilliseconds: waitingArmedAt - server.monotonicMilliseconds)
        }
    }

    private func waitingTimerFired() {
        waitingArmedAt = Int64.min
        if !isStopped { _ = loop.turn() }
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
        guard loop.watched({ doPeriodicWork() }) else { return stop() }
        _ = loop.turn()
    }

    /// False when the server is to stop.
    private func doPeriodicWork() -> Bool {
        let milliseconds = clock.monotonicNanoseconds() / 1_000_000
        server.statistics.value.sample(at: milliseconds)
        server.statistics.value.peakMemory = max(server.statistics.value.peakMemory, server.usedMemory)
        network.resumeListeners()
        if stopSignal.load(ordering: .relaxed) {
            if saveAtEnd(signalledRequest) { return false }
            stopSignal.store(false, ordering: .relaxed)
        }
        let now = server.monotonicSeconds
        if now != network.now {
            network.now = now
            network.checkIdle(now: now, timeout: Int64(server.configuration.value.timeoutSeconds))
        }
        persistence.tick(hasSavePoints: keepsData)
        return true
    }

    // MARK: A clock that is turned by hand

    /// Whatever comes due on the way happens in the order in which it is due.
    private func turnClock(_ turn: ClockTurn) {
        guard case .manual(let manual) = clock.source else { return }
        switch turn {
        case .freeze: manual.freeze()
        case .resume: manual.resume()
        case .reset: manual.reset()
        case .advance(let milliseconds): advance(manual, by: milliseconds)
        case .set(let time):
            // Both are times since 1970, kept within what Int64 holds.
            let (step, overflow) = time.subtractingReportingOverflow(clock.wallMilliseconds())
            if step >= 0, !overflow { advance(manual, by: step) } else { manual.set(wallMilliseconds: time) }
        }
        server.refreshTime()
        (expiryArmedAt, waitingArmedAt) = (Int64.min, Int64.min)
    }

    private func advance(_ manual: ManualClock, by milliseconds: Int64) {
        var left = max(milliseconds, 0)
        doDueWork()
        while left > 0 {
            let step = min(left, max(millisecondsToDeadline ?? left, 1))
            manual.advance(milliseconds: step)
            left -= step
            doDueWork()
        }
        if !server.isCronPaused, !doPeriodicWork() { stopRequest = ShutdownRequest() }
    }

    /// Keys whose time is over, clients that have waited long enough, and who is told of it.
    private func doDueWork() {
        server.refreshTime()
        server.checkPause()
        if !server.pause.value.isActive { while expireSlice() {} }
        server.pubSub.deliver()
        server.tracking.broadcast()
        serveBlocked()
    }

    private func sleep(microseconds: Int64) {
        guard microseconds > 0 else { return }
        SystemTime.sleep(microseconds: microseconds)
        server.refreshTime()
    }

    // MARK: Configuration

    private func apply(_ changed: [String]) -> String? {
        let idle = changed.filter { DirectiveTable.directive(named: $0)?.hasEffect == false }
        if !idle.isEmpty { log.write(.warning, StartupLog.withoutEffect(idle)) }
        if changed.contains("watchdog-period") { followWatchdog() }
        if changed.contains("hz") { cron?.schedule(perSecond: server.configuration.value.hz) }
        persistence.updateWriteRefusal()
        if changed.contains("appendonly"), let reason = applyAppendOnly() { return reason }
        if changed.contains("aof-disable-auto-gc") { persistence.appendOnlyFile.collectHistory() }
        if let reason = host?.follow(server.configuration.value, changed: changed) { return reason }
        return server.apply(changed) ?? Listeners.apply(changed, server: server, network: network)
    }

    private func applyAppendOnly() -> String? {
        if server.isLoading { return "appendonly can't be set while the data is being loaded" }
        guard server.configuration.value.appendonly else {
            persistence.appendOnlyFile.turnOff()
            return nil
        }
        return persistence.appendOnlyFile.turnOn() ? nil : "Unable to turn on AOF. Check server logs."
    }

    // MARK: Stop

    private func requestStop(_ request: ShutdownRequest) -> ServerServices.ShutdownOutcome {
        guard saveAtEnd(request) else {
            return .refused(ReplyError("ERR Errors trying to SHUTDOWN. Check logs."))
        }
        stopRequest = request
        return .accepted
    }

    /// Saves if the end asks for it; false when that failed and nobody forces the end.
    private func saveAtEnd(_ request: ShutdownRequest) -> Bool {
        // What is half loaded must not take the place of the whole.
        guard !server.isLoading else { return true }
        guard persistence.prepareForEnd(isForced: request.isForced) else { return false }
        switch request.save {
        case .never: return true
        case .ifConfigured:
            guard keepsData, !server.configuration.value.savePoints.isEmpty else { return true }
        case .always: break
        }
        log.write(.notice, "Saving the final RDB snapshot before exiting.")
        guard persistence.save() != nil else { return true }
        log.write(.warning, "Error trying to save the DB, \(request.isForced ? "exit anyway" : "can't exit").")
        return request.isForced
    }

    /// Takes back what a signal asked for; false when none did.
    private func abortStop() -> Bool {
        guard stopSignal.exchange(false, ordering: .relaxed) else { return false }
        log.write(.notice, "Shutdown manually aborted.")
        return true
    }

    /// On the loop's queue.
    private func stop() {
        guard !isStopped else { return }
        stopRequest = nil
        log.write(.warning, "User requested shutdown...")
        host?.stopping()
        network.closeAll()
        persistence.appendOnlyFile.close()
        removePidFile()
        log.write(.warning, "Redis is now ready to exit, bye bye...")
        finishStop()
    }

    private func finishStop() {
        guard !isStopped else { return }
        isStopped = true
        server.observers.endAll()
        persistence.loader?.close()
        if server.isLoading, loadingResult == nil {
            loadingResult = .failure(.stopped)
            loaded.signal()
        }
        // What the engine filled in holds the engine; it ends here.
        server.services = ServerServices()
        cron?.cancel()
        expiry?.cancel()
        waiting?.cancel()
        cron = nil
        expiry = nil
        waiting = nil
        loop.stop { [stopped] in stopped.leave() }
    }

    /// The process ends at once: what is not whole does not stay.
    func discardTemporaryFiles() { try? persistence.fileSystem.remove(persistence.temporaryPath) }

    private func removePidFile() {
        let path = server.configuration.value.pidfile
        guard !path.isEmpty, server.identity.role == .daemon else { return }
        log.write(.notice, "Removing the pid file.")
        _ = try? SmallFile.remove(path)
    }

    // MARK: Doors for other threads

    /// Turns the clock of a fake, and returns when all that came due is done and written.
    func turn(_ turn: ClockTurn) { loop.perform { [self] in turnClock(turn) } }

    /// Everything that timers would do by now.
    func runDueWork() {
        loop.perform { [self] in
            runCron()
            while loop.turn() {}
        }
    }

    /// Stops as SHUTDOWN does; returns at once.
    func shutdown() {
        loop.queue.async { [self] in if isStopped || saveAtEnd(ShutdownRequest()) { stop() } }
    }

    /// The same soon, unless SHUTDOWN ABORT takes it back: for signals.
    func shutdownSoon(byInterrupt isInterrupt: Bool) {
        isInterrupted.store(isInterrupt, ordering: .relaxed)
        stopSignal.store(true, ordering: .relaxed)
        loop.queue.async { [self] in
            if cron == nil, isStopped || saveAtEnd(signalledRequest) { stop() }
        }
    }

    /// What `shutdown-on-sigint` or `shutdown-on-sigterm` says.
    private var signalledRequest: ShutdownRequest {
        let configuration = server.configuration.value
        let isInterrupt = isInterrupted.load(ordering: .relaxed)
        return ShutdownRequest(flags: isInterrupt ? configuration.shutdownOnSigint : configuration.shutdownOnSigterm)
    }

    /// Whether a signal has asked for the end and nobody has taken that back.
    var isStopSignalled: Bool { stopSignal.load(ordering: .relaxed) }

    /// Waits until the server has stopped and has let go of its descriptors.
    func waitUntilStopped() { stopped.wait() }

    func whenStopped(_ body: @escaping @Sendable () -> Void) {
        stopped.notify(queue: .global(), execute: body)
    }
}
