// The slots of the timing wheel: which there are, where they lie, and the arrays of references in them.
//
//   table, 96 blocks of 64 slots          a block                         a slot's array
//   +----------------------------+        +-------------------------+     +-----+-----+-- ... --+
//   | filled (1 bit a slot), ptr | -----> | ptr, count, capacity    | --> | ref | ref |         |
//   +----------------------------+        |  ... 64 times           |     +-----+-----+-- ... --+
//
// Table, blocks and arrays exist only while something is in them; arrays grow and shrink by halves.

/// The arithmetic of levels, slots and wheel time.
enum WheelLevel {
    static let top = 8
    static let slotCount = slots(0) + top * slots(1)

    /// Two to this power is the time that a slot spans.
    @inline(__always)
    static func slotShift(_ level: Int) -> Int64 {
        level == 0 ? 0 : Int64(4 + 7 * level)
    }

    @inline(__always)
    static func slots(_ level: Int) -> Int {
        level == 0 ? 4096 : 256
    }

    /// The number of the level's first slot, always a multiple of 64.
    @inline(__always)
    static func firstSlot(_ level: Int) -> Int {
        level == 0 ? 0 : 4096 + (level - 1) * 256
    }

    /// The slot for a time counted in slots of the level.
    @inline(__always)
    static func slot(_ level: Int, _ index: Int64) -> Int {
        firstSlot(level) + Int(truncatingIfNeeded: index) & (slots(level) - 1)
    }

    /// The lowest level of which `tick` is within the present and the next slot of the level above; not before `time`.
    @inline(__always)
    static func level(of tick: Int64, at time: Int64) -> Int {
        var level = 0
        while level < top, (tick >> slotShift(level + 1)) - (time >> slotShift(level + 1)) > 1 { level += 1 }
        return level
    }

    /// When a filled slot's time begins; `time` is the wheel's, and the slot is not before it.
    static func start(of slot: Int, at time: Int64) -> Int64 {
        let level = slot < slots(0) ? 0 : 1 + (slot - slots(0)) / slots(1)
        let shift = slotShift(level)
        let present = time >> shift
        // Wrapping: only the low bits count, as everywhere in a circle of slots.
        let ahead = (Int64(slot) &- present) & Int64(slots(level) - 1)
        return (present + ahead) << shift
    }
}

struct WheelSlots {
    private struct Slot {
        var references: UnsafeMutablePointer<UnsafeMutableRawPointer>?
        var count: UInt32
        var capacity: UInt32
    }

    private struct Block {
        /// One bit for each slot that holds something.
        var filled: UInt64
        /// 64 slots while any is filled.
        var slots: UnsafeMutablePointer<Slot>?
    }

    private static let blockCount = WheelLevel.slotCount / 64
    private static let tableBytes = blockCount * MemoryLayout<Block>.stride
    private static let blockBytes = 64 * MemoryLayout<Slot>.stride

    private var table: UnsafeMutablePointer<Block>?
    private var usedBlocks = 0
    private(set) var memoryBytes = 0

    // MARK: References

    func isEmpty(_ slot: Int) -> Bool {
        count(slot) == 0
    }

    func count(_ slot: Int) -> Int {
        guard let slots = table?[slot >> 6].slots else { return 0 }
        return Int(slots[slot & 63].count)
    }

    /// Adds a reference to a slot and returns its position.
    mutating func append(_ reference: UnsafeMutableRawPointer, to number: Int) -> Int {
        let slot = place(number)
        let position = Int(slot.pointee.count)
        if slot.pointee.count == slot.pointee.capacity {
            // Odd capacities leave no byte of malloc's blocks unused.
            resize(slot, to: max(3, (position * 3 / 2) | 1))
        }
        slot.pointee.references?[position] = reference
        slot.pointee.count += 1
        return position
    }

    /// Removes a reference; the slot's last takes its place and is returned, unless it was the last itself.
    mutating func remove(at position: Int, from number: Int) -> UnsafeMutableRawPointer? {
        let last = removeLast(from: number)
        guard position < count(number) else { return nil }
        replace(at: position, in: number, with: last)
        return last
    }

    /// The slot is not empty.
    mutating func removeLast(from number: Int) -> UnsafeMutableRawPointer {
        let slot = place(number)
        guard slot.pointee.count > 0, let references = slot.pointee.references else {
            preconditionFailure("nothing in the slot")
        }
        slot.pointee.count -= 1
        let left = Int(slot.pointee.count)
        let reference = references[left]
        if left == 0 {
            clear(number, slot)
        } else if left < Int(slot.pointee.capacity) / 4, slot.pointee.capacity > 16 {
            resize(slot, to: (left * 2) | 1)
        }
        return reference
    }

    func replace(at position: Int, in number: Int, with reference: UnsafeMutableRawPointer) {
        assert(position < count(number), "no such position")
        table?[number >> 6].slots?[number & 63].references?[position] = reference
    }

    func reference(at position: Int, in number: Int) -> UnsafeMutableRawPointer {
        guard position < count(number), let references = table?[number >> 6].slots?[number & 63].references else {
            preconditionFailure("no such position")
        }
        return references[position]
    }

    // MARK: Search

