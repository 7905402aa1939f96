// How often a key is used, as LFU policies remember it in the 24 bits where LRU policies keep the access clock:
//
//   +---------------------------------+-----------+
//   | minutes since 1970, 16 low bits | counter 8 |
//   +---------------------------------+-----------+
//
// The counter grows by chance, the less likely the higher it is, so that 255 stands for about a million uses; it falls
// as time goes by without any. Source: Redis's page on key eviction ("The LFU mode").

struct UseFrequency: Equatable {
    /// How counters grow and fall (`lfu-log-factor`, `lfu-decay-time`).
    struct Pace {
        var logFactor = 10
        var decayMinutes = 1
    }

    /// What a new key has, so that it is not evicted before it has had a chance.
    static let initialCounter: UInt8 = 5

    var minutes: UInt16
    var counter: UInt8

    init(minutes: UInt16, counter: UInt8 = Self.initialCounter) {
        self.minutes = minutes
        self.counter = counter
    }

    /// As a record keeps it.
    init(access: UInt32) {
        minutes = UInt16(truncatingIfNeeded: access >> 8)
        counter = UInt8(truncatingIfNeeded: access)
    }

    var access: UInt32 { UInt32(minutes) << 8 | UInt32(counter) }

    static func minutes(at milliseconds: Int64) -> UInt16 { UInt16(truncatingIfNeeded: milliseconds / 60_000) }

    /// Minutes since the last use; they start over every 45 days.
    func idleMinutes(at now: UInt16) -> UInt16 {
        // Wrapping: the difference of two places in a circle.
        now &- minutes
    }

    /// The counter after the time that has gone by without a use.
    func counter(at now: UInt16, _ pace: Pace) -> UInt8 {
        guard pace.decayMinutes > 0 else { return counter }
        let periods = Int(idleMinutes(at: now)) / pace.decayMinutes
        return UInt8(max(0, Int(counter) - periods))
    }

    mutating func use(at now: UInt16, _ pace: Pace, _ dice: inout SeededRandom) {
        counter = counter(at: now, pace)
        minutes = now
        guard counter < UInt8.max else { return }
        let uses = Double(max(0, Int(counter) - Int(Self.initialCounter)))
        let chance = 1 / (uses * Double(pace.logFactor) + 1)
        if Double.random(in: 0..<1, using: &dice) < chance { counter += 1 }
    }
}
