// MEMORY STATS, MEMORY MALLOC-STATS: where memory goes, in numbers.

enum MemoryStats {
    private enum Figure {
        case bytes(Int)
        case ratio(Double)
        /// Tables and deadline indexes of a database.
        case database(main: Int, expires: Int)
    }

    /// Replies with a map of names and figures, in bytes where the name does not say otherwise.
    @Sendable
    static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let entries = entries(call.server)
        call.reply.map(entries.count)
        for (name, figure) in entries {
            call.reply.bulk(name)
            switch figure {
            case .bytes(let bytes): call.reply.integer(bytes)
            case .ratio(let ratio): call.reply.double(ratio)
            case .database(let main, let expires):
                call.reply.map(3)
                call.reply.bulk("overhead.hashtable.main")
                call.reply.integer(main)
                call.reply.bulk("overhead.hashtable.expires")
                call.reply.integer(expires)
                call.reply.bulk("overhead.hashtable.slot-to-keys")
                call.reply.integer(0)
            }
        }
    }

    private static func entries(_ server: ServerContext) -> [(String, Figure)] {
        let figures = MemoryFigures(server)
        var (databases, keys) = ([(String, Figure)](), 0)
        for index in 0..<server.keyspace.value.databases.count {
            let count = server.keyspace.value.databases[index].count
            guard count > 0 else { continue }
            keys += count
            databases.append(
                (
                    "db.\(index)",
                    .database(
                        main: server.keyspace.value.databases[index].table.memoryBytes,
                        expires: server.keyspace.value.databases[index].wheel.memoryBytes)
                ))
        }
        let sinceStart = max(0, figures.used - figures.atStart)
        return [
            ("peak.allocated", .bytes(figures.peak)), ("total.allocated", .bytes(figures.used)),
            ("startup.allocated", .bytes(figures.atStart)), ("replication.backlog", .bytes(0)),
            ("clients.slaves", .bytes(0)), ("clients.normal", .bytes(server.clientMemory.value.total)),
            ("cluster.links", .bytes(0)), ("aof.buffer", .bytes(server.services.fileBufferBytes())),
            ("lua.caches", .bytes(0)), ("functions.caches", .bytes(0)),
        ] + databases + [
            ("overhead.total", .bytes(figures.overhead)), ("keys.count", .bytes(keys)),
            ("keys.bytes-per-key", .bytes(keys > 0 ? sinceStart / keys : 0)),
            ("dataset.bytes", .bytes(figures.dataset)), ("dataset.percentage", .ratio(figures.datasetPercentage)),
            ("peak.percentage", .ratio(share(figures.used, of: figures.peak) * 100)),
            ("allocator.allocated", .bytes(figures.allocated)), ("allocator.active", .bytes(figures.active)),
            ("allocator.resident", .bytes(figures.active)),
            ("allocator-fragmentation.ratio", .ratio(share(figures.active, of: figures.allocated))),
            ("allocator-fragmentation.bytes", .bytes(figures.active - figures.allocated)),
            ("allocator-rss.ratio", .ratio(1)), ("allocator-rss.bytes", .bytes(0)),
            ("rss-overhead.ratio", .ratio(share(figures.resident, of: figures.active))),
            ("rss-overhead.bytes", .bytes(figures.resident - figures.active)),
            ("fragmentation", .ratio(share(figures.resident, of: figures.used))),
            ("fragmentation.bytes", .bytes(figures.resident - figures.used)),
        ]
    }

    private static func share(_ part: Int, of whole: Int) -> Double {
        whole > 0 ? Double(part) / Double(whole) : 0
    }

    /// Replies with lines of text: malloc, then the heap of each database that has one.
    @Sendable
    static func allocators(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var lines: [String] = []
        if let malloc = SystemMemory.mallocBytes() {
            lines.append("malloc: \(malloc.inUse) bytes in use, \(malloc.held) held")
        } else {
            lines.append("malloc: does not tell")
        }
        for index in 0..<call.keyspace.databases.count where call.keyspace.databases[index].heap.bytesMapped > 0 {
            let used = call.keyspace.databases[index].heap.mappedBytesInUse
            let mapped = call.keyspace.databases[index].heap.bytesMapped
            lines.append("heap of db\(index): \(used) bytes in use, \(mapped) mapped")
        }
        call.reply.verbatim(lines.map { $0 + "\n" }.joined())
    }
}
