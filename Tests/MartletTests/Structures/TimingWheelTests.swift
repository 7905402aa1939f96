// The timing wheel against a plain list of deadlines, on a clock that the test turns.

import Testing

@testable import Martlet

/// malloc'd: deadline, filing, and a number to know it by.
private struct Timed: TimingWheelElement {
    let address: UnsafeMutableRawPointer

    init(_ address: UnsafeMutableRawPointer) {
        self.address = address
    }

    init(number: Int, deadline: Int64) {
        address = SystemMemory.allocate(bytes: 32)
        address.storeBytes(of: number, toByteOffset: 16, as: Int.self)
        self.deadline = deadline
        filing = .none
    }

    var deadline: Int64 {
        get { address.load(as: Int64.self) }
        nonmutating set { address.storeBytes(of: newValue, as: Int64.self) }
    }

    var dueAt: Int64 { deadline }

    var filing: WheelFiling {
        get { address.load(fromByteOffset: 8, as: WheelFiling.self) }
        nonmutating set { address.storeBytes(of: newValue, toByteOffset: 8, as: WheelFiling.self) }
    }

    var number: Int { address.load(fromByteOffset: 16, as: Int.self) }

    /// The same element in other storage; the old is freed.
    func relocated() -> Timed {
        let new = Timed(number: number, deadline: deadline)
        new.filing = filing
        free()
        return new
    }

    func free() {
        SystemMemory.free(address)
    }
}

@Suite struct TimingWheelTests {
    /// Pops until the wheel has nothing to do now. Fails if that takes more calls than the work can need.
    private func popAll(_ wheel: inout TimingWheel<Timed>, now: Int64, _ body: (Timed) -> Void) {
        var idle = 0
        while true {
            if let element = wheel.popDue(now: now) {
                body(element)
                continue
            }
            let wake = wheel.nextWake(after: now)
            guard let wake, wake <= now else { return }
            idle += 1
            if idle > 100_000 {
                Issue.record("the wheel is busy for ever at \(now)")
                return
            }
        }
    }

