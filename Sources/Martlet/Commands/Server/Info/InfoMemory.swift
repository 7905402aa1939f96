// INFO memory, keyspace: how much there is of what.

extension InfoSection {
    static let memory = InfoSection("Memory") { report, server in
        let used = server.usedMemory
        let buffers = server.services.networkBufferBytes()
        let overhead = tableBytes(server) + buffers
        let resident = CurrentProcess.residentBytes() ?? 0
        server.statistics.value.peakMemory = max(server.statistics.value.peakMemory, used)
        let peak = server.statistics.value.peakMemory
        let reclaimer = server.keyspace.value.reclaimer
        report.add("used_memory", bytes: used)
        report.add("used_memory_rss", bytes: resident)
        report.add("used_memory_peak", bytes: peak)
        report.add("used_memory_peak_perc", percent(used, of: peak), unit: "%")
        report.add("used_memory_overhead", overhead)
        report.add("used_memory_dataset", max(0, used - overhead))
        report.add("used_memory_dataset_perc", percent(max(0, used - overhead), of: used), unit: "%")
        report.add("total_system_memory", bytes: Machine.totalMemory())
        // The whole process against the data: in an embedded server the program around it counts, too.
        report.add("mem_fragmentation_ratio", percent(resident, of: used) / 100)
        report.add("mem_fragmentation_bytes", resident - used)
        report.add("mem_clients_normal", buffers)
        report.add("mem_allocator", "libc")
        report.add("lazyfree_pending_objects", reclaimer.pending)
        report.add("lazyfreed_objects", reclaimer.freed)
    }

    /// Memory of all tables and deadline indexes.
    private static func tableBytes(_ server: ServerContext) -> Int {
        var total = 0
        for index in 0..<server.keyspace.value.databases.count {
            total += server.keyspace.value.databases[index].overheadBytes
        }
        return total
    }

    private static func percent(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) * 100 / Double(whole) : 0
    }

    static let keyspace = InfoSection("Keyspace") { report, server in
        for index in 0..<server.keyspace.value.databases.count {
            let count = server.keyspace.value.databases[index].count
            guard count > 0 else { continue }
            let expiring = server.keyspace.value.databases[index].volatileCount
            let average = expiring > 0 ? averageLifetime(in: index, server) : 0
            report.add("db\(index)", "keys=\(count),expires=\(expiring),avg_ttl=\(average)")
        }
    }

    private static let sampleSize = 32

    /// Milliseconds that keys with a deadline have left, estimated from a few random ones.
    private static func averageLifetime(in index: Int, _ server: ServerContext) -> Int64 {
        let now = server.keyspace.value.now
        // Dice of its own: looking must not change what the server does next.
        var dice = SeededRandom(seed: UInt64(bitPattern: now))
        var lifetimes: [Double] = []
        for _ in 0..<sampleSize {
            guard let record = server.keyspace.value.databases[index].table.random(using: &dice), record.hasDeadline
            else { continue }
            lifetimes.append(max(0, Double(record.deadline) - Double(now)))
        }
        guard !lifetimes.isEmpty else { return 0 }
        let mean = lifetimes.reduce(0, +) / Double(lifetimes.count)
        return Int64(exactly: mean.rounded()) ?? Int64.max
    }
}
