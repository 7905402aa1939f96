// Making changed directives effective in the running server. Listeners and timers are the engine's own business.

extension ServerContext {
    /// Follows a change of these directives: a reason when that cannot be done.
    func apply(_ changed: [String]) -> String? {
        let current = configuration.value
        log.configure(level: current.loglevel, path: current.logfile)
        keyspace.value.lazyFree = LazyFreePolicy(current)
        keyspace.value.encodingLimits = EncodingLimits(current)
        keyspace.value.journal.wantedEvents = KeyEventClasses(letters: current.notifyKeyspaceEvents)
        followMemoryLimit()
        if changed.contains("maxmemory"), excessMemory > 0 { warnOfLowLimit() }
        setLatencyThreshold(current.latencyMonitorThreshold)
        tracksLatencies = current.latencyTracking
        if changed.contains("latency-tracking"), !tracksLatencies { commands.forgetLatencies() }
        slowLog.threshold = current.slowlogLogSlowerThan
        if slowLog.maximumCount != current.slowlogMaxLen { slowLog.maximumCount = current.slowlogMaxLen }
        limitTracking()
        if changed.contains("requirepass") { followRequiredPassword() }
        users.log.trim(to: current.acllogMaxLen)
        if changed.contains("dir"), let reason = enterDirectory(current.dir) { return reason }
        return changed.contains("maxclients") ? reserveDescriptors(for: current.maxclients) : nil
    }

    private static let leastClientMemory = 128 << 10

    /// What keys and clients may take.
    func followMemoryLimit() {
        let current = configuration.value
        keyspace.value.accessMemory = current.maxmemoryPolicy.order == .frequency ? .frequency : .recency
        keyspace.value.frequencyPace = UseFrequency.Pace(
            logFactor: current.lfuLogFactor, decayMinutes: current.lfuDecayTime)
        keyspace.value.evictionPool.removeAll()
        let limit = current.maxmemoryClients.bytes(of: current.maxmemory)
        // With less nobody could come in to raise it.
        clientMemory.value.limit = limit > 0 ? max(limit, Self.leastClientMemory) : 0
    }

    private func warnOfLowLimit() {
        log.write(
            .warning,
            "WARNING: the new maxmemory value set via CONFIG SET (\(configuration.value.maxmemory)) is smaller than "
                + "the current memory usage (\(limitedMemory)). This will result in key eviction and/or the inability "
                + "to accept new write commands depending on the maxmemory-policy.")
    }

    /// A process of its own goes there; an embedded server leaves its program where it is.
    private func enterDirectory(_ path: String) -> String? {
        do throws(SystemError) {
            let directory = try FileNames.resolved(path)
            if identity.role == .daemon { try CurrentProcess.changeDirectory(to: directory) }
            configuration.value.dir = directory
            return nil
        } catch {
            return error.message
        }
    }

    private func reserveDescriptors(for clients: Int) -> String? {
        guard identity.role == .daemon else { return nil }
        let possible: Int
        switch ClientLimit.reserve(clients, log: log) {
        case .granted: return nil
        case .reduced(let limit): possible = limit
        case .tooLow: possible = 1
        }
        return "The operating system is not able to handle the specified number of clients, try with \(possible)"
    }
}
