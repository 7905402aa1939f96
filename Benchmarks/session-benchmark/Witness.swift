// Tells how busy the machine was with other things: a thread that sleeps for a millisecond again and again, and how
// late it was woken.

import Foundation
import Synchronization

/// Watches the machine until it is asked what it saw.
final class Witness: Sendable {
    private struct State {
        /// How much later than asked for it was woken each time.
        var delays: [Duration] = []
        var isOver = false
    }

    private let state = Mutex(State())
    private static let nap = Duration.milliseconds(1)

    init() {
        Thread.detachNewThread { [self] in
            let clock = ContinuousClock()
            var isOver = false
            while !isOver {
                let start = clock.now
                Thread.sleep(forTimeInterval: Self.nap / .seconds(1))
                let delay = clock.now - start - Self.nap
                isOver = state.withLock { state in
                    state.delays.append(delay)
                    return state.isOver
                }
            }
        }
    }

    /// Of a hundred times it was woken, the second longest delay; the watch ends.
    func finish() -> Duration {
        state.withLock { state in
            state.isOver = true
            let sorted = state.delays.sorted()
            return sorted.isEmpty ? .zero : sorted[sorted.count * 99 / 100]
        }
    }
}
