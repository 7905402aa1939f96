// How long it took to remove single keys, for the latency monitor.

struct RemovalTimes {
    private let clock: Clock
    /// The longest since somebody looked, in nanoseconds.
    private(set) var longestExpiry: Int64 = 0
    private(set) var longestEviction: Int64 = 0

    init(clock: Clock) { self.clock = clock }

    var now: Int64 { clock.monotonicNanoseconds() }

    mutating func expired(since began: Int64) { longestExpiry = max(longestExpiry, now - began) }

    mutating func evicted(since began: Int64) { longestEviction = max(longestEviction, now - began) }

    mutating func clear() { (longestExpiry, longestEviction) = (0, 0) }
}
