// The deadlines of one collection's entries, earliest first: a binary heap that can also let go of any entry, because
// each knows its position.

/// Orders entries that have room for a deadline. The heap holds references; the collection owns the entries.
struct DeadlineHeap: ~Copyable {
    private var entries = GrowableArray<TableEntry>(capacity: 4)

    var count: Int { entries.count }
    var earliest: TableEntry? { entries.count > 0 ? entries[0] : nil }
    var memoryBytes: Int { entries.memoryBytes }

    /// Adds an entry that is not in the heap; its deadline is set.
    mutating func insert(_ entry: TableEntry) {
        entries.append(entry)
        rise(entries.count - 1)
    }

    mutating func remove(_ entry: TableEntry) {
        let position = Int(entry.heapPosition)
        precondition(position < entries.count && entries[position] == entry)
        let last = entries[entries.count - 1]
        entries.removeLast(1)
        guard last != entry else { return }
        place(last, position)
        rise(position)
        sink(Int(last.heapPosition))
    }

    /// `new` takes the place of `old`; both have the same deadline.
    mutating func replace(_ old: TableEntry, with new: TableEntry) { place(new, Int(old.heapPosition)) }

    /// The deadline of an entry in the heap has been changed.
    mutating func moved(_ entry: TableEntry) {
        rise(Int(entry.heapPosition))
        sink(Int(entry.heapPosition))
    }

    private mutating func place(_ entry: TableEntry, _ position: Int) {
        entries[position] = entry
        // A collection of more entries than this would not fit into memory.
        entry.heapPosition = UInt32(position)
    }

    private mutating func rise(_ start: Int) {
        let entry = entries[start]
        var position = start
        while position > 0 {
            let parent = (position - 1) / 2
            guard entry.deadline < entries[parent].deadline else { break }
            place(entries[parent], position)
            position = parent
        }
        place(entry, position)
    }

    private mutating func sink(_ start: Int) {
        let entry = entries[start]
        var position = start
        while true {
            var child = 2 * position + 1
            guard child < entries.count else { break }
            if child + 1 < entries.count, entries[child + 1].deadline < entries[child].deadline { child += 1 }
            guard entries[child].deadline < entry.deadline else { break }
            place(entries[child], position)
            position = child
        }
        place(entry, position)
    }

    /// What is wrong with the heap, or nil.
    func brokenInvariant() -> String? {
        for position in 0..<entries.count {
            if Int(entries[position].heapPosition) != position { return "an entry that does not know its position" }
            if position > 0, entries[position].deadline < entries[(position - 1) / 2].deadline {
                return "an entry that is due before its parent"
            }
        }
        return nil
    }
}
