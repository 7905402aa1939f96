// An index of elements by deadline: what is due is found without looking at anything else, to the millisecond.
//
//   level   slots   a slot spans      level   slots   a slot spans
//     0      4096   1 ms                3       256   9.3 hours (2^25 ms)
//     1       256   2^11 ms (2 s)       4       256   50 days (2^32 ms)
//     2       256   2^18 ms (4 min)    5-8      256   2^39, 2^46, 2^53, 2^60 ms
//
// A slot is an array of references, used in a circle. Each level covers two slots of the level above it: an element is
// filed in the lowest level where it falls into the present or the next of those. A slot of an upper level is emptied
// downwards during the second half of the slot before it, a few elements per call; the wheel's time never enters an
// upper slot, nor passes a slot of level 0, before it is empty, so that lagging behind cannot lose anything.
//
// An element that fires before its deadline is filed again. That makes two things cheap: a deadline that moves away
// needs no filing, and when the clock goes back, `offset` keeps the wheel's own time (clock + offset) from doing so.

/// Where an element stands in the wheel; kept in the element.
struct WheelFiling: BitwiseCopyable, Equatable {
    var slot: UInt16
    var position: UInt32

    /// Stands nowhere.
    static var none: WheelFiling { WheelFiling(slot: .max, position: 0) }
}

/// An 8-byte reference to something with a deadline in milliseconds of the owner's clock.
protocol TimingWheelElement: BitwiseCopyable {
    init(_ address: UnsafeMutableRawPointer)
    var address: UnsafeMutableRawPointer { get }
    /// When the element is to fire.
    var dueAt: Int64 { get }
    /// `WheelFiling.none` before the element is first filed; from then on only the wheel sets it.
    var filing: WheelFiling { get nonmutating set }
}

/// Files elements by deadline. The wheel owns its slots, not the elements.
struct TimingWheel<Element: TimingWheelElement>: ~Copyable {
    /// How many elements one call looks at, at most: one or two tenths of a millisecond.
    static var looksPerCall: Int { 1024 }

    private(set) var count = 0
    var slots = WheelSlots()
    /// The wheel's time: nothing in level 0 stands before it, and no upper slot that it is in holds anything.
    private(set) var time: Int64
    /// Wheel time less clock time; grows by as much as the clock goes back.
    private(set) var offset: Int64 = 0
    /// Not later than the first element of level 0, and the start of the first filled slot of an upper level. They
    /// make a call that finds nothing due cost next to nothing.
    private(set) var earliestTick = Int64.max
    private(set) var earliestStart = Int64.max

    /// An empty wheel; `now` is the owner's clock in milliseconds.
    init(now: Int64) {
        time = now
    }

    deinit {
        slots.releaseAll()
    }

    /// What the slots occupy.
    var memoryBytes: Int { slots.memoryBytes }

    // MARK: Filing

    /// Files an element that is not filed, at its deadline. One in the past is due at once.
    mutating func file(_ element: Element) {
        assert(element.filing == .none, "an element filed twice")
        place(element)
        count += 1
    }

    /// Takes an element out; it may then be freed or moved. One that is not filed stays so.
    mutating func unfile(_ element: Element) {
        let filing = element.filing
        guard filing != .none else { return }
        if let last = slots.remove(at: Int(filing.position), from: Int(filing.slot)) { Element(last).filing = filing }
        element.filing = .none
        count -= 1
    }

    /// The element's deadline has changed: files it anew only if it would fire too late where it stands.
    mutating func refile(_ element: Element) {
        let filing = element.filing
        guard filing != .none else { return file(element) }
        if WheelLevel.start(of: Int(filing.slot), at: time) <= tick(of: element) { return }
        unfile(element)
        file(element)
    }

    /// The element's storage has moved, its filing along with it: this is its new address.
    func moved(_ element: Element) {
        let filing = element.filing
        guard filing != .none else { return }
        slots.replace(at: Int(filing.position), in: Int(filing.slot), with: element.address)
    }

    // MARK: Firing

