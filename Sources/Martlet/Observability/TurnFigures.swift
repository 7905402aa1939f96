// Turns of the event loop: how many, and how long they take.

struct TurnFigures {
    private(set) var count = 0
    private(set) var nanoseconds: Int64 = 0
    private var turnRate = RateSample()
    private var timeRate = RateSample()

    mutating func add(_ nanoseconds: Int64) {
        count += 1
        self.nanoseconds += max(0, nanoseconds)
    }

    mutating func sample(at milliseconds: Int64) {
        turnRate.take(count, at: milliseconds)
        timeRate.take(Int(nanoseconds / 1000), at: milliseconds)
    }

    /// Of late.
    var perSecond: Int { turnRate.perSecond }
    /// What a turn took of late, in microseconds.
    var microseconds: Int { perSecond > 0 ? timeRate.perSecond / perSecond : 0 }
}
