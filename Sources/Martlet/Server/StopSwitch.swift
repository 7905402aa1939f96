// How a process's signals reach its server, which may still be loading when they come.

import Synchronization

/// Stops the server that it was given to, now or as soon as there is one.
package final class StopSwitch: Sendable {
    private struct State: Sendable {
        var engine: Engine?
        /// Why it was pressed before there was a server.
        var earlyReason: String?
    }

    private let state = Mutex(State())

    package init() {}

    func bind(_ engine: Engine) {
        let reason = state.withLock { state -> String? in
            state.engine = engine
            return state.earlyReason
        }
        if let reason { press(because: reason) }
    }

    /// Stops the server soon, unless SHUTDOWN ABORT takes it back; the reason is for its log.
    package func press(because reason: String) {
        let engine = state.withLock { state -> Engine? in
            if state.engine == nil { state.earlyReason = reason }
            return state.engine
        }
        guard let engine else { return }
        engine.log.write(.warning, reason)
        engine.shutdownSoon()
    }

    /// Whether it was pressed and nobody has taken that back.
    package var isPressed: Bool {
        let state = state.withLock { $0 }
        return state.engine?.isStopSignalled ?? (state.earlyReason != nil)
    }

    /// The process ends at once: what is not whole does not stay.
    package func abandon(because reason: String) {
        guard let engine = state.withLock({ $0.engine }) else { return }
        engine.log.write(.warning, reason)
        engine.discardTemporaryFiles()
    }
}
