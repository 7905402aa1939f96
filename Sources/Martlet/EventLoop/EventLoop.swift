// The event loop: one serial queue that owns everything, one epoll or kqueue set that holds all sockets, and one
// Dispatch source that watches the set.
//
// When the set becomes readable the source's handler runs turns: wait for events, let each ready object work, do what
// other threads posted, end the turn. While turns keep finding work the handler stays and waits for more, because going
// back to Dispatch costs two thread switches; after `longestStay` it goes back all the same, so that timers and other
// work on the queue get their chance. Going back loses nothing: the set is level-triggered.

import Dispatch
import Synchronization

/// What the loop's owner does around the turns.
protocol EventLoopDelegate: AnyObject {
    /// After the events of a turn: write what is waiting, close what is done, expire what is due.
    func endTurn() -> NextTurn

    /// The loop is about to rest: what has to be done later needs a timer.
    func rest()

    /// A turn is over that took so long, waiting for events left out.
    func turnTook(nanoseconds: Int64)
}

extension EventLoopDelegate {
    func turnTook(nanoseconds: Int64) {}
}

/// When another turn is wanted although no event may come.
enum NextTurn: Equatable {
    case now
    case within(milliseconds: Int64)
    case whenever
}

/// Guard for `@unchecked Sendable`: mutable state is touched on `queue` only, except `isStaying` and `mailbox`, which
/// are safe by themselves.
final class EventLoop: @unchecked Sendable {
    let queue: DispatchQueue
    private let poller: Box<Poller>
    private let mailbox: Mailbox
    private var source: (any DispatchSourceRead)?
    private var slots: [Slot] = []
    private var freeSlots: [Int] = []
    /// Strong, because a weak reference costs on every turn; `stop` ends it.
    var delegate: (any EventLoopDelegate)?
    // How long a stay lasts is real time, whatever clock the server lives by.
    private let clock = Clock(.system)
    /// Told of each turn; nobody is usually.
    private var watchdog: Watchdog?
    /// Set while a handler stays on the queue: others had better use the mailbox.
    private let isStaying = Atomic<Bool>(false)
    private let hasStopped = Atomic<Bool>(false)

    private static let longestStayNanoseconds: Int64 = 50_000_000
    /// How long a stay outlives its last event. Longer than the kernel's tick, because a timeout within the tick makes
    /// it program the timer anew for every wait.
    private static let quietMilliseconds: Int64 = 10
    private static let wakeupToken = UInt64.max

    private struct Slot {
        var object: Pollable?
        /// Events of a descriptor that was closed within the same turn carry an older generation.
        var generation: UInt32
    }

