// A set that is too large for a block: a table of members.

final class SetObject: RecordObject, @unchecked Sendable {
    // Guard: changed only by the engine's queue while a record holds it; freed by whoever lets go of it last.
    private(set) var table: HashTable<TableEntry>
    private var entryBytes = 0

    init(seed: HashSeed) { table = HashTable(seed: seed) }

    deinit { table.visitAll { $0.free() } }

    var count: Int { table.count }

    override var memoryBytes: Int { 128 + table.memoryBytes + entryBytes }
    override var freeEffort: Int { table.count }

    override func copy() -> RecordObject {
        let copy = SetObject(seed: table.seed)
        table.visitAll { _ = copy.insert($0.key) }
        return copy
    }

    func find(_ member: ByteSpan) -> TableEntry? {
        table.find(member, hash: table.hash(member))
    }

    /// Adds a member; false when it is there.
    func insert(_ member: ByteSpan) -> Bool {
        let hash = table.hash(member)
        guard table.find(member, hash: hash) == nil else { return false }
        let entry = TableEntry(key: member)
        entryBytes += entry.memoryBytes
        table.insert(entry, hash: hash)
        return true
    }

    func remove(_ entry: TableEntry) {
        table.remove(entry, hash: table.hash(entry.keyBytes))
        entryBytes -= entry.memoryBytes
        entry.free()
    }

    /// A step of a scan over all members; see `HashTable.scan`.
    func scan(from cursor: UInt64, count: Int, _ body: (TableEntry) -> Void) -> UInt64 {
        table.scan(from: cursor, count: count, body)
    }
}
