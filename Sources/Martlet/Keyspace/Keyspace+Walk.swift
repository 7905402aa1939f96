// Ways to keys that do not begin with a name: SCAN's steps, KEYS, RANDOMKEY, and what DEBUG looks at.
// Records that a walk hands out stay good until the next change of the keyspace.

extension Keyspace {
    /// A step of a scan over all records, those whose time is over among them; see `HashTable.scan`.
    func scan(from cursor: UInt64, count: Int, in index: Int, _ body: (Record) -> Void) -> UInt64 {
        databases[index].table.scan(from: cursor, count: count, body)
    }

    /// Visits every record whose time is not over.
    func visitLive(in index: Int, _ body: (Record) -> Void) {
        databases[index].table.visitAll { record in
            if !isOver(record) { body(record) }
        }
    }

    /// Visits every record.
    func visitAll(in index: Int, _ body: (Record) -> Void) { databases[index].table.visitAll(body) }

    private static let mostOverOnTheWay = 100

    /// A live record, each as likely as the others; nil when there is none. What is over on the way is removed.
    mutating func randomRecord(in index: Int) -> Record? {
        // A copy of the dice while the table is read, for both are this value's.
        var dice = random
        defer { random = dice }
        var overCount = 0
        while let record = databases[index].table.random(using: &dice) {
            if !expireIfOver(record, in: index) { return record }
            overCount += 1
            if keepsExpired, overCount == Self.mostOverOnTheWay { return nil }
        }
        return nil
    }

    /// Removes a record whose time is over, unless such records are kept; true when it was.
    mutating func expireIfOver(_ record: Record, in index: Int) -> Bool {
        guard isOver(record) else { return false }
        if !keepsExpired { expire(record, hash: databases[index].table.hash(record.keyBytes), in: index) }
        return true
    }

    /// The record of `key` even when its time is over.
    func stored(_ key: ByteSpan, in index: Int) -> Record? {
        key.withUnsafeBytes { bytes in
            databases[index].table.find(bytes, hash: databases[index].table.hash(bytes))
        }
    }

    /// Whether there is a record of `key` whose time is not over.
    func isLive(_ key: ByteSpan, in index: Int) -> Bool { stored(key, in: index).map { !isOver($0) } ?? false }

    /// Bytes of a record, its value, and its places in the table and, with a deadline, in the wheel: 12 and 8 bytes.
    func memoryUsage(of record: Record) -> Int {
        let value = record.holdsObject ? record.object(as: RecordObject.self).memoryBytes : 0
        return Heap.roundedSize(record.byteCount) + value + 12 + (record.timing == .none ? 0 : 8)
    }

    private func isOver(_ record: Record) -> Bool { record.hasDeadline && hasPassed(record.deadline) }
}

extension Record {
    /// The key, as good as the record.
    var key: ByteSpan {
        @_lifetime(borrow self)
        get {
            ByteSpan(viewing: keyBytes, ownedBy: self)
        }
    }
}