    /// How many slots after `index`, in the circle of its level, the first filled one is; 0 when it is itself.
    func firstFilled(level: Int, from index: Int64) -> Int? {
        guard let table else { return nil }
        let blocks = table + WheelLevel.firstSlot(level) / 64
        let blockCount = WheelLevel.slots(level) / 64
        let start = Int(truncatingIfNeeded: index) & (WheelLevel.slots(level) - 1)
        let bit = start & 63
        // The first block is seen twice: from the start on, and in the end up to it.
        for step in 0...blockCount {
            var filled = blocks[(start >> 6 + step) & (blockCount - 1)].filled
            if step == 0 { filled &= UInt64.max << UInt64(bit) }
            if step == blockCount { filled &= ~(UInt64.max << UInt64(bit)) }
            if filled != 0 { return step * 64 + filled.trailingZeroBitCount - bit }
        }
        return nil
    }

    // MARK: Storage

    func releaseAll() {
        guard let table else { return }
        for block in 0..<Self.blockCount {
            guard let slots = table[block].slots else { continue }
            for slot in 0..<64 { SystemMemory.free(slots[slot].references) }
            SystemMemory.free(slots)
        }
        SystemMemory.free(table)
    }

    /// The slot's header, with table and block made if they are missing; the caller fills the slot.
    @inline(__always)
    private mutating func place(_ number: Int) -> UnsafeMutablePointer<Slot> {
        let table = table ?? makeTable()
        let block = table + number >> 6
        let slots = block.pointee.slots ?? makeBlock(block)
        block.pointee.filled |= 1 << UInt64(number & 63)
        return slots + number & 63
    }

    @inline(never)
    private mutating func makeTable() -> UnsafeMutablePointer<Block> {
        let bytes = SystemMemory.allocate(bytes: Self.tableBytes)
        let made = bytes.bindMemory(to: Block.self, capacity: Self.blockCount)
        made.initialize(repeating: Block(filled: 0, slots: nil), count: Self.blockCount)
        table = made
        memoryBytes += Self.tableBytes
        return made
    }

    @inline(never)
    private mutating func makeBlock(_ block: UnsafeMutablePointer<Block>) -> UnsafeMutablePointer<Slot> {
        let slots = SystemMemory.allocate(bytes: Self.blockBytes).bindMemory(to: Slot.self, capacity: 64)
        slots.initialize(repeating: Slot(references: nil, count: 0, capacity: 0), count: 64)
        block.pointee.slots = slots
        usedBlocks += 1
        memoryBytes += Self.blockBytes
        return slots
    }

    private mutating func resize(_ slot: UnsafeMutablePointer<Slot>, to capacity: Int) {
        precondition(capacity <= UInt32.max, "a slot of more than four thousand million elements")
        let stride = MemoryLayout<UnsafeMutableRawPointer>.stride
        memoryBytes += (capacity - Int(slot.pointee.capacity)) * stride
        let moved = SystemMemory.reallocate(slot.pointee.references, bytes: capacity * stride)
        slot.pointee.references = moved.assumingMemoryBound(to: UnsafeMutableRawPointer.self)
        slot.pointee.capacity = UInt32(capacity)
    }

    /// Gives back an emptied slot's array, and its block and the table when nothing else is in them.
    private mutating func clear(_ number: Int, _ slot: UnsafeMutablePointer<Slot>) {
        guard let table else { return }
        memoryBytes -= Int(slot.pointee.capacity) * MemoryLayout<UnsafeMutableRawPointer>.stride
        SystemMemory.free(slot.pointee.references)
        slot.initialize(to: Slot(references: nil, count: 0, capacity: 0))
        let block = table + number >> 6
        block.pointee.filled &= ~(1 << UInt64(number & 63))
        guard block.pointee.filled == 0 else { return }
        SystemMemory.free(block.pointee.slots)
        block.pointee.slots = nil
        usedBlocks -= 1
        memoryBytes -= Self.blockBytes
        guard usedBlocks == 0 else { return }
        SystemMemory.free(table)
        self.table = nil
        memoryBytes -= Self.tableBytes
    }

    // MARK: Invariants

    /// What is wrong with the storage, or nil.
    func brokenInvariant() -> String? {
        guard let table else { return memoryBytes == 0 && usedBlocks == 0 ? nil : "nothing that occupies memory" }
        var (used, bytes) = (0, Self.tableBytes)
        for number in 0..<Self.blockCount {
            let block = table[number]
            guard let slots = block.slots else {
                if block.filled != 0 { return "a filled block without slots" }
                continue
            }
            if block.filled == 0 { return "an empty block with slots" }
            used += 1
            bytes += Self.blockBytes
            for slot in 0..<64 {
                if (block.filled >> UInt64(slot)) & 1 != (slots[slot].count > 0 ? 1 : 0) { return "a bit that lies" }
                if (slots[slot].references == nil) != (slots[slot].count == 0) { return "an array with nothing in it" }
                if slots[slot].count > slots[slot].capacity { return "an array too small" }
                bytes += Int(slots[slot].capacity) * MemoryLayout<UnsafeMutableRawPointer>.stride
            }
        }
        return used == usedBlocks && used > 0 && bytes == memoryBytes ? nil : "memory that does not add up"
    }
}
