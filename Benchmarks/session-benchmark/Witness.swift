// Tells how busy the machine was with other things: a thread that sleeps for a millisecond again and again, and how
// late it was woken.

import Foundation
import Synchronization

/// Watches the machine until it is asked what it saw.
final class Witness: Sendable {
    private struct State {
        /// How much later than asked for it was woken, all times together: one long wait keeps many operations waiting.
        var delay = Duration.zero
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
                    state.delay += delay
                    return state.isOver
                }
            }
        }
    }

    /// How long it was kept waiting in all; the watch ends.
    func finish() -> Duration {
        state.withLock { state in
            state.isOver = true
            return state.delay
        }
    }
}
