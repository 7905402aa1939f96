// Making room: which key goes, and its removal.

extension Keyspace {
    /// Removes the key that the policy likes to lose most, as far as a few samples show. Returns how many bytes that
    /// has freed; nil when there is no such key.
    mutating func evictOne(_ policy: EvictionPolicy, samples: Int) -> Int? {
        guard let order = policy.order else { return nil }
        let isVolatile = policy.isAboutVolatileKeys
        guard order != .chance else { return evictAny(isVolatile: isVolatile) }
        while true {
            guard sample(order, isVolatile: isVolatile, count: samples) else { return nil }
            while let candidate = evictionPool.takeBest() {
                let index = candidate.database
                guard let record = databases[index].table.find(hash: candidate.hash),
                    !isVolatile || record.hasDeadline
                else { continue }
                let score = score(of: record, by: order)
                guard score >= candidate.score else {
                    // It was used meanwhile.
                    evictionPool.offer(EvictionPool.Candidate(score: score, hash: candidate.hash, database: index))
                    continue
                }
                return evict(record, hash: candidate.hash, in: index)
            }
        }
    }

    /// Offers some keys of each database to the pool; false when there are none.
    private mutating func sample(_ order: EvictionPolicy.Order, isVolatile: Bool, count: Int) -> Bool {
        // Out of this value while the databases, which are in it, too, are read.
        var (dice, pool, found) = (random, EvictionPool(), false)
        swap(&pool, &evictionPool)
        for index in 0..<databases.count {
            databases[index].visitSamples(count, order, isVolatile: isVolatile, &dice) { record in
                found = true
                let score = score(of: record, by: order)
                guard pool.wants(score) else { return }
                pool.offer(
                    EvictionPool.Candidate(score: score, hash: seed.hash(record.keyBytes), database: index))
            }
        }
        random = dice
        swap(&pool, &evictionPool)
        return found
    }

    private func score(of record: Record, by order: EvictionPolicy.Order) -> UInt64 {
        switch order {
        case .recency:
            // By when it was used last, not how long ago: what has stood in the pool for a while stays comparable.
            return Self.descending(now / 1000 - Int64(record.idleSeconds(at: accessClock)))
        case .frequency:
            let idle = UseFrequency(access: record.access).idleMinutes(at: UseFrequency.minutes(at: now))
            return UInt64(UInt8.max - useCounter(of: record)) << 16 | UInt64(idle)
        case .deadline: return Self.descending(record.deadline)
        case .chance: return 0
        }
    }

    /// The order of times turned round, so that the earliest scores most.
    private static func descending(_ time: Int64) -> UInt64 {
        // With the sign flipped, the bits of Int64s are in the order of UInt64s.
        ~(UInt64(bitPattern: time) ^ 1 << 63)
    }

    /// The databases take turns.
    private mutating func evictAny(isVolatile: Bool) -> Int? {
        for _ in 0..<databases.count {
            nextEvictedDatabase = (nextEvictedDatabase + 1) % databases.count
            let index = nextEvictedDatabase
            var (dice, chosen) = (random, Record?.none)
            databases[index].visitSamples(1, .chance, isVolatile: isVolatile, &dice) { chosen = chosen ?? $0 }
            random = dice
            if let chosen { return evict(chosen, hash: seed.hash(chosen.keyBytes), in: index) }
        }
        return nil
    }

    private mutating func evict(_ record: Record, hash: UInt64, in index: Int) -> Int {
        let before = reachableBytes(in: index)
        statistics.evictedKeys += 1
        let began = removalTimes?.now
        willChange(record, in: index)
        journal.touched(record.key, in: index)
        journal.happened(.evicted, to: record.key, in: index)
        commandLog.appendDeletion(of: record.key, in: index, isLazy: lazyFree.onEviction)
        commandLog.endUnit()
        drop(databases[index].remove(record, hash: hash), lazily: lazyFree.onEviction)
        if let began { removalTimes?.evicted(since: began) }
        return before - reachableBytes(in: index)
    }

    /// Memory that removing keys of a database can free: what a reply still waits with stays, and what another thread
    /// is about to free is as good as gone, as is what waits to be saved.
    private func reachableBytes(in index: Int) -> Int {
        let shared = snapshot == nil ? largeBytes.lastingBytes : databases[index].selfCountedBytes
        return databases[index].memoryBytes + shared
    }
}

extension Database {
    /// So many throws for each sample that is wanted, before those with a deadline are looked for one by one.
    private static let throwsPerSample = 8

    /// Visits some records for a choice among them, about `count`: random ones, or those with the nearest deadlines.
    func visitSamples(
        _ count: Int, _ order: EvictionPolicy.Order, isVolatile: Bool, _ dice: inout SeededRandom,
        _ body: (Record) -> Void
    ) {
        let most = isVolatile ? volatileCount : self.count
        guard most > 0 else { return }
        var seen = 0
        if order == .deadline || (isVolatile && most <= count) {
            wheel.visitSoonest { record in
                guard record.hasDeadline else { return true }
                seen += 1
                body(record)
                return seen < count
            }
            return
        }
        // Few buckets are empty; the bound is for tables of one bucket whose keys have no deadline.
        var throwsLeft = count * Self.throwsPerSample
        while seen < min(count, most), throwsLeft > 0 {
            throwsLeft -= 1
            table.visitBucket(of: dice.next()) { record in
                guard !isVolatile || record.hasDeadline else { return }
                seen += 1
                body(record)
            }
        }
        if seen > 0 { return }
        if !isVolatile { return table.random(using: &dice).map(body) ?? () }
        wheel.visit(from: dice.next()) { record in
            guard record.hasDeadline else { return true }
            seen += 1
            body(record)
            return seen < count
        }
    }
}
