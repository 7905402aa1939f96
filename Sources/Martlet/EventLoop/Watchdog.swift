// The software watchdog: when a turn of the event loop takes too long, the log is told, with the stack of the thread
// that runs it.
//
// The loop notes when a turn begins and when it is over; that is all it does. A timer on a queue of the watchdog's own
// reads the note as soon as a turn that had just begun at the last look has taken too long. Each turn is reported once.

import Dispatch
import Synchronization

/// Guard for `@unchecked Sendable`: `timer` is touched on `queue` only; the rest is a `let`, atomic or behind a lock.
final class Watchdog: @unchecked Sendable {
    /// Milliseconds that a turn may take.
    let period: Int64
    private let clock: Clock
    private let samplesStacks: Bool
    private let report: @Sendable (String) -> Void
    private let queue = DispatchQueue(label: "martlet.watchdog", qos: .userInitiated)
    private var timer: LoopTimer?
    /// When the turn in progress began.
    private let began = Atomic<Int64>(Watchdog.idle)
    /// The last one that was reported.
    private let reported = Atomic<Int64>(Watchdog.idle)
    /// Runs the loop. The lock is held while the thread is asked, so that it cannot leave the loop, let alone end.
    private let thread = Mutex<SampledThread?>(nil)

    private static let idle = Int64.min
    private static let nanosecondsPerMillisecond: Int64 = 1_000_000

    /// `clock` is the one that the turns' begins are read from. With `samplesStacks`, threads of the process are sent
    /// signals, and `StackSampler` must be enabled.
    init(period: Int64, clock: Clock, samplesStacks: Bool, report: @escaping @Sendable (String) -> Void) {
        self.period = period
        self.clock = clock
        self.samplesStacks = samplesStacks
        self.report = report
    }

    func start() {
        queue.async { [self] in
            let timer = LoopTimer(queue: queue) { [weak self] in self?.timerFired() }
            timer.schedule(inMilliseconds: period)
            self.timer = timer
        }
    }

    func stop() {
        queue.async { [self] in
            timer?.cancel()
            timer = nil
        }
    }

    // MARK: The loop's side

    /// The calling thread runs the loop from here on.
    func enter() { thread.withLock { $0 = .current } }

    func turnBegan(at nanoseconds: Int64) { began.store(nanoseconds, ordering: .releasing) }

    func turnEnded() { began.store(Self.idle, ordering: .releasing) }

    func leave() {
        turnEnded()
        thread.withLock { $0 = nil }
    }

    // MARK: The watchdog's side

    private func timerFired() {
        let delay = look()
        timer?.schedule(inMilliseconds: delay)
    }

    /// Reports the turn in progress if it has taken too long. Tells when to look again, in milliseconds.
    func look() -> Int64 {
        let began = began.load(ordering: .acquiring)
        guard began != Self.idle, began != reported.load(ordering: .relaxed) else { return period }
        // Both are times of one clock that begins near zero; rounded down, so that the next look is not early.
        let taken = (clock.monotonicNanoseconds() - began) / Self.nanosecondsPerMillisecond
        guard taken >= period else { return period - taken }
        reported.store(began, ordering: .relaxed)
        report(text(taken: taken, began: began))
        return period
    }

    /// In Redis's form.
    private func text(taken: Int64, began: Int64) -> String {
        """

        --- WATCHDOG TIMER EXPIRED ---
        The event loop's turn has taken \(taken) milliseconds so far, and may take \(period).
        \(stackText(began))
        --------

        """
    }

    private func stackText(_ began: Int64) -> String {
        guard StackSampler.isSupported else { return "Sorry: no support for backtrace()." }
        guard samplesStacks else { return "Sorry: no stack trace, because the server is part of a program." }
        let isAsked = thread.withLock { $0.map(StackSampler.ask) ?? false }
        guard isAsked, let frames = StackSampler.answer() else {
            return "Sorry: no stack trace, because the thread does not answer. It may be waiting for the disk."
        }
        guard self.began.load(ordering: .acquiring) == began else {
            return "Sorry: no stack trace, because the turn was over before one could be taken."
        }
        let lines = StackText.lines(frames)
        return """

            ------ STACK TRACE ------
            EIP:
            \(lines.first ?? "")

            Backtrace:
            \(lines.joined(separator: "\n"))
            """
    }
}
