// What a record remembers of its uses: when the last one was, or how often there were any.

/// What uses of keys leave behind.
enum AccessMemory {
    /// The access clock of the last use.
    case recency
    /// See UseFrequency.
    case frequency
}

extension Keyspace {
    /// A use of a record.
    @inline(__always)
    mutating func touch(_ record: Record) {
        guard accessMemory == .recency else { return count(record) }
        // Comparing first keeps a record's cache line clean when it is read many times within a second.
        if leavesTraces, record.access != accessClock { record.access = accessClock }
    }

    @inline(never)
    private mutating func count(_ record: Record) {
        guard leavesTraces else { return }
        var frequency = UseFrequency(access: record.access)
        frequency.use(at: UseFrequency.minutes(at: now), frequencyPace, &random)
        record.access = frequency.access
    }

    /// What a record begins with.
    @inline(__always)
    var freshAccess: UInt32 {
        accessMemory == .recency ? accessClock : UseFrequency(minutes: UseFrequency.minutes(at: now)).access
    }

    /// The counter of a record's uses.
    func useCounter(of record: Record) -> UInt8 {
        UseFrequency(access: record.access).counter(at: UseFrequency.minutes(at: now), frequencyPace)
    }

    /// What a file or a payload says of a record's uses; what the policy does not ask for is left out.
    func setUses(of record: Record, idleSeconds: Int64?, counter: UInt8?) {
        switch accessMemory {
        case .recency: if let idleSeconds { record.setIdleSeconds(idleSeconds, at: accessClock) }
        case .frequency:
            guard let counter else { return }
            record.access = UseFrequency(minutes: UseFrequency.minutes(at: now), counter: counter).access
        }
    }
}
