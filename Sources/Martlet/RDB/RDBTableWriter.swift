// Writing one large collection into an RDB file, entry by entry, beside what else is written.

struct RDBTableWriter: ~Copyable {
    private var writer: RDBWriter
    private let type: RDBType
    private let earliestDeadline: Int64

    /// The value of `record` is a table; all its entries have to come.
    init(_ record: Record, database: Int, compresses: Bool, uses: RDBUses = .none) {
        type = .storing(record)
        earliestDeadline = record.isSet ? 0 : record.earliestFieldDeadline ?? 0
        writer = RDBWriter(compresses: compresses, uses: uses)
        writer.append(select: database)
        writer.appendHead(of: record, as: type)
        writer.appendCount(of: record, as: type)
    }

    var blockCount: Int { writer.buffer.count }

    mutating func takeBlock() -> ByteBuffer {
        var block = ByteBuffer()
        swap(&block, &writer.buffer)
        return block
    }

    mutating func append(_ entry: TableEntry) { writer.append(entry, as: type, earliest: earliestDeadline) }
}
