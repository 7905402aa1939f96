// DEBUG HTSTATS dbid, DEBUG HTSTATS-KEY key: the shape of hash tables, as text.

enum DebugTables {
    @Sendable
    static func statistics(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let value = try arguments.integer(2)
        guard let number = Int(exactly: value), call.keyspace.hasDatabase(number) else {
            throw ReplyError("ERR Out of range database")
        }
        let table = call.keyspace.tableStatistics(in: number)
        call.reply.verbatim(
            """
            [Dictionary HT]
            \(lines(table, elements: call.keyspace.count(in: number)))
            [Expires HT]
            Timing wheel stats:
             number of elements: \(call.keyspace.volatileCount(in: number))

            """)
    }

    @Sendable
    static func statisticsOfKey(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.lookup(arguments[2], for: .peek) else { throw .noSuchKey }
        switch record.valueKind {
        case .hashTable:
            let table = record.object(as: HashObject.self).table.statistics()
            call.reply.verbatim(lines(table, elements: record.fieldCount))
        case .hashPackedTable: call.reply.verbatim("No table: one block of \(record.packedCount) bytes\n")
        case .setTable:
            let table = record.object(as: SetObject.self).table.statistics()
            call.reply.verbatim(lines(table, elements: record.memberCount))
        default:
            throw ReplyError("ERR The value stored at the specified key is not represented using an hash table")
        }
    }

    private static func lines(_ table: HashTableStatistics, elements: Int) -> String {
        guard elements > 0 else { return "No stats available for empty dictionaries" }
        return """
            Hash table 0 stats (main hash table):
             table size: \(table.buckets * HashBucket.places)
             number of elements: \(elements)
             buckets: \(table.buckets)
             segments: \(table.segments)
             directory depth: \(table.directoryDepth)
             chained buckets: \(table.chainedBuckets)
             max chain length: \(table.fullestChain)
            """
    }
}