    /// An element whose deadline is `now` or earlier, no longer filed. Calls may lag behind as they like, and the clock
    /// may jump; nothing is returned early or forgotten.
    ///
    /// The work of a call is bounded by `looksPerCall`. Nil says that nothing is due, or that the call has only filed
    /// elements anew and there is more to do: then `nextWake(after: now)` is `now`, and the owner calls again in its
    /// next slice. A call that finds nothing due spends its looks on `cascade`.
    mutating func popDue(now: Int64) -> Element? {
        let target = follow(now)
        var looks = Self.looksPerCall
        while looks > 0, let slot = nextSlot(until: target) {
            looks -= 1
            let element = Element(slots.removeLast(from: slot))
            if element.dueAt <= now {
                element.filing = .none
                count -= 1
                return element
            }
            place(element)
        }
        if looks > 0 { _ = cascade(limit: looks) }
        return nil
    }

    /// Moves at most `limit` elements down from upper slots whose time is near; true when there are more.
    mutating func cascade(limit: Int) -> Bool {
        guard count > 0 else { return false }
        var left = limit
        for level in 1...WheelLevel.top {
            let shift = WheelLevel.slotShift(level)
            let isSecondHalf = (time >> (shift - 1)) & 1 == 1
            guard isSecondHalf else { continue }
            let slot = WheelLevel.slot(level, (time >> shift) + 1)
            while !slots.isEmpty(slot) {
                if left <= 0 { return true }
                left -= 1
                place(Element(slots.removeLast(from: slot)))
            }
        }
        return false
    }

    /// When `popDue` has something to do next, in the owner's clock: exact for what is due within two seconds, earlier
    /// than the deadline for what is far away. Not before `now`; nil when the wheel is empty.
    func nextWake(after now: Int64) -> Int64? {
        guard count > 0 else { return nil }
        var earliest = firstTick() ?? Int64.max
        for level in 1...WheelLevel.top {
            guard let start = firstStart(level) else { continue }
            earliest = min(earliest, start - 1 << (WheelLevel.slotShift(level) - 1))
        }
        let present = wheelTime(now)
        // A clock that has gone back unnoticed counts from the wheel's time.
        let wait = saturatingDifference(earliest, max(present, time))
        return wait <= 0 ? now : saturatingSum(now, wait)
    }

    // MARK: Visiting

    /// Visits elements, those that are due soon ahead of those that are due late, until `body` says false. Within a
    /// slot of an upper level they come in no order.
    func visitSoonest(_ body: (Element) -> Bool) {
        for level in 0...WheelLevel.top {
            let present = time >> WheelLevel.slotShift(level)
            guard visit(level, from: present, body) else { return }
        }
    }

    /// Visits elements, beginning somewhere that `chance` decides, until `body` says false.
    func visit(from chance: UInt64, _ body: (Element) -> Bool) {
        let levels = WheelLevel.top + 1
        for step in 0..<levels {
            let level = (Int(chance % UInt64(levels)) + step) % levels
            guard visit(level, from: Int64(truncatingIfNeeded: chance >> 8), body) else { return }
        }
    }

    /// All slots of a level in a circle; false when `body` said so.
    private func visit(_ level: Int, from index: Int64, _ body: (Element) -> Bool) -> Bool {
        var visited = 0
        while visited < WheelLevel.slots(level) {
            // Wrapping: only the low bits count, as everywhere in a circle of slots.
            let next = index &+ Int64(visited)
            guard let distance = slots.firstFilled(level: level, from: next) else { return true }
            visited += distance
            guard visited < WheelLevel.slots(level) else { return true }
            // As above.
            let slot = WheelLevel.slot(level, next &+ Int64(distance))
            for position in 0..<slots.count(slot) {
                guard body(Element(slots.reference(at: position, in: slot))) else { return false }
            }
            visited += 1
        }
        return true
    }

    // MARK: Time

    /// The wheel's time for the owner's. The last instant is kept out of reach: it stands for never.
    private func wheelTime(_ now: Int64) -> Int64 {
        min(saturatingSum(now, offset), Int64.max - 1)
    }

