// Writing an RDB file, key by key, into blocks that somebody else takes away.

struct RDBFileWriter: ~Copyable {
    private var writer: RDBWriter
    private var database: Int?
    /// The version that the values need so far; the header, which stands ahead of them, says it.
    let version: RDBVersion

    /// `version` must be that of the newest layout among the values.
    init(version: RDBVersion, compresses: Bool, uses: RDBUses = .none) {
        self.version = version
        writer = RDBWriter(compresses: compresses, uses: uses)
        for byte in version.header { writer.buffer.append(byte) }
    }

    /// Bytes that wait to be taken.
    var blockCount: Int { writer.buffer.count }

    /// What has been written since the last time.
    mutating func takeBlock() -> ByteBuffer {
        var block = ByteBuffer()
        swap(&block, &writer.buffer)
        return block
    }

    // MARK: Content

    mutating func append(aux name: String, _ value: String) {
        writer.buffer.append(RDBOpcode.aux)
        writer.append(string: Array(name.utf8).span)
        writer.append(string: Array(value.utf8).span)
    }

    /// What follows belongs to this database, which has so many keys.
    mutating func select(_ number: Int, keyCount: Int, volatileCount: Int) {
        select(number)
        writer.buffer.append(RDBOpcode.resizeDB)
        writer.append(length: keyCount)
        writer.append(length: volatileCount)
    }

    private mutating func select(_ number: Int) {
        database = number
        writer.append(select: number)
    }

    mutating func append(_ record: Record, database number: Int) {
        appendHead(of: record, as: .storing(record), database: number)
        writer.append(valueOf: record, as: .storing(record))
    }

    /// Everything of a record ahead of its value, which follows.
    mutating func appendHead(of record: Record, as type: RDBType, database number: Int) {
        if database != number { select(number) }
        writer.appendHead(of: record, as: type)
    }

    /// Something was written elsewhere that stands ahead of what follows: the next key says its database.
    mutating func forgetDatabase() { database = nil }

    /// The rest of the file, without the checksum.
    mutating func finish() -> ByteBuffer {
        writer.buffer.append(RDBOpcode.end)
        return takeBlock()
    }
}

extension RDBWriter {
    /// Everything of a record ahead of its value.
    mutating func appendHead(of record: Record, as type: RDBType) {
        if record.hasDeadline {
            buffer.append(RDBOpcode.expireMilliseconds)
            append(milliseconds: record.deadline)
        }
        switch uses {
        case .none: break
        case .idleSeconds(let clock):
            buffer.append(RDBOpcode.idle)
            append(length: record.idleSeconds(at: clock))
        case .frequency:
            buffer.append(RDBOpcode.frequency)
            buffer.append(UseFrequency(access: record.access).counter)
        }
        buffer.append(type.rawValue)
        append(string: record.key)
    }

    mutating func append(select database: Int) {
        buffer.append(RDBOpcode.selectDB)
        append(length: database)
    }
}
