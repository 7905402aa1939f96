// Turns a snapshot of the keyspace into an RDB file.

final class SnapshotWriter: SnapshotRecorder {
    private let writer: Box<RDBFileWriter>
    private let file: SnapshotFile
    private var selected: Set<Int> = []
    private let sizes: [Int: (keys: Int, volatile: Int)]
    private(set) var recorded = 0

    /// Bytes handed over in one block.
    private static let blockSize = 256 * 1024

    init(
        _ keyspace: borrowing Keyspace, to file: SnapshotFile, facts: [(String, String)], compresses: Bool,
        checksums: Bool
    ) {
        self.file = file
        var sizes: [Int: (keys: Int, volatile: Int)] = [:]
        var hasFieldDeadlines = false
        for number in 0..<keyspace.databases.count where keyspace.count(in: number) > 0 {
            sizes[number] = (keyspace.count(in: number), keyspace.volatileCount(in: number))
            if keyspace.databases[number].innerCount > 0 { hasFieldDeadlines = true }
        }
        self.sizes = sizes
        var writer = RDBFileWriter(
            version: hasFieldDeadlines ? .fieldDeadlines : .common, compresses: compresses, checksums: checksums)
        for (name, value) in facts { writer.append(aux: name, value) }
        self.writer = Box(writer)
    }

    /// Keys that there were when the snapshot began.
    var total: Int { sizes.values.reduce(0) { $0 + $1.keys } }

    func record(_ record: Record, database: Int) {
        if selected.insert(database).inserted, let size = sizes[database] {
            writer.value.select(database, keyCount: size.keys, volatileCount: size.volatile)
        }
        writer.value.append(record, database: database)
        recorded += 1
        if writer.value.blockCount >= Self.blockSize { file.append(writer.value.takeBlock()) }
    }

    /// Hands over the rest.
    func finish() { file.append(writer.value.finish()) }
}
