// How a snapshot is written down: as an RDB file, or as commands.

protocol SnapshotFormat: AnyObject {
    /// What a file of this kind ends with.
    var trailer: SnapshotTrailer { get }
    /// The database has so many keys.
    func begin(database: Int, keyCount: Int, volatileCount: Int)
    func append(_ record: Record, database: Int)
    /// A table whose entries come one by one.
    func table(of record: Record, database: Int) -> any SnapshotTable
    /// What stands ahead of a large string, how the string itself is put down, and what stands behind it.
    func frame(ofString record: Record, database: Int) -> SnapshotStringFrame
    /// Other bytes come ahead of what follows.
    func interrupt()
    /// Bytes that wait to be taken.
    var blockCount: Int { get }
    func takeBlock() -> ByteBuffer
    /// The rest of the file, but for the trailer.
    func finish() -> ByteBuffer
}

/// A large collection on its way into the file. Its bytes stand by themselves, whatever is written ahead of them.
protocol SnapshotTable: AnyObject {
    func append(_ entry: TableEntry)
    /// All entries have come.
    func finish()
    var blockCount: Int { get }
    func takeBlock() -> ByteBuffer
}

struct SnapshotStringFrame: ~Copyable {
    let head: ByteBuffer
    let form: SnapshotPiece.StringForm
    let tail: ByteBuffer
}

enum SnapshotTrailer: Sendable {
    case none
    /// The CRC64 of all bytes ahead of it, or zeros.
    case checksum, noChecksum
}

// MARK: RDB

final class RDBSnapshotFormat: SnapshotFormat {
    private let writer: Box<RDBFileWriter>
    private let compresses: Bool
    private let uses: RDBUses
    let trailer: SnapshotTrailer

    init(_ writer: consuming RDBFileWriter, compresses: Bool, uses: RDBUses, checksums: Bool) {
        self.writer = Box(writer)
        self.compresses = compresses
        self.uses = uses
        trailer = checksums ? .checksum : .noChecksum
    }

    func begin(database: Int, keyCount: Int, volatileCount: Int) {
        writer.value.select(database, keyCount: keyCount, volatileCount: volatileCount)
    }

    func append(_ record: Record, database: Int) { writer.value.append(record, database: database) }

    func table(of record: Record, database: Int) -> any SnapshotTable {
        RDBSnapshotTable(RDBTableWriter(record, database: database, compresses: compresses, uses: uses))
    }

    func frame(ofString record: Record, database: Int) -> SnapshotStringFrame {
        var head = RDBWriter(compresses: compresses, uses: uses)
        head.append(select: database)
        head.appendHead(of: record, as: .string)
        return SnapshotStringFrame(
            head: head.takeBuffer(), form: .rdb(compresses: compresses), tail: ByteBuffer())
    }

    func interrupt() { writer.value.forgetDatabase() }
    var blockCount: Int { writer.value.blockCount }
    func takeBlock() -> ByteBuffer { writer.value.takeBlock() }
    func finish() -> ByteBuffer { writer.value.finish() }
}

private final class RDBSnapshotTable: SnapshotTable {
    private let writer: Box<RDBTableWriter>

    init(_ writer: consuming RDBTableWriter) { self.writer = Box(writer) }

    func append(_ entry: TableEntry) { writer.value.append(entry) }
    func finish() {}
    var blockCount: Int { writer.value.blockCount }
    func takeBlock() -> ByteBuffer { writer.value.takeBlock() }
}

// MARK: Commands

final class CommandSnapshotFormat: SnapshotFormat {
    private let writer: Box<AOFBaseWriter>
    let trailer = SnapshotTrailer.none

    init(timestamp: Int64?) { writer = Box(AOFBaseWriter(timestamp: timestamp)) }

    func begin(database: Int, keyCount: Int, volatileCount: Int) {}
    func append(_ record: Record, database: Int) { writer.value.append(record, database: database) }

    func table(of record: Record, database: Int) -> any SnapshotTable {
        CommandSnapshotTable(AOFTableWriter(record, database: database))
    }

    func frame(ofString record: Record, database: Int) -> SnapshotStringFrame {
        var head = ByteBuffer()
        head.appendSelect(database)
        head.append("*3\r\n$3\r\nSET\r\n")
        head.appendBulk(record.key)
        head.appendHeader(UInt8(ascii: "$"), Int64(record.stringCount))
        var tail = ByteBuffer()
        tail.append("\r\n")
        if record.hasDeadline { tail.appendExpiry(of: record.key, record.deadline) }
        return SnapshotStringFrame(head: head, form: .raw, tail: tail)
    }

    func interrupt() { writer.value.forgetDatabase() }
    var blockCount: Int { writer.value.blockCount }
    func takeBlock() -> ByteBuffer { writer.value.takeBlock() }
    func finish() -> ByteBuffer { writer.value.takeBlock() }
}

private final class CommandSnapshotTable: SnapshotTable {
    private let writer: Box<AOFTableWriter>

    init(_ writer: consuming AOFTableWriter) { self.writer = Box(writer) }

    func append(_ entry: TableEntry) { writer.value.append(entry) }
    func finish() { writer.value.finish() }
    var blockCount: Int { writer.value.blockCount }
    func takeBlock() -> ByteBuffer { writer.value.takeBlock() }
}
