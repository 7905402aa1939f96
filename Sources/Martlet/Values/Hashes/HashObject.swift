// A hash that is too large to be packed: a table of fields, and the deadlines of those that have one.

// Guard for `@unchecked Sendable`: as for every TableObject.
final class HashObject: TableObject, @unchecked Sendable {
    private var deadlines = DeadlineHeap()

    /// When the first field vanishes; nil when none does.
    var earliestDeadline: Int64? { deadlines.earliest?.deadline }

    override var memoryBytes: Int { 160 + table.memoryBytes + entryBytes + deadlines.memoryBytes }

    override func copy() -> RecordObject {
        let copy = HashObject(seed: table.seed)
        table.visitAll { entry in
            copy.insert(entry.key, entry.value, deadline: entry.hasDeadline ? entry.deadline : nil)
        }
        return copy
    }

    // MARK: Fields

    /// Adds a field that is not there.
    func insert(_ field: ByteSpan, _ value: ByteSpan, deadline: Int64?) {
        let entry = TableEntry(key: field, value: value, hasDeadline: deadline != nil)
        note(deadline, of: entry)
        add(entry, hash: table.hash(entry.keyBytes))
    }

    /// Gives a field another value; the deadline is kept or cleared.
    func setValue(_ value: ByteSpan, of entry: TableEntry, keepsDeadline: Bool) {
        let deadline = keepsDeadline && entry.hasDeadline ? entry.deadline : nil
        willChange(entry)
        if entry.hasDeadline == (deadline != nil), entry.overwriteValue(with: value) { return }
        replace(entry, value: value, deadline: deadline)
    }

    /// Gives a field a deadline, or takes it away.
    func setDeadline(_ deadline: Int64?, of entry: TableEntry) {
        if entry.hasDeadline, let deadline {
            willChange(entry)
            entry.deadline = deadline
            deadlines.moved(entry)
        } else if entry.hasDeadline || deadline != nil {
            replace(entry, value: entry.value, deadline: deadline)
        }
    }

    func remove(_ entry: TableEntry) {
        if entry.hasDeadline { deadlines.remove(entry) }
        discard(entry)
    }

    private func replace(_ old: TableEntry, value: ByteSpan, deadline: Int64?) {
        let new = TableEntry(key: old.key, value: value, hasDeadline: deadline != nil)
        exchange(old, for: new)
        note(deadline, of: new)
        if old.hasDeadline { deadlines.remove(old) }
        old.free()
    }

    private func note(_ deadline: Int64?, of entry: TableEntry) {
        guard let deadline else { return }
        entry.deadline = deadline
        deadlines.insert(entry)
    }

    // MARK: Expiry

    /// Removes fields whose deadline is `now` or earlier, at most `limit` of them, and returns how many; `body` sees
    /// each ahead of its removal.
    func removeDue(now: Int64, limit: Int, _ body: (ByteSpan) -> Void = { _ in }) -> Int {
        var removed = 0
        while removed < limit, let entry = deadlines.earliest, entry.deadline <= now {
            body(entry.key)
            remove(entry)
            removed += 1
        }
        return removed
    }

    func brokenInvariant() -> String? { table.brokenInvariant() ?? deadlines.brokenInvariant() }
}
