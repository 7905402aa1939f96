// The time as the server sees it: the system's clocks, or one that a test turns by hand.

import Synchronization

/// The one source of time. A value to hand around; cheap to ask.
struct Clock: Sendable {
    enum Source: Sendable {
        case system
        case manual(ManualClock)
    }

    let source: Source

    init(_ source: Source) { self.source = source }

    /// The time of day since 1970, in UTC: what expiries are compared with.
    @inline(__always)
    func wallMilliseconds() -> Int64 { wallMicroseconds() / 1000 }

    @inline(__always)
    func wallMicroseconds() -> Int64 {
        switch source {
        case .system: SystemTime.wallMicroseconds()
        case .manual(let clock): clock.wallMicroseconds
        }
    }

    func wallSeconds() -> Int64 { wallMilliseconds() / 1000 }

    /// How long ago that was in seconds, with three digits behind the point.
    func secondsText(since nanoseconds: Int64) -> String {
        let milliseconds = (monotonicNanoseconds() - nanoseconds) / 1_000_000
        return "\(milliseconds / 1000).\(String(1000 + milliseconds % 1000).dropFirst())"
    }

    /// Whether time goes by without anybody's doing.
    var isRunning: Bool {
        switch source {
        case .system: true
        case .manual(let clock): clock.isRunning
        }
    }

    /// For measuring how long something took: never steps back.
    @inline(__always)
    func monotonicNanoseconds() -> Int64 {
        switch source {
        case .system: SystemTime.monotonicNanoseconds()
        case .manual(let clock): clock.monotonicNanoseconds
        }
    }
}

/// What a test does to a clock.
package enum ClockTurn: Sendable, Equatable {
    /// Forward by so many ms.
    case advance(Int64)
    /// To a time of day, in ms since 1970.
    case set(Int64)
    case freeze
    case resume
    /// To the real time, and running.
    case reset
}

/// A clock that is turned by hand; between that it stands still, or runs as the system's. Usable from any thread.
package final class ManualClock: Sendable {
    private struct Reading {
        var wallMicroseconds: Int64
        var monotonicNanoseconds: Int64
        /// The system's monotonic clock when the reading was taken; nil while the clock stands.
        var runsSince: Int64?

        /// What it is now.
        var current: Reading {
            guard let since = runsSince else { return self }
            let now = SystemTime.monotonicNanoseconds()
            return Reading(
                wallMicroseconds: ManualClock.sum(wallMicroseconds, (now - since) / 1000),
                monotonicNanoseconds: ManualClock.sum(monotonicNanoseconds, now - since), runsSince: now)
        }

        static var system: Reading {
            let now = SystemTime.monotonicNanoseconds()
            return Reading(
                wallMicroseconds: SystemTime.wallMicroseconds(), monotonicNanoseconds: now, runsSince: now)
        }
    }

    private let reading: Mutex<Reading>

    /// Stands at `wallMilliseconds` since 1970. The monotonic clock stands at 0.
    package init(wallMilliseconds: Int64) {
        reading = Mutex(
            Reading(wallMicroseconds: Self.scaled(wallMilliseconds, by: 1000), monotonicNanoseconds: 0))
    }

    /// Shows the system's time and runs.
    package init() { reading = Mutex(.system) }

    package var isRunning: Bool { reading.withLock { $0.runsSince != nil } }

    /// Lets the clock stand.
    package func freeze() {
        reading.withLock { reading in
            reading = reading.current
            reading.runsSince = nil
        }
    }

    /// Lets the clock run on from where it stands.
    package func resume() {
        reading.withLock { if $0.runsSince == nil { $0.runsSince = SystemTime.monotonicNanoseconds() } }
    }

    /// Back to the system's time of day, and running. The monotonic clock goes on from where it is.
    package func reset() {
        reading.withLock { reading in
            let monotonic = reading.current.monotonicNanoseconds
            reading = .system
            reading.monotonicNanoseconds = monotonic
        }
    }

    /// Moves both clocks on. Time does not go back: a negative number moves nothing.
    package func advance(milliseconds: Int64) {
        let step = max(milliseconds, 0)
        reading.withLock { reading in
            reading.wallMicroseconds = Self.sum(reading.wallMicroseconds, Self.scaled(step, by: 1000))
            reading.monotonicNanoseconds = Self.sum(reading.monotonicNanoseconds, Self.scaled(step, by: 1_000_000))
        }
    }

    /// Sets the time of day, forth or back, as an operator may; the monotonic clock does not notice.
    package func set(wallMilliseconds: Int64) {
        reading.withLock { reading in
            reading = reading.current
            reading.wallMicroseconds = Self.scaled(wallMilliseconds, by: 1000)
        }
    }

    package var wallMicroseconds: Int64 { reading.withLock { $0.current.wallMicroseconds } }
    package var monotonicNanoseconds: Int64 { reading.withLock { $0.current.monotonicNanoseconds } }

    /// Stops at the ends of what Int64 holds: the numbers come from outside.
    private static func scaled(_ value: Int64, by factor: Int64) -> Int64 {
        let (product, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? (value < 0 ? .min : .max) : product
    }

    private static func sum(_ value: Int64, _ step: Int64) -> Int64 {
        let (sum, overflow) = value.addingReportingOverflow(step)
        return overflow ? .max : sum
    }
}
