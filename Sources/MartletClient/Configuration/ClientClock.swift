// Time and chance, as parameters.

import Synchronization

/// A clock that only runs forward.
struct ClientClock: Sendable {
    /// Since some moment.
    let now: @Sendable () -> Duration
    /// Returns so much later, or throws when the task is cancelled.
    let sleep: @Sendable (Duration) async throws -> Void

    static let system: ClientClock = {
        let start = ContinuousClock.now
        return ClientClock(
            now: { ContinuousClock.now - start }, sleep: { try await Task.sleep(for: $0, clock: .continuous) })
    }()
}

/// A generator that tasks share.
final class ClientRandom: Sendable {
    private let generator: Mutex<any RandomNumberGenerator & Sendable>

    init(_ generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.generator = Mutex(generator)
    }

    /// Up to, not including, `bound`, which is at least 1.
    func below(_ bound: Int) -> Int {
        generator.withLock { Int.random(in: 0..<max(bound, 1), using: &$0) }
    }

    /// From nothing to `longest`.
    func pause(upTo longest: Duration) -> Duration {
        let share = generator.withLock { Double.random(in: 0...1, using: &$0) }
        return longest * share
    }
}

extension Duration {
    /// Whole milliseconds, at most those of three thousand years.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(seconds, -100_000_000_000), 100_000_000_000) * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
