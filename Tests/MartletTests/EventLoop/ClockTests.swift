// The clock that tests turn, and that the system's clocks are wired to the right methods.

import Dispatch
import Testing

@testable import Martlet

struct ClockTests {
    @Test func manualClockStandsStill() {
        let manual = ManualClock(wallMilliseconds: 1_700_000_000_123)
        let clock = Clock(.manual(manual))
        #expect(clock.wallMilliseconds() == 1_700_000_000_123)
        #expect(clock.wallMicroseconds() == 1_700_000_000_123_000)
        #expect(clock.monotonicNanoseconds() == 0)
        #expect(clock.wallMilliseconds() == 1_700_000_000_123)
    }

    @Test func advanceMovesBothClocks() {
        let manual = ManualClock(wallMilliseconds: 1000)
        let clock = Clock(.manual(manual))
        manual.advance(milliseconds: 250)
        #expect(clock.wallMilliseconds() == 1250)
        #expect(clock.monotonicNanoseconds() == 250_000_000)
        manual.advance(milliseconds: -5)
        #expect(clock.wallMilliseconds() == 1250)
        #expect(clock.monotonicNanoseconds() == 250_000_000)
    }

    @Test func settingMovesTheWallClockOnly() {
        let manual = ManualClock(wallMilliseconds: 1000)
        let clock = Clock(.manual(manual))
        manual.set(wallMilliseconds: 10)
        #expect(clock.wallMilliseconds() == 10)
        #expect(clock.monotonicNanoseconds() == 0)
    }

    @Test func extremesStopAtTheEnd() {
        let manual = ManualClock(wallMilliseconds: .max)
        let clock = Clock(.manual(manual))
        #expect(clock.wallMicroseconds() == .max)
        manual.advance(milliseconds: .max)
        #expect(clock.wallMicroseconds() == .max)
        #expect(clock.monotonicNanoseconds() == .max)
        manual.set(wallMilliseconds: .min)
        #expect(clock.wallMicroseconds() == .min)
    }

    @Test func threadsMayAdvanceTogether() {
        let manual = ManualClock(wallMilliseconds: 0)
        DispatchQueue.concurrentPerform(iterations: 1000) { _ in manual.advance(milliseconds: 1) }
        #expect(Clock(.manual(manual)).wallMilliseconds() == 1000)
    }

    @Test func systemClocks() {
        let clock = Clock(.system)
        let early = clock.monotonicNanoseconds()
        #expect(clock.monotonicNanoseconds() >= early)
        // Both are later than 2023-11-14, so neither unit is mistaken.
        #expect(clock.wallMilliseconds() > 1_700_000_000_000)
        #expect(clock.wallMicroseconds() > 1_700_000_000_000_000)
    }
}
