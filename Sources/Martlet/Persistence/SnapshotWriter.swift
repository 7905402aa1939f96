// Turns a snapshot of the keyspace into the blocks of a file: an RDB file, or commands.

/// How a snapshot is written down.
protocol SnapshotFormat: AnyObject {
    /// The database has so many keys.
    func begin(database: Int, keyCount: Int, volatileCount: Int)
    func append(_ record: Record, database: Int)
    /// Bytes that wait to be taken.
    var blockCount: Int { get }
    func takeBlock() -> ByteBuffer
    /// The rest of the file.
    func finish() -> ByteBuffer
}

final class RDBSnapshotFormat: SnapshotFormat {
    private let writer: Box<RDBFileWriter>

    init(_ writer: consuming RDBFileWriter) { self.writer = Box(writer) }

    func begin(database: Int, keyCount: Int, volatileCount: Int) {
        writer.value.select(database, keyCount: keyCount, volatileCount: volatileCount)
    }

    func append(_ record: Record, database: Int) { writer.value.append(record, database: database) }
    var blockCount: Int { writer.value.blockCount }
    func takeBlock() -> ByteBuffer { writer.value.takeBlock() }
    func finish() -> ByteBuffer { writer.value.finish() }
}

final class CommandSnapshotFormat: SnapshotFormat {
    private let writer: Box<AOFBaseWriter>

    init(timestamp: Int64?) { writer = Box(AOFBaseWriter(timestamp: timestamp)) }

    func begin(database: Int, keyCount: Int, volatileCount: Int) {}
    func append(_ record: Record, database: Int) { writer.value.append(record, database: database) }
    var blockCount: Int { writer.value.blockCount }
    func takeBlock() -> ByteBuffer { writer.value.takeBlock() }
    func finish() -> ByteBuffer { writer.value.takeBlock() }
}

final class SnapshotWriter: SnapshotRecorder {
    private let format: any SnapshotFormat
    private let file: SnapshotFile
    private var selected: Set<Int> = []
    private let sizes: [Int: (keys: Int, volatile: Int)]
    private(set) var recorded = 0

    /// Bytes handed over in one block.
    private static let blockSize = 256 * 1024

    init(_ keyspace: borrowing Keyspace, as format: any SnapshotFormat, to file: SnapshotFile) {
        self.format = format
        self.file = file
        var sizes: [Int: (keys: Int, volatile: Int)] = [:]
        for number in 0..<keyspace.databases.count where keyspace.count(in: number) > 0 {
            sizes[number] = (keyspace.count(in: number), keyspace.volatileCount(in: number))
        }
        self.sizes = sizes
    }

    /// Keys that there were when the snapshot began.
    var total: Int { sizes.values.reduce(0) { $0 + $1.keys } }

    func record(_ record: Record, database: Int) {
        if selected.insert(database).inserted, let size = sizes[database] {
            format.begin(database: database, keyCount: size.keys, volatileCount: size.volatile)
        }
        format.append(record, database: database)
        recorded += 1
        if format.blockCount >= Self.blockSize { file.append(format.takeBlock()) }
    }

    /// Hands over the rest.
    func finish() { file.append(format.finish()) }
}
