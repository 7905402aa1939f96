// INFO memory, keyspace: how much there is of what.

extension InfoSection {
    static let memory = InfoSection("Memory") { report, server in
        let figures = MemoryFigures(server)
        report.add("used_memory", bytes: figures.used)
        report.add("used_memory_rss", bytes: figures.resident)
        report.add("used_memory_peak", bytes: figures.peak)
        report.add("used_memory_peak_perc", percent(figures.used, of: figures.peak), unit: "%")
        report.add("used_memory_overhead", figures.overhead)
        report.add("used_memory_startup", server.memoryAtStart)
        report.add("used_memory_dataset", figures.dataset)
        report.add("used_memory_dataset_perc", figures.datasetPercentage, unit: "%")
        report.add("allocator_allocated", figures.allocated)
        report.add("allocator_active", figures.active)
        report.add("allocator_resident", figures.active)
        report.add("allocator_muzzy", 0)
        report.add("total_system_memory", bytes: Machine.totalMemory())
        report.add("used_memory_lua", bytes: 0)
        report.add("used_memory_vm_eval", 0)
        report.add("used_memory_scripts_eval", 0)
        report.add("number_of_cached_scripts", 0)
        report.add("number_of_functions", 0)
        report.add("number_of_libraries", 0)
        report.add("used_memory_vm_functions", 0)
        report.add("used_memory_vm_total", bytes: 0)
        report.add("used_memory_functions", 0)
        report.add("used_memory_scripts", bytes: 0)
        report.add("maxmemory", bytes: Int(clamping: server.configuration.value.maxmemory))
        report.add("maxmemory_policy", server.configuration.value.maxmemoryPolicy.rawValue)
        report.add("allocator_frag_ratio", percent(figures.active, of: figures.allocated) / 100)
        report.add("allocator_frag_bytes", figures.active - figures.allocated)
        report.add("allocator_rss_ratio", 1.0)
        report.add("allocator_rss_bytes", 0)
        // The whole process against the allocator: in an embedded server the program around it counts, too.
        report.add("rss_overhead_ratio", percent(figures.resident, of: figures.active) / 100)
        report.add("rss_overhead_bytes", figures.resident - figures.active)
        report.add("mem_fragmentation_ratio", percent(figures.resident, of: figures.used) / 100)
        report.add("mem_fragmentation_bytes", figures.resident - figures.used)
        report.add("mem_not_counted_for_evict", figures.notLimited)
        report.add("mem_replication_backlog", 0)
        report.add("mem_total_replication_buffers", 0)
        report.add("mem_clients_slaves", 0)
        report.add("mem_clients_normal", server.clientMemory.value.total)
        report.add("mem_cluster_links", 0)
        report.add("mem_aof_buffer", server.services.fileBufferBytes())
        report.add("mem_allocator", "libc")
        report.add("active_defrag_running", 0)
        report.add("lazyfree_pending_objects", server.keyspace.value.reclaimer.pending)
        report.add("lazyfreed_objects", server.keyspace.value.reclaimer.freed)
    }

    static func percent(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) * 100 / Double(whole) : 0
    }

    static let keyspace = InfoSection("Keyspace") { report, server in
        for index in 0..<server.keyspace.value.databases.count {
            let count = server.keyspace.value.databases[index].count
            guard count > 0 else { continue }
            let expiring = server.keyspace.value.databases[index].volatileCount
            let average = expiring > 0 ? averageLifetime(in: index, server) : 0
            let inner = server.keyspace.value.databases[index].innerCount
            report.add("db\(index)", "keys=\(count),expires=\(expiring),avg_ttl=\(average),subexpiry=\(inner)")
        }
    }

    private static let sampleSize = 32

    /// Milliseconds that keys with a deadline have left, estimated from a few random ones.
    private static func averageLifetime(in index: Int, _ server: ServerContext) -> Int64 {
        let now = server.keyspace.value.now
        // Dice of its own: looking must not change what the server does next.
        var dice = SeededRandom(seed: UInt64(bitPattern: now))
        var lifetimes: [Double] = []
        server.keyspace.value.databases[index].visitSamples(sampleSize, .chance, isVolatile: true, &dice) { record in
            lifetimes.append(max(0, Double(record.deadline) - Double(now)))
        }
        guard !lifetimes.isEmpty else { return 0 }
        let mean = lifetimes.reduce(0, +) / Double(lifetimes.count)
        return Int64(exactly: mean.rounded()) ?? Int64.max
    }
}
