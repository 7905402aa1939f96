// A hash that is too large to be packed: a table of fields, and the deadlines of those that have one.

final class HashObject: RecordObject, @unchecked Sendable {
    // Guard: changed only by the engine's queue while a record holds it; freed by whoever lets go of it last.
    private(set) var table: HashTable<TableEntry>
    private var deadlines = DeadlineHeap()
    private var entryBytes = 0

    init(seed: HashSeed) { table = HashTable(seed: seed) }

    deinit { table.visitAll { $0.free() } }

    var count: Int { table.count }
    /// When the first field vanishes; nil when none does.
    var earliestDeadline: Int64? { deadlines.earliest?.deadline }

    override var memoryBytes: Int { 160 + table.memoryBytes + entryBytes + deadlines.memoryBytes }
    override var freeEffort: Int { table.count }

    override func copy() -> RecordObject {
        let copy = HashObject(seed: table.seed)
        table.visitAll { entry in
            copy.insert(entry.key, entry.value, deadline: entry.hasDeadline ? entry.deadline : nil)
        }
        return copy
    }

    // MARK: Fields

    func find(_ field: ByteSpan) -> TableEntry? {
        table.find(field, hash: table.hash(field))
    }

    /// Adds a field that is not there.
    func insert(_ field: ByteSpan, _ value: ByteSpan, deadline: Int64?) {
        let entry = TableEntry(key: field, value: value, hasDeadline: deadline != nil)
        adopt(entry, deadline: deadline)
        table.insert(entry, hash: table.hash(entry.keyBytes))
    }

    /// Gives a field another value; the deadline is kept or cleared.
    func setValue(_ value: ByteSpan, of entry: TableEntry, keepsDeadline: Bool) {
        let deadline = keepsDeadline && entry.hasDeadline ? entry.deadline : nil
        if entry.hasDeadline == (deadline != nil), entry.overwriteValue(with: value) { return }
        replace(entry, value: value, deadline: deadline)
    }

    /// Gives a field a deadline, or takes it away.
    func setDeadline(_ deadline: Int64?, of entry: TableEntry) {
        if entry.hasDeadline, let deadline {
            entry.deadline = deadline
            deadlines.moved(entry)
        } else if entry.hasDeadline || deadline != nil {
            replace(entry, value: entry.value, deadline: deadline)
        }
    }

    func remove(_ entry: TableEntry) {
        table.remove(entry, hash: table.hash(entry.keyBytes))
        release(entry)
    }

    private func replace(_ old: TableEntry, value: ByteSpan, deadline: Int64?) {
        let new = TableEntry(key: old.key, value: value, hasDeadline: deadline != nil)
        adopt(new, deadline: deadline)
        table.replace(old, with: new, hash: table.hash(new.keyBytes))
        release(old)
    }

    private func adopt(_ entry: TableEntry, deadline: Int64?) {
        entryBytes += entry.memoryBytes
        guard let deadline else { return }
        entry.deadline = deadline
        deadlines.insert(entry)
    }

    private func release(_ entry: TableEntry) {
        if entry.hasDeadline { deadlines.remove(entry) }
        entryBytes -= entry.memoryBytes
        entry.free()
    }

    /// A step of a scan over all fields; see `HashTable.scan`.
    func scan(from cursor: UInt64, count: Int, _ body: (TableEntry) -> Void) -> UInt64 {
        table.scan(from: cursor, count: count, body)
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
