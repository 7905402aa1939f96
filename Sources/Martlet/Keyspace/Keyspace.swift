// All databases and the doors to them. A command touches keys only through the methods in this folder: they drop what
// has expired, keep the access clock and the statistics, and keep table, heap and deadline index in step.

/// Counters of the keyspace, as INFO shows them.
struct KeyspaceStatistics {
    var hits = 0
    var misses = 0
    var expiredKeys = 0
    /// Slices of active expiry that ended before all that was due was gone.
    var expireSlicesSpent = 0
    /// Fields of hashes.
    var expiredFields = 0
    var evictedKeys = 0
    /// Time spent on active expiry.
    var expireCycleNanoseconds: Int64 = 0
    /// How late the latest active expiry was, and the worst since CONFIG RESETSTAT, in milliseconds.
    var expireLag: Int64 = 0
    var expireLagMaximum: Int64 = 0
}

struct Keyspace: ~Copyable {
    let databases: FixedArray<Database>
    let seed: HashSeed
    var random: SeededRandom
    var statistics = KeyspaceStatistics()
    /// Changes since the last save, as Redis counts them.
    var dirty = 0
    /// Wall clock in milliseconds, set by the owner before each batch of work.
    private(set) var now: Int64
    /// The access clock: seconds, 24 bits.
    private(set) var accessClock: UInt32 = 0
    /// What uses of keys leave behind, for the eviction policy in effect.
    var accessMemory = AccessMemory.recency
    var frequencyPace = UseFrequency.Pace()
    /// False while a client reads that has switched NO-TOUCH on.
    var leavesTraces = true
    var evictionPool = EvictionPool()
    /// The database that lost the latest key by chance.
    var nextEvictedDatabase = 0
    /// Active expiry; see `setExpiresActively`.
    var expiresActively = true
    /// No deadline is earlier than this; Int64.max when none is known.
    var earliestDeadline = Int64.max
    /// What happened to keys, for those above to tell.
    var journal = ChangeJournal()
    /// What was done, for the append only file.
    var commandLog = CommandLog()
    /// Keys whose time is over are not found, but stay: while clients are paused.
    var keepsExpired = false
    /// While an append only file is replayed: nothing is over before its end, for it says itself what went when.
    var isReplaying = false
    /// The mark of the latest snapshot; see KeyspaceSnapshot.
    var epoch: UInt8 = 0
    /// Snapshots that were given up since the last whole one; at most UInt8.max - 1.
    var abandonedSnapshots: UInt8 = 0
    /// While the state of an earlier moment is being written down.
    var snapshot: KeyspaceSnapshot?
    /// Room for encoding elements, taken out while it is in use.
    var scratch = ByteBuffer()
    /// While somebody wants to know what took long.
    var removalTimes: RemovalTimes?
    /// Frees values and databases elsewhere.
    let reclaimer = Reclaimer()
    /// Memory of large values, of those that only replies still hold, too.
    let largeBytes: LargeBytesAccount
    /// Whether deletions by a command, by expiry, by another command's overwrite free their values elsewhere.
    var lazyFree = LazyFreePolicy()
    /// Up to which size collections are packed.
    var encodingLimits = EncodingLimits()

    init(databaseCount: Int, seed: HashSeed, random: SeededRandom, now: Int64) {
        self.seed = seed
        self.random = random
        self.now = now
        let largeBytes = LargeBytesAccount()
        self.largeBytes = largeBytes
        databases = FixedArray(count: databaseCount) { _ in Database(seed: seed, now: now, largeBytes: largeBytes) }
        setNow(now)
    }

    mutating func setNow(_ milliseconds: Int64) {
        now = milliseconds
        accessClock = UInt32(truncatingIfNeeded: milliseconds / 1000) & 0xFF_FFFF
    }

    /// Memory of all keys, values and indexes.
    var memoryBytes: Int {
        var total = largeBytes.bytes
        for index in 0..<databases.count { total += databases[index].memoryBytes }
        return total
    }

    // MARK: Whole databases

    mutating func swapDatabases(_ first: Int, _ second: Int) {
        guard first != second else { return }
        databases.swap(first, second)
        noteSwap(first, second)
        journal.swapped(first, second)
    }

    /// Empties a database and returns how many keys it had.
    mutating func flush(_ index: Int, lazily: Bool) -> Int {
        // Clients may remember keys that were not there, too.
        journal.flushed(index)
        let count = databases[index].count
        guard count > 0 else { return 0 }
        let new = Database(seed: seed, now: now, epoch: epoch, largeBytes: largeBytes)
        var old = databases.exchange(index, with: new)
        old.depart()
        if let old = keepForSnapshot(old, from: index), lazily { reclaimer.drop(old, count: count) }
        return count
    }
}

/// `lazyfree-lazy-*`: which deletions leave the freeing of large values to another thread.
struct LazyFreePolicy {
    var onExpire = false
    var onEviction = false
    var onServerDelete = false
    var onUserDelete = false
    var onUserFlush = false

    init() {}

    init(_ configuration: Configuration) {
        onExpire = configuration.lazyfreeLazyExpire
        onEviction = configuration.lazyfreeLazyEviction
        onServerDelete = configuration.lazyfreeLazyServerDel
        onUserDelete = configuration.lazyfreeLazyUserDel
        onUserFlush = configuration.lazyfreeLazyUserFlush
    }
}
