// The time of a fake.

import Martlet

/// A clock that shows the real time until a test turns it. Everything in the fake lives by it: keys, fields, TIME, idle
/// times, clients that wait, events.
public struct FakeClock: Sendable {
    let server: MartletServer
    let clock: ManualClock

    /// The time of day, in milliseconds since 1970.
    public var milliseconds: Int64 { clock.wallMicroseconds / 1000 }

    /// Whether time goes by without anybody's doing.
    public var isRunning: Bool { clock.isRunning }

    /// Turns the clock on. What comes due on the way has happened in the order in which it was due, and is written to
    /// whoever is told of it, when this returns.
    public func advance(by duration: Duration) {
        server.turnClock(.advance(duration.milliseconds))
    }

    /// Sets the time of day, in milliseconds since 1970. A later time is turned to as by ``advance(by:)``; an earlier
    /// one brings nothing back, as when an operator sets the system's clock.
    public func set(to milliseconds: Int64) { server.turnClock(.set(milliseconds)) }

    /// Lets the clock stand.
    public func freeze() { server.turnClock(.freeze) }

    /// Lets the clock run on from where it stands.
    public func resume() { server.turnClock(.resume) }

    /// Back to the real time.
    public func reset() { server.turnClock(.reset) }
}
