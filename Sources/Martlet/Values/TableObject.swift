// What values share that are too large for a block: a table of entries that they own.

class TableObject: RecordObject, @unchecked Sendable {
    // Guard: changed only by the engine's queue while a record holds it; freed by whoever lets go of it last.
    final fileprivate(set) var table: HashTable<TableEntry>
    final private(set) var entryBytes = 0
    /// Somebody looks at all entries as they were.
    final private(set) var walk: TableWalk?

    init(seed: HashSeed) { table = HashTable(seed: seed) }

    deinit { table.visitAll { $0.free() } }

    final var count: Int { table.count }
    override final var freeEffort: Int { table.count }

    final func find(_ key: ByteSpan) -> TableEntry? {
        table.find(key, hash: table.hash(key))
    }

    /// A step of a scan over all entries; see `HashTable.scan`.
    final func scan(from cursor: UInt64, count: Int, _ body: (TableEntry) -> Void) -> UInt64 {
        table.scan(from: cursor, count: count, body)
    }

    // MARK: Entries

    /// Adds an entry whose key is not there.
    final func add(_ entry: TableEntry, hash: UInt64) {
        walk?.willInsert(entry.key, hash: hash)
        entryBytes += entry.memoryBytes
        table.insert(entry, hash: hash)
    }

    /// Takes an entry out and frees it.
    final func discard(_ entry: TableEntry) {
        let hash = table.hash(entry.keyBytes)
        walk?.willChange(entry, hash: hash)
        table.remove(entry, hash: hash)
        entryBytes -= entry.memoryBytes
        entry.free()
    }

    /// Puts `new`, which has the same key, in the place of `old`; freeing that is the caller's business.
    final func exchange(_ old: TableEntry, for new: TableEntry) {
        let hash = table.hash(new.keyBytes)
        walk?.willChange(old, hash: hash)
        entryBytes += new.memoryBytes - old.memoryBytes
        table.replace(old, with: new, hash: hash)
    }

    /// An entry is about to be changed where it stands.
    final func willChange(_ entry: TableEntry) {
        guard let walk else { return }
        walk.willChange(entry, hash: table.hash(entry.keyBytes))
    }

    // MARK: Walks

    /// `visit` will see every entry as it is now: during `step`, or when it is about to change. One walk at a time.
    final func beginWalk(_ visit: @escaping (TableEntry) -> Void) {
        precondition(walk == nil)
        walk = TableWalk(visit)
    }

    /// Visits about `count` entries more; false when all were visited, which ends the walk.
    final func continueWalk(count: Int) -> Bool {
        guard let walk else { return false }
        walk.step(table, count: count)
        if walk.isDone { endWalk() }
        return !walk.isDone
    }

    final func endWalk() { walk = nil }
}

extension Record {
    /// The table of a value that is one.
    var tableObject: TableObject? {
        switch valueKind {
        case .hashTable, .setTable: object(as: TableObject.self)
        default: nil
        }
    }
}
