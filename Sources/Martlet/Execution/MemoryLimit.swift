// Keeping to maxmemory: evicting keys until there is room, in rounds that hold nobody up for long.

extension ServerContext {
    /// What looking for room has come to.
    enum Room {
        /// Within the limit.
        case enough
        /// Keys are going, but not all that have to go have gone yet.
        case comes
        /// Above the limit, and nothing more can be evicted.
        case none
    }

    /// Memory that counts for `maxmemory`: what waits for a file, or for being freed, is not the keys' fault.
    var limitedMemory: Int {
        // Ahead of the rest: what is freed meanwhile must not seem to be there.
        let departing = keyspace.value.largeBytes.departingBytes
        return max(0, usedMemory - departing - keyspace.value.commandLog.capacity - services.fileBufferBytes())
    }

    /// Whether there is a limit that clients' memory counts for.
    var limitsMemory: Bool { configuration.value.maxmemory > 0 || clientMemory.value.limit > 0 }

    /// By how many bytes `maxmemory` is exceeded, 0 for not at all.
    var excessMemory: Int {
        let limit = configuration.value.maxmemory
        guard limit > 0 else { return 0 }
        return max(0, limitedMemory - Int(clamping: limit))
    }

    /// Evicts keys if memory is short, for as long as `maxmemory-eviction-tenacity` allows.
    func makeRoom() -> Room {
        guard configuration.value.maxmemory > 0, !isLoading, !pause.value.isActive else { return .enough }
        let excess = excessMemory
        guard excess > 0 else {
            statistics.value.evictionEnded(at: clock)
            return .enough
        }
        let policy = configuration.value.maxmemoryPolicy
        let room = policy.order == nil ? .none : evict(excess, policy)
        if room == .enough {
            statistics.value.evictionEnded(at: clock)
        } else {
            statistics.value.evictionBegan(at: clock)
        }
        if !keyspace.value.journal.isEmpty { publishChanges(by: nil) }
        return room
    }

    /// The aim is fixed at the start: messages about evicted keys take memory, too, and must not cost further keys.
    private func evict(_ excess: Int, _ policy: EvictionPolicy) -> Room {
        let samples = configuration.value.maxmemorySamples
        var (freed, count) = (0, 0)
        // Reading the clock costs as much as an eviction, and most often one is enough.
        var began = latency.isOn ? clock.monotonicNanoseconds() : nil
        defer {
            if let began { noteLatency(.evictionCycle, since: began) }
            noteRemovals()
        }
        while freed < excess {
            guard let bytes = keyspace.value.evictOne(policy, samples: samples) else { return .none }
            freed += bytes
            count += 1
            guard count.isMultiple(of: 16) else { continue }
            let now = clock.monotonicNanoseconds()
            let start = began ?? now
            began = start
            if now - start > Self.patience(tenacity: configuration.value.maxmemoryEvictionTenacity) { return .comes }
        }
        return .enough
    }

    /// Nanoseconds of one round. Source: Redis's documentation of maxmemory-eviction-tenacity.
    private static func patience(tenacity: Int) -> Int64 {
        if tenacity <= 10 { return Int64(max(0, tenacity)) * 50_000 }
        guard tenacity < 100 else { return Int64.max }
        var microseconds = 500.0
        for _ in 10..<tenacity { microseconds *= 1.15 }
        // At most 500 times 1.15 to the 89th, some two minutes.
        return Int64(microseconds * 1000)
    }
}
