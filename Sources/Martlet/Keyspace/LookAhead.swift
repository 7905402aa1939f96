// Brings the memory of keys that are about to be used closer. With many requests at hand their lookups wait for memory
// one after the other; here all buckets are read first, then all records, so that the waiting overlaps.

struct LookAhead: ~Copyable {
    private var hashes = GrowableArray<UInt64>(capacity: 64)
    private var records = GrowableArray<Record>(capacity: 64)
    /// Means nothing; it keeps the reads from being optimised away.
    private(set) var sum: UInt = 0

    /// Databases smaller than this sit in the caches anyway.
    static let worthwhileCount = 4096

    /// Begins a new batch.
    mutating func begin() {
        hashes.removeAll(keeping: 1024)
        records.removeAll(keeping: 1024)
    }

    /// One more key of the batch.
    mutating func add(_ key: ByteSpan, in database: borrowing Database) {
        hashes.append(key.withUnsafeBytes { database.table.hash($0) })
    }

    /// Touches what the keys added lead to.
    mutating func touch(_ database: borrowing Database) {
        for place in 0..<hashes.count { sum ^= database.table.touch(hash: hashes[place]) }
        for place in 0..<hashes.count {
            guard let record = database.table.candidate(hash: hashes[place]) else { continue }
            sum ^= UInt(record.kind)
            records.append(record)
        }
        for place in 0..<records.count { sum ^= records[place].touch() }
    }
}
