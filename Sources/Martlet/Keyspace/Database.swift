// One numbered database: its table, the memory of its records, and its index of deadlines. A database owns all of its
// memory, so emptying one is a matter of pages, not of keys, and can happen elsewhere.

struct Database: ~Copyable {
    var table: HashTable<Record>
    var heap = Heap()
    var wheel: TimingWheel<Record>
    /// Records whose payload is an object, and the memory of those objects.
    var objectCount = 0
    var objectBytes = 0
    /// The part of `objectBytes` that the objects count themselves, and where.
    private(set) var selfCountedBytes = 0
    private let largeBytes: LargeBytesAccount
    private var isDeparting = false
    /// Filed records that have no deadline of their own, only one inside their value.
    private var innerOnlyCount = 0
    /// Filed records with a deadline inside their value.
    private(set) var innerCount = 0

    /// The mark that records are born with; see KeyspaceSnapshot.
    var epoch: UInt8

    init(seed: HashSeed, now: Int64, epoch: UInt8 = 0, largeBytes: LargeBytesAccount) {
        self.epoch = epoch
        self.largeBytes = largeBytes
        table = HashTable(seed: seed)
        wheel = TimingWheel(now: now)
    }

    var count: Int { table.count }
    /// Keys with a deadline.
    var volatileCount: Int { wheel.count - innerOnlyCount }
    var isEmpty: Bool { table.count == 0 }

    /// Memory of keys, values and indexes, but for values that count themselves.
    var memoryBytes: Int { heap.bytesInUse + objectBytes - selfCountedBytes + overheadBytes }
    /// Memory of the table and the deadline index alone.
    var overheadBytes: Int { table.memoryBytes + wheel.memoryBytes }

    // MARK: Records

    /// A record for `key`, not yet in the table.
    mutating func makeRecord(
        key: UnsafeRawBufferPointer, payloadCount: Int, kind: ValueKind, timing: Record.Timing, access: UInt32
    ) -> Record {
        let size = Record.byteCount(keyCount: key.count, payloadCount: payloadCount, timing: timing)
        return Record(
            at: heap.allocate(size), key: key, payloadCount: payloadCount, kind: kind.byte, timing: timing,
            access: access, epoch: epoch)
    }

    /// Frees a record that is neither in the table nor filed; its object has been taken.
    mutating func free(_ record: Record) {
        assert(!record.holdsObject)
        heap.free(record.address, record.byteCount)
    }

    /// Gives `record` an object for a payload.
    mutating func setObject(_ object: RecordObject, of record: Record) {
        objectCount += 1
        objectBytes += object.memoryBytes
        object.join(largeBytes)
        selfCountedBytes += object.selfCountedBytes
        record.setObject(object)
    }

    /// Takes `record`'s object away from it.
    mutating func takeObject(of record: Record) -> RecordObject {
        let object = record.takeObject()
        objectCount -= 1
        objectBytes -= object.memoryBytes
        selfCountedBytes -= object.selfCountedBytes
        return object
    }

    /// Takes a record out of all indexes and frees it; a large value is returned for the caller to drop.
    mutating func remove(_ record: Record, hash: UInt64) -> RecordObject? {
        table.remove(record, hash: hash)
        unfile(record)
        return discard(record)
    }

    /// Frees a record that has left the indexes already.
    mutating func discard(_ record: Record) -> RecordObject? {
        let object = record.holdsObject ? takeObject(of: record) : nil
        free(record)
        return object
    }

    // MARK: Deadlines

    /// Files a record that has deadlines and stands in no slot; they may be changed only while it is not filed.
    mutating func file(_ record: Record) {
        wheel.file(record)
        count(record, by: 1)
    }

    /// Takes a record out of the deadline index if it is there.
    mutating func unfile(_ record: Record) {
        guard record.timing != .none, record.filing != .none else { return }
        wheel.unfile(record)
        count(record, by: -1)
    }

    private mutating func count(_ record: Record, by change: Int) {
        guard record.timing == .inner else { return }
        innerCount += change
        if !record.hasDeadline { innerOnlyCount += change }
    }

    /// Gives a filed record another deadline of its own; cheap when that is later.
    mutating func moveDeadline(of record: Record, to deadline: Int64) {
        guard record.timing == .own else {
            unfile(record)
            record.deadline = deadline
            return file(record)
        }
        record.deadline = deadline
        wheel.refile(record)
    }

    /// `new` takes the place of `old` in the deadline index; both have the same timing.
    mutating func moveFiling(from old: Record, to new: Record) {
        guard old.timing != .none else { return }
        new.deadline = old.deadline
        if old.timing == .inner { new.innerDeadline = old.innerDeadline }
        new.filing = old.filing
        old.filing = .none
        wheel.moved(new)
    }

    /// A record that is due at `now` or before, no longer filed; see TimingWheel.
    mutating func popDue(now: Int64) -> Record? {
        guard let record = wheel.popDue(now: now) else { return nil }
        count(record, by: -1)
        return record
    }

    /// Nobody can reach the database any more; it will be freed here or by another thread.
    mutating func depart() {
        isDeparting = true
        largeBytes.countDeparting(selfCountedBytes)
    }

    deinit {
        guard objectCount > 0 else { return }
        table.visitAll { record in
            guard record.holdsObject else { return }
            let bytes = record.takeObject().selfCountedBytes
            // Gone, or else somebody still holds it, and it counts for limits again.
            if isDeparting { largeBytes.countDeparting(-bytes) }
        }
    }
}
