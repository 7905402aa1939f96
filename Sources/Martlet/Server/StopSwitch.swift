// How a process's signals reach its server, which may still be loading when they come.

import Synchronization

/// Stops the server that it was given to, now or as soon as there is one.
package final class StopSwitch: Sendable {
    private struct State: Sendable {
        var engine: Engine?
        /// Why it was pressed before there was a server, and whether by SIGINT.
        var early: (reason: String, isInterrupt: Bool)?
    }

    private let state = Mutex(State())

    package init() {}

    func bind(_ engine: Engine) {
        let early = state.withLock { state in
            state.engine = engine
            return state.early
        }
        if let early { press(because: early.reason, isInterrupt: early.isInterrupt) }
    }

    /// Stops the server soon, unless SHUTDOWN ABORT takes it back; the reason is for its log.
    package func press(because reason: String, isInterrupt: Bool = false) {
        let engine = state.withLock { state -> Engine? in
            if state.engine == nil { state.early = (reason, isInterrupt) }
            return state.engine
        }
        guard let engine else { return }
        engine.log.write(.warning, reason)
        engine.shutdownSoon(byInterrupt: isInterrupt)
    }

    /// Whether it was pressed and nobody has taken that back.
    package var isPressed: Bool {
        let state = state.withLock { $0 }
        return state.engine?.isStopSignalled ?? (state.early != nil)
    }

    /// The process ends at once: what is not whole does not stay.
    package func abandon(because reason: String) {
        guard let engine = state.withLock({ $0.engine }) else { return }
        engine.log.write(.warning, reason)
        engine.discardTemporaryFiles()
    }
}
