// One numbered database: its table, the memory of its records, and its index of deadlines. A database owns all of its
// memory, so emptying one is a matter of pages, not of keys, and can happen elsewhere.

struct Database: ~Copyable {
    var table: HashTable<Record>
    var heap = Heap()
    var wheel: TimingWheel<Record>
    /// Records whose payload is an object, and the memory of those objects.
    var objectCount = 0
    var objectBytes = 0

    init(seed: HashSeed, now: Int64) {
        table = HashTable(seed: seed)
        wheel = TimingWheel(now: now)
    }

    var count: Int { table.count }
    /// Keys with a deadline.
    var volatileCount: Int { wheel.count }
    var isEmpty: Bool { table.count == 0 }

    /// Memory of keys, values and indexes.
    var memoryBytes: Int { heap.bytesInUse + objectBytes + overheadBytes }
    /// Memory of the table and the deadline index alone.
    var overheadBytes: Int { table.memoryBytes + wheel.memoryBytes }

    // MARK: Records

    /// A record for `key`, not yet in the table.
    mutating func makeRecord(
        key: UnsafeRawBufferPointer, payloadCount: Int, kind: ValueKind, hasDeadline: Bool, access: UInt32
    ) -> Record {
        let size = Record.byteCount(keyCount: key.count, payloadCount: payloadCount, hasDeadline: hasDeadline)
        return Record(
            at: heap.allocate(size), key: key, payloadCount: payloadCount, kind: kind.byte,
            flags: hasDeadline ? .deadline : [], access: access)
    }

    /// Frees a record that is neither in the table nor filed; its object has been taken.
    mutating func free(_ record: Record) {
        assert(!record.holdsObject)
        heap.free(record.address, record.byteCount)
    }

    /// Gives `record` an object for a payload.
    mutating func setObject(_ object: LargeBytes, of record: Record) {
        objectCount += 1
        objectBytes += object.memoryBytes
        record.setObject(object)
    }

    /// Takes `record`'s object away from it.
    mutating func takeObject(of record: Record) -> LargeBytes {
        let object = record.takeObject(as: LargeBytes.self)
        objectCount -= 1
        objectBytes -= object.memoryBytes
        return object
    }

    /// Takes a record out of all indexes and frees it; a large value is returned for the caller to drop.
    mutating func remove(_ record: Record, hash: UInt64) -> LargeBytes? {
        table.remove(record, hash: hash)
        if record.hasDeadline { wheel.unfile(record) }
        return discard(record)
    }

    /// Frees a record that has left the indexes already.
    mutating func discard(_ record: Record) -> LargeBytes? {
        let object = record.holdsObject ? takeObject(of: record) : nil
        free(record)
        return object
    }

    deinit {
        guard objectCount > 0 else { return }
        table.visitAll { record in
            if record.holdsObject { _ = record.takeObject(as: LargeBytes.self) }
        }
    }
}
