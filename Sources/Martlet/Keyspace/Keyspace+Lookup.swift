// The one door to keys. Side effects of a lookup: an expired key is removed and counted; reads count hits and misses;
// the access clock of the record is set unless the caller only looks.

/// What a lookup is for.
enum LookupIntent {
    /// A command reads the value: counts a hit or a miss, sets the access clock.
    case read
    /// A command is about to change the value: sets the access clock.
    case write
    /// TTL, TYPE and the like: counts, but leaves the access clock.
    case peek
    /// OBJECT and DEBUG: neither counts nor touches.
    case inspect
}

extension Keyspace {
    /// The live record of `key`, good until the next change of the keyspace.
    @inline(__always)
    mutating func lookup(_ key: ByteSpan, in index: Int, for intent: LookupIntent) -> Record? {
        key.withUnsafeBytes { lookup($0, in: index, for: intent) }
    }

    mutating func lookup(_ key: UnsafeRawBufferPointer, in index: Int, for intent: LookupIntent) -> Record? {
        let hash = databases[index].table.hash(key)
        guard let record = live(key, hash: hash, in: index) else {
            if intent == .read || intent == .peek {
                statistics.misses += 1
                journal.happened(.keyMiss, to: ByteSpan(viewing: key, ownedBy: index), in: index)
            }
            return nil
        }
        switch intent {
        case .read:
            statistics.hits += 1
            touch(record)
        case .write: touch(record)
        case .peek: statistics.hits += 1
        case .inspect: break
        }
        return record
    }

    /// The record of `key` unless its time is over; then it is removed.
    @inline(__always)
    mutating func live(_ key: UnsafeRawBufferPointer, hash: UInt64, in index: Int) -> Record? {
        guard let record = databases[index].table.find(key, hash: hash) else { return nil }
        guard record.hasDeadline, hasPassed(record.deadline) else { return record }
        if !keepsExpired { expire(record, hash: hash, in: index) }
        return nil
    }

    /// A key lives through the millisecond of its deadline, as in Redis.
    func hasPassed(_ deadline: Int64) -> Bool { now > deadline && !isReplaying }

    /// What has an earlier deadline is over.
    var horizon: Int64 { isReplaying ? Int64.min : now }

    /// Whether a deadline that a command wants to set is reached already, which means removal.
    func isReached(_ deadline: Int64) -> Bool { deadline <= now && !isReplaying }

    /// Puts a record whose key is absent into the table.
    @inline(__always)
    mutating func insert(_ record: Record, hash: UInt64, in index: Int) {
        databases[index].table.insert(record, hash: hash)
        journal.happened(.new, to: record.key, in: index)
    }

    // MARK: Removal

    @discardableResult
    mutating func remove(_ key: ByteSpan, in index: Int, lazily: Bool) -> Bool {
        key.withUnsafeBytes { bytes in
            let hash = databases[index].table.hash(bytes)
            guard let record = live(bytes, hash: hash, in: index) else { return false }
            willChange(record, in: index)
            drop(databases[index].remove(record, hash: hash), lazily: lazily)
            return true
        }
    }

    mutating func expire(_ record: Record, hash: UInt64, in index: Int) {
        statistics.expiredKeys += 1
        let began = removalTimes?.now
        willChange(record, in: index)
        noteExpiry(of: record, in: index)
        commandLog.appendDeletion(of: record.key, in: index, isLazy: lazyFree.onExpire)
        drop(databases[index].remove(record, hash: hash), lazily: lazyFree.onExpire)
        if let began { removalTimes?.expired(since: began) }
    }

    /// Lets go of a large value, here or elsewhere.
    func drop(_ value: consuming RecordObject?, lazily: Bool) {
        guard lazily, let object = value.take(), Reclaimer.isWorthwhile(object) else { return }
        reclaimer.drop(consume object)
    }
}

extension Record {
    /// Seconds since the last use. The access clock starts over every 194 days.
    func idleSeconds(at clock: UInt32) -> Int {
        // Both are 24 bits, so that the difference wraps within them.
        let seconds = (clock &- access) & 0xFF_FFFF
        // Used behind that state of the clock.
        return seconds > 0x80_0000 && access > clock ? 0 : Int(seconds)
    }

    /// Makes the last use so long ago, or as long as the clock reaches back.
    func setIdleSeconds(_ seconds: Int64, at clock: UInt32) {
        // The clock has 24 bits: the difference wraps within them.
        access = (clock &- UInt32(min(seconds, 0xFF_FFFF))) & 0xFF_FFFF
    }
}