    /// The wheel's time for the owner's, after making up for a clock that has gone back.
    private mutating func follow(_ now: Int64) -> Int64 {
        let present = wheelTime(now)
        if present < time {
            offset = saturatingSum(offset, saturatingDifference(time, present))
            return time
        }
        return present
    }

    private func tick(of element: Element) -> Int64 {
        saturatingSum(element.dueAt, offset)
    }

    /// Advances the time to the first slot with anything in it, and returns it; nil when that lies after `target`, and
    /// the time is then `target`.
    private mutating func nextSlot(until target: Int64) -> Int? {
        while true {
            if earliestStart <= min(target, earliestTick) {
                let first = firstUpperSlot()
                earliestStart = first?.start ?? Int64.max
                guard let first, first.start <= min(target, earliestTick) else { continue }
                time = max(time, first.start - 1)
                return first.slot
            }
            guard earliestTick <= target else {
                time = target
                return nil
            }
            let tick = firstTick()
            earliestTick = tick ?? Int64.max
            guard let tick, tick <= target, tick < earliestStart else { continue }
            time = tick
            return WheelLevel.slot(0, tick)
        }
    }

    private mutating func place(_ element: Element) {
        let tick = max(tick(of: element), time)
        let level = WheelLevel.level(of: tick, at: time)
        let index = tick >> WheelLevel.slotShift(level)
        if level == 0 {
            earliestTick = min(earliestTick, tick)
        } else {
            earliestStart = min(earliestStart, index << WheelLevel.slotShift(level))
        }
        let slot = WheelLevel.slot(level, index)
        let position = slots.append(element.address, to: slot)
        // Slots are fewer than 6,200, and a slot of 2^32 elements does not fit into memory.
        element.filing = WheelFiling(
            slot: UInt16(truncatingIfNeeded: slot), position: UInt32(truncatingIfNeeded: position))
    }

    /// The first filled slot of level 0 at or after the present.
    private func firstTick() -> Int64? {
        guard let distance = slots.firstFilled(level: 0, from: time) else { return nil }
        return time + Int64(distance)
    }

    /// The start of the first filled slot of an upper level.
    private func firstStart(_ level: Int) -> Int64? {
        let shift = WheelLevel.slotShift(level)
        guard let distance = slots.firstFilled(level: level, from: time >> shift) else { return nil }
        return ((time >> shift) + Int64(distance)) << shift
    }

    private func firstUpperSlot() -> (slot: Int, start: Int64)? {
        var first: (slot: Int, start: Int64)?
        for level in 1...WheelLevel.top {
            guard let start = firstStart(level), start < first?.start ?? Int64.max else { continue }
            first = (WheelLevel.slot(level, start >> WheelLevel.slotShift(level)), start)
        }
        return first
    }

    private func saturatingSum(_ a: Int64, _ b: Int64) -> Int64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? (b > 0 ? .max : .min) : sum
    }

    private func saturatingDifference(_ a: Int64, _ b: Int64) -> Int64 {
        let (difference, overflow) = a.subtractingReportingOverflow(b)
        return overflow ? (b < 0 ? .max : .min) : difference
    }

    // MARK: Invariants

    /// What is wrong with the wheel, or nil. Costs a walk over everything.
    func brokenInvariant() -> String? {
        var elements = 0
        for slot in 0..<WheelLevel.slotCount {
            for position in 0..<slots.count(slot) {
                elements += 1
                let element = Element(slots.reference(at: position, in: slot))
                let filing = element.filing
                if Int(filing.slot) != slot || Int(filing.position) != position { return "a filing that lies" }
                let start = WheelLevel.start(of: slot, at: time)
                if start > max(tick(of: element), time) { return "an element that would fire late" }
                if slot < WheelLevel.slots(0) {
                    if start < earliestTick { return "an element before the earliest" }
                } else if start < earliestStart || start <= time {
                    return "an upper slot that was passed over"
                }
            }
        }
        if elements != count { return "elements miscounted" }
        return slots.brokenInvariant()
    }
}
