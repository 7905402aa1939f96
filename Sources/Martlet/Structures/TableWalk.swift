// Looking at all entries of a large table as they are now, in steps, while it goes on changing.
//
// The steps follow the order of the hashes. An entry ahead of the walk is visited before it changes, and is settled by
// that; so is one that comes new, which is not visited at all.

final class TableWalk {
    private let visit: (TableEntry) -> Void
    private var cursor: UInt64 = 0
    /// Keys ahead of the walk that it passes by.
    private var settled: Set<[UInt8]> = []
    private(set) var isDone = false

    init(_ visit: @escaping (TableEntry) -> Void) { self.visit = visit }

    /// Visits about `count` entries more.
    func step(_ table: borrowing HashTable<TableEntry>, count: Int) {
        guard !isDone else { return }
        let start = cursor
        cursor = table.scan(from: start, count: count) { entry in
            // A bucket that was rebuilt may hold entries from behind the cursor.
            guard HashTable<TableEntry>.isAhead(table.hash(entry.keyBytes), of: start) else { return }
            if settled.isEmpty || settled.remove(entry.key.copied()) == nil { visit(entry) }
        }
        if cursor == 0 { isDone = true }
    }

    /// An entry is about to be changed or removed.
    func willChange(_ entry: TableEntry, hash: UInt64) {
        guard isAhead(hash), settled.insert(entry.key.copied()).inserted else { return }
        visit(entry)
    }

    /// An entry with a key that is not in the table is about to come.
    func willInsert(_ key: ByteSpan, hash: UInt64) {
        if isAhead(hash) { settled.insert(key.copied()) }
    }

    private func isAhead(_ hash: UInt64) -> Bool { !isDone && HashTable<TableEntry>.isAhead(hash, of: cursor) }
}