    /// Deadlines of all sizes: past, this instant, seconds, hours, years, the end of time.
    private func deadline(_ random: inout SeededRandom, from now: Int64) -> Int64 {
        let bits = [0, 3, 8, 11, 12, 14, 18, 20, 25, 33, 40, 50, 62]
        let span = bits[random.below(bits.count)]
        let distance = Int64(random.below(1 << span))
        switch random.below(20) {
        case 0: return now - min(distance, 1 << 40)
        case 1: return Int64.max - distance
        default: return now.addingReportingOverflow(distance).partialValue
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func agreesWithAList(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var now: Int64 = seed % 2 == 0 ? 1_700_000_000_000 : Int64(random.below(5000))
        var wheel = TimingWheel<Timed>(now: now)
        var alive: [Timed] = []
        for step in 0..<6000 {
            switch random.below(12) {
            case 0..<4 where alive.count < 300:
                let element = Timed(number: alive.count, deadline: deadline(&random, from: now))
                wheel.file(element)
                alive.append(element)
            case 4 where !alive.isEmpty:
                alive.swapAt(random.below(alive.count), alive.count - 1)
                let element = alive.removeLast()
                wheel.unfile(element)
                #expect(element.filing == .none)
                element.free()
            case 5..<7 where !alive.isEmpty:
                let element = alive[random.below(alive.count)]
                element.deadline = deadline(&random, from: now)
                wheel.refile(element)
            case 7 where !alive.isEmpty:
                let index = random.below(alive.count)
                alive[index] = alive[index].relocated()
                wheel.moved(alive[index])
            default:
                now = turn(now, &random, earliest: wheel.nextWake(after: now))
                var popped = Set<UnsafeMutableRawPointer>()
                popAll(&wheel, now: now) { element in
                    #expect(element.deadline <= now && element.filing == .none, "seed \(seed), step \(step)")
                    popped.insert(element.address)
                }
                let due = Set(alive.filter { $0.deadline <= now }.map(\.address))
                #expect(popped == due, "seed \(seed), step \(step), now \(now)")
                alive.removeAll { popped.contains($0.address) }
                for address in popped { Timed(address).free() }
            }
            check(wheel, alive, now: now, "seed \(seed), step \(step)")
        }
        for element in alive {
            wheel.unfile(element)
            element.free()
        }
        let (left, memory) = (wheel.count, wheel.memoryBytes)
        #expect(left == 0 && memory == 0)
    }

    /// The next instant: usually soon, sometimes just when something is due, sometimes a jump either way.
    private func turn(_ now: Int64, _ random: inout SeededRandom, earliest: Int64?) -> Int64 {
        switch random.below(12) {
        case 0..<5: return now + Int64(random.below(300))
        case 5..<7: return now + Int64(random.below(5000))
        case 7..<9: return min(earliest ?? now, now + 1 << 45)
        case 9: return now + Int64(random.below(1 << 28))
        case 10: return max(now - Int64(random.below(1 << (1 + random.below(30)))), 0)
        default: return random.below(10) == 0 ? now + Int64(random.below(1 << 38)) : now
        }
    }

    private func check(
        _ wheel: borrowing TimingWheel<Timed>, _ alive: [Timed], now: Int64, _ place: @autoclosure () -> String
    ) {
        let problem = wheel.brokenInvariant()
        #expect(problem == nil, "\(place())")
        let (count, wake) = (wheel.count, wheel.nextWake(after: now))
        #expect(count == alive.count, "\(place())")
        #expect((wake == nil) == alive.isEmpty, "\(place())")
        if let wake, let first = alive.map(\.deadline).min() {
            #expect(wake >= now && wake <= max(first, now), "\(place())")
        }
    }

    @Test func emptyWheelIsSmall() {
        var wheel = TimingWheel<Timed>(now: 0)
        let (memory, wake) = (wheel.memoryBytes, wheel.nextWake(after: 0))
        #expect(memory == 0 && wake == nil)
        #expect(MemoryLayout<TimingWheel<Timed>>.size < 100)
        let nothing = wheel.popDue(now: 1_000_000)
        #expect(nothing == nil)
    }

    @Test func firesToTheMillisecond() {
        var wheel = TimingWheel<Timed>(now: 1000)
        for (delay, number) in [(0, 0), (1, 1), (2000, 2), (2047, 3), (2048, 4), (600_000, 5), (90_000_000, 6)] {
            wheel.file(Timed(number: number, deadline: 1000 + Int64(delay)))
        }
        var (now, fired) = (Int64(1000), [Int64]())
        while let wake = wheel.nextWake(after: now) {
            now = wake
            while let element = wheel.popDue(now: now) {
                #expect(element.deadline == now)
                fired.append(element.deadline - 1000)
                element.free()
            }
        }
        #expect(fired == [0, 1, 2000, 2047, 2048, 600_000, 90_000_000])
    }

    @Test func laterDeadlinesNeedNoFiling() {
        var wheel = TimingWheel<Timed>(now: 0)
        let element = Timed(number: 0, deadline: 100)
        wheel.file(element)
        let filing = element.filing
        element.deadline = 50_000
        wheel.refile(element)
        #expect(element.filing == filing)
        let early = wheel.popDue(now: 49_999)
        #expect(early == nil)
        element.deadline = 49_000
        wheel.refile(element)
        let due = wheel.popDue(now: 49_999)?.address
        #expect(due == element.address)
        wheel.unfile(element)
        element.free()
    }

    /// A million due in one millisecond: moved down ahead of time in bounded slices, so that none is late.
    @Test func millionAtOnce() {
        let (total, deadline) = (1_000_000, Int64(10_000))
        var wheel = TimingWheel<Timed>(now: 0)
        let storage = SystemMemory.allocate(bytes: total * 32)
        for number in 0..<total {
            let element = Timed(storage + number * 32)
            element.deadline = deadline
            element.filing = .none
            wheel.file(element)
        }
        let memory = wheel.memoryBytes
        #expect(memory < total * 8 * 3 / 2 + 10_000)
        var now: Int64 = 0
        while let wake = wheel.nextWake(after: now), wake < deadline {
            // Never more than one slice in a millisecond.
            now = max(now + 1, wake)
            let early = wheel.popDue(now: now)
            #expect(early == nil)
        }
        #expect(now <= deadline - 20, "all moved down at \(now)")
        var fired = 0
        while let element = wheel.popDue(now: deadline) {
            fired += element.deadline == deadline ? 1 : 0
        }
        #expect(fired == total)
        let (left, empty) = (wheel.count, wheel.memoryBytes)
        #expect(left == 0 && empty == 0)
        SystemMemory.free(storage)
    }

    /// No call until long after: the slots that were never moved down give everything, and only what is due.
    @Test func neglectLosesNothing() {
        var wheel = TimingWheel<Timed>(now: 0)
        var random = SeededRandom(seed: 77)
        let elements = (0..<20_000).map { Timed(number: $0, deadline: Int64(random.below(100_000_000))) }
        for element in elements { wheel.file(element) }
        var popped = 0
        for now in [50_000_000, 50_000_001, 99_000_000, 100_000_000] as [Int64] {
            popAll(&wheel, now: now) { element in
                popped += 1
                #expect(element.deadline <= now, "seed 77")
            }
            #expect(popped == elements.count { $0.deadline <= now }, "seed 77")
            let problem = wheel.brokenInvariant()
            #expect(problem == nil, "seed 77")
        }
        for element in elements { element.free() }
    }

    /// Years forward and back, and the ends of the scale: nothing traps, nothing fires early.
    @Test func clockJumps() {
        let year: Int64 = 365 * 86_400_000
        var wheel = TimingWheel<Timed>(now: 50 * year)
        let near = Timed(number: 0, deadline: 50 * year + 5000)
        let never = Timed(number: 1, deadline: .max)
        wheel.file(near)
        wheel.file(never)
        popAll(&wheel, now: 10 * year) { _ in Issue.record("fired early") }
        let soon = Timed(number: 2, deadline: 10 * year + 10)
        wheel.file(soon)
        var order: [Int] = []
        popAll(&wheel, now: 10 * year + 9) { _ in Issue.record("fired early") }
        popAll(&wheel, now: 10 * year + 10) { order.append($0.number) }
        #expect(order == [2])
        popAll(&wheel, now: 50 * year + 4999) { _ in Issue.record("fired early") }
        popAll(&wheel, now: 90 * year) { order.append($0.number) }
        #expect(order == [2, 0])
        for extreme in [Int64.min, .max - 1, .min, 0, .max - 1] {
            let problem = wheel.brokenInvariant()
            #expect(problem == nil)
            popAll(&wheel, now: extreme) { _ in Issue.record("fired early") }
        }
        for element in [near, never, soon] {
            wheel.unfile(element)
            element.free()
        }
    }
}