    init(label: String) throws(SystemError) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
        mailbox = try Mailbox()
        let poller = try Poller()
        try poller.add(mailbox.descriptor, interest: .read, token: Self.wakeupToken)
        self.poller = Box(poller)
    }

    // MARK: Registration

    func add(_ object: Pollable, descriptor: FileDescriptor, interest: PollInterest) throws(SystemError) {
        dispatchPrecondition(condition: .onQueue(queue))
        let index: Int
        if let free = freeSlots.popLast() {
            index = free
        } else {
            index = slots.count
            slots.append(Slot(object: nil, generation: 0))
        }
        let token = UInt64(slots[index].generation) << 32 | UInt64(index)
        do {
            try poller.value.add(descriptor, interest: interest, token: token)
        } catch {
            freeSlots.append(index)
            throw error
        }
        slots[index].object = object
        object.token = token
    }

    func modify(_ object: Pollable, descriptor: FileDescriptor, interest: PollInterest) throws(SystemError) {
        guard let token = object.token else { return }
        try poller.value.modify(descriptor, interest: interest, token: token)
    }

    func remove(_ object: Pollable, descriptor: FileDescriptor) {
        guard let token = object.token else { return }
        // The descriptor is about to be closed, which removes it from the set as well; a failure changes nothing.
        try? poller.value.remove(descriptor)
        let index = Int(token & 0xFFFF_FFFF)
        slots[index].object = nil
        // Wrapping is fine: a generation only has to differ from those of the turn in progress.
        slots[index].generation &+= 1
        freeSlots.append(index)
        object.token = nil
    }

    // MARK: Life

    func start() {
        let source = DispatchSource.makeReadSource(fileDescriptor: poller.value.descriptor.rawValue, queue: queue)
        // Strong until `stop` cancels the source: a weak reference would make every retain of the loop slow.
        source.setEventHandler { [self] in stay() }
        self.source = source
        source.activate()
    }

    /// Ends the loop; `completion` runs when Dispatch has let go of the descriptor. On the queue.
    func stop(completion: @escaping @Sendable () -> Void) {
        dispatchPrecondition(condition: .onQueue(queue))
        hasStopped.store(true, ordering: .releasing)
        delegate = nil
        watch(by: nil)
        for job in mailbox.close() { job() }
        guard let source else {
            poller.value.close()
            completion()
            return
        }
        self.source = nil
        // The descriptor must stay open until Dispatch is done with it.
        source.setCancelHandler { [self] in
            poller.value.close()
            completion()
        }
        source.cancel()
    }

    // MARK: Turns

    /// Lets a watchdog look after the turns from the next one on, in the place of the one that does. On the queue.
    func watch(by watchdog: Watchdog?) {
        dispatchPrecondition(condition: .onQueue(queue))
        self.watchdog?.leave()
        self.watchdog?.stop()
        self.watchdog = watchdog
        watchdog?.enter()
        watchdog?.start()
    }

    /// Runs `body` as a turn that the watchdog sees. On the queue, outside a stay.
    @inline(__always)
    func watched<Result>(_ body: () -> Result) -> Result {
        if let watchdog {
            watchdog.enter()
            watchdog.turnBegan(at: clock.monotonicNanoseconds())
        }
        let result = body()
        // Another one by now, perhaps.
        watchdog?.leave()
        return result
    }

    private func stay() {
        isStaying.store(true, ordering: .sequentiallyConsistent)
        defer { isStaying.store(false, ordering: .sequentiallyConsistent) }
        watchdog?.enter()
        defer { watchdog?.leave() }
        let start = clock.monotonicNanoseconds()
        var lastWork = start
        var wait: Int32 = 0
        while !hasStopped.load(ordering: .relaxed) {
            let count = poller.value.wait(timeoutMilliseconds: wait)
            let began = clock.monotonicNanoseconds()
            watchdog?.turnBegan(at: began)
            for index in 0..<count { deliver(poller.value.event(at: index)) }
            let next = finishTurn()
            watchdog?.turnEnded()
            let now = clock.monotonicNanoseconds()
            if count > 0 { delegate?.turnTook(nanoseconds: now - began) }
            if count > 0 || next == .now { lastWork = now }
            if now - lastWork >= Self.quietMilliseconds * 1_000_000 || now - start >= Self.longestStayNanoseconds {
                break
            }
            wait = Self.wait(until: next)
        }
        delegate?.rest()
    }

    private static func wait(until next: NextTurn) -> Int32 {
        switch next {
        case .now: 0
        // The bound makes it fit.
        case .within(let milliseconds): Int32(truncatingIfNeeded: min(max(milliseconds, 0), quietMilliseconds))
        case .whenever: Int32(truncatingIfNeeded: quietMilliseconds)
        }
    }

    private func deliver(_ event: PollEvent) {
        if event.token == Self.wakeupToken {
            for job in mailbox.take() { job() }
            return
        }
        let index = Int(event.token & 0xFFFF_FFFF)
        guard slots[index].generation == UInt32(event.token >> 32), let object = slots[index].object else { return }
        object.becameReady(readable: event.readable, writable: event.writable, hangup: event.hangup)
    }

    private func finishTurn() -> NextTurn { delegate?.endTurn() ?? .whenever }

    /// Runs a turn without waiting for events, for timers on the queue. True asks for another one soon.
    func turn() -> Bool {
        dispatchPrecondition(condition: .onQueue(queue))
        let began = clock.monotonicNanoseconds()
        let next = watched { finishTurn() }
        delegate?.turnTook(nanoseconds: clock.monotonicNanoseconds() - began)
        delegate?.rest()
        return next == .now
    }

    // MARK: Doors for other threads

    /// Runs `body` on the loop and waits for its result. At rest it runs on the caller's own thread, without a hop;
    /// while the loop is busy staying it goes through the mailbox. Must not be called from the loop itself.
    func perform<Result: Sendable>(_ body: @Sendable () -> Result) -> Result {
        dispatchPrecondition(condition: .notOnQueue(queue))
        if isStaying.load(ordering: .sequentiallyConsistent), let result = performByMail(body) { return result }
        return performAtRest(body)
    }

    private func performByMail<Result: Sendable>(_ body: @Sendable () -> Result) -> Result? {
        withoutActuallyEscaping(body) { body in
            let errand = Errand(body)
            guard mailbox.post({ errand.run() }) else { return errand.recall() }
            return errand.wait()
        }
    }

    /// A body on its way through the mailbox, and its result on the way back. The body is let go of before the sender
    /// hears of the result, because it must not outlive the sender's call.
    private final class Errand<Result: Sendable>: Sendable {
        private struct State: Sendable {
            var body: (@Sendable () -> Result)?
            var result: Result?
        }

        private let state: Mutex<State>
        private let done = DispatchSemaphore(value: 0)

        init(_ body: @escaping @Sendable () -> Result) { state = Mutex(State(body: body)) }

        func run() {
            let result = perform()
            state.withLock { $0.result = result }
            done.signal()
        }

        @inline(never)
        private func perform() -> Result? {
            let body = state.withLock { $0.body.take() }
            return body?()
        }

        func wait() -> Result? {
            done.wait()
            return state.withLock { $0.result }
        }

        /// Nobody took it along.
        func recall() -> Result? {
            state.withLock { $0.body = nil }
            return nil
        }
    }

    /// The same without blocking a thread while the loop is busy.
    func perform<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        if isStaying.load(ordering: .sequentiallyConsistent) {
            return await withCheckedContinuation { continuation in
                let wasPosted = mailbox.post { continuation.resume(returning: body()) }
                if !wasPosted { continuation.resume(returning: self.performAtRest(body)) }
            }
        }
        return performAtRest(body)
    }

    /// Runs `body` on the loop soon, without waiting for it.
    func post(_ body: @escaping @Sendable () -> Void) {
        if isStaying.load(ordering: .sequentiallyConsistent), mailbox.post(body) { return }
        queue.async { [self] in
            watched {
                body()
                _ = finishTurn()
            }
            delegate?.rest()
        }
    }

    private func performAtRest<Result>(_ body: @Sendable () -> Result) -> Result {
        var result: Result?
        // Through a variable, because the form of `sync` that returns a value looks up its type at run time.
        queue.sync {
            watched {
                result = body()
                _ = finishTurn()
            }
            delegate?.rest()
        }
        guard let result else { preconditionFailure("sync runs its block") }
        return result
    }
}
