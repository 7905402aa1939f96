// Brings the memory of keys that are about to be used closer. With many requests at hand their lookups wait for memory
// one after the other; here all directory entries are asked for first, then all buckets, then what follows them in
// their chains, then all records, so that the waiting overlaps.

struct LookAhead: ~Copyable {
    private var hashes = GrowableArray<UInt64>(capacity: 64)
    private var detours = GrowableArray<Detour>(capacity: 64)
    private var records = GrowableArray<Record>(capacity: 64)

    /// A key that is not in its first bucket. Not private: the compiler's debug build fails on that.
    struct Detour: BitwiseCopyable {
        let hash: UInt64
        let bucket: HashBucket
    }

    /// Databases smaller than this sit in the caches anyway.
    static let worthwhileCount = 4096

    /// Begins a new batch.
    mutating func begin() {
        hashes.removeAll(keeping: 1024)
        detours.removeAll(keeping: 1024)
        records.removeAll(keeping: 1024)
    }

    /// One more key of the batch.
    mutating func add(_ key: ByteSpan, in database: borrowing Database) {
        let hash = key.withUnsafeBytes { database.table.hash($0) }
        database.table.prefetchEntry(hash: hash)
        hashes.append(hash)
    }

    /// Asks for what the keys added lead to.
    mutating func prefetchRecords(_ database: borrowing Database) {
        for place in 0..<hashes.count { database.table.prefetchBucket(hash: hashes[place]) }
        for place in 0..<hashes.count {
            follow(database.table.lead(hash: hashes[place]), hash: hashes[place])
        }
        // Each of them is asked for when it is appended: by its turn it is here.
        var done = 0
        while done < detours.count {
            let detour = detours[done]
            follow(database.table.lead(hash: detour.hash, in: detour.bucket), hash: detour.hash)
            done += 1
        }
        for place in 0..<records.count { records[place].prefetchRest() }
    }

    @inline(__always)
    private mutating func follow(_ lead: HashTable<Record>.Lead, hash: UInt64) {
        switch lead {
        case .element(let record):
            record.prefetchHead()
            records.append(record)
        case .bucket(let bucket):
            bucket.prefetch()
            detours.append(Detour(hash: hash, bucket: bucket))
        case .nowhere: break
        }
    }
}
