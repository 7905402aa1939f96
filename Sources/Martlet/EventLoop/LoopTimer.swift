// Timers on a queue. Dispatch keeps them; on the loop's they fire between two of its stays, so at most one stay late.

import Dispatch

/// Guard for `@unchecked Sendable`: used on its queue only.
final class LoopTimer: @unchecked Sendable {
    private let source: any DispatchSourceTimer

    init(queue: DispatchQueue, _ handler: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(queue: queue)
        source.setEventHandler(handler: handler)
        source.schedule(deadline: .distantFuture)
        source.activate()
    }

    /// Fires once, `milliseconds` from now.
    func schedule(inMilliseconds milliseconds: Int64) {
        // A day ahead is as good as any later moment: the handler looks again.
        let delay = Int(min(max(milliseconds, 0), 86_400_000))
        source.schedule(deadline: .now() + .milliseconds(delay), leeway: .nanoseconds(0))
    }

    /// Fires `perSecond` times a second from now on.
    func schedule(perSecond: Int) {
        let interval = DispatchTimeInterval.milliseconds(max(1, 1000 / max(1, perSecond)))
        source.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(1))
    }

    func unschedule() { source.schedule(deadline: .distantFuture) }

    func cancel() { source.cancel() }
}
