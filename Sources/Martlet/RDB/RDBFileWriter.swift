// Writing an RDB file, key by key, into blocks that somebody else takes away.

struct RDBFileWriter: ~Copyable {
    private var writer: RDBWriter
    private var checksum = CRC64()
    private let checksums: Bool
    private var database: Int?
    /// The version that the values need so far; the header, which stands ahead of them, says it.
    let version: RDBVersion
    private(set) var keyCount = 0

    /// `version` must be that of the newest layout among the values.
    init(version: RDBVersion, compresses: Bool, checksums: Bool) {
        self.version = version
        self.checksums = checksums
        writer = RDBWriter(compresses: compresses)
        for byte in version.header { writer.buffer.append(byte) }
    }

    /// Bytes that wait to be taken.
    var blockCount: Int { writer.buffer.count }

    /// What has been written since the last time.
    mutating func takeBlock() -> ByteBuffer {
        var block = ByteBuffer()
        swap(&block, &writer.buffer)
        if checksums { checksum.update(block.bytes) }
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
        writer.buffer.append(RDBOpcode.selectDB)
        writer.append(length: number)
    }

    mutating func append(_ record: Record, database number: Int) {
        if database != number { select(number) }
        if record.hasDeadline {
            writer.buffer.append(RDBOpcode.expireMilliseconds)
            writer.append(milliseconds: record.deadline)
        }
        let type = RDBType.storing(record)
        writer.buffer.append(type.rawValue)
        writer.append(string: record.key)
        writer.append(valueOf: record, as: type)
        keyCount += 1
    }

    /// The rest of the file.
    mutating func finish() -> ByteBuffer {
        writer.buffer.append(RDBOpcode.end)
        var block = takeBlock()
        block.appendInteger(checksums ? Int64(bitPattern: checksum.value) : 0, width: 8)
        return block
    }
}
