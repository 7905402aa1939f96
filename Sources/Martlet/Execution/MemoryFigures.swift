// Where memory goes, as INFO memory and MEMORY STATS show it.

struct MemoryFigures {
    let used: Int
    let peak: Int
    /// Tables, deadline indexes, clients, buffers, and what was there at the start.
    let overhead: Int
    let atStart: Int
    /// Not counted for `maxmemory`.
    let notLimited: Int
    /// Of the process.
    let resident: Int
    /// What malloc and the keyspace's heaps have handed out, and what they hold.
    let allocated: Int
    let active: Int

    /// Keys and values alone.
    var dataset: Int { max(0, used - overhead) }
    /// The share of keys and values in what has come since the start.
    var datasetPercentage: Double { used > atStart ? Double(dataset) * 100 / Double(used - atStart) : 0 }

    init(_ server: ServerContext) {
        used = server.usedMemory
        server.statistics.value.peakMemory = max(server.statistics.value.peakMemory, used)
        peak = server.statistics.value.peakMemory
        atStart = server.memoryAtStart
        notLimited = used - server.limitedMemory
        resident = CurrentProcess.residentBytes() ?? 0
        var (tables, blocks, pages) = (0, 0, 0)
        for index in 0..<server.keyspace.value.databases.count {
            tables += server.keyspace.value.databases[index].overheadBytes
            blocks += server.keyspace.value.databases[index].heap.mappedBytesInUse
            pages += server.keyspace.value.databases[index].heap.bytesMapped
        }
        overhead =
            atStart + tables + server.clientMemory.value.own + server.tracking.memoryBytes + notLimited
            + server.slowLog.memoryBytes
        let malloc = SystemMemory.mallocBytes()
        allocated = (malloc?.inUse ?? used - blocks) + blocks
        active = (malloc?.held ?? used - blocks) + pages
    }
}
