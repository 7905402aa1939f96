// Turns a snapshot of the keyspace into the pieces of a file. What is small is put down at once and handed over block
// by block. A large string is handed over as it is; a large table is written down in steps, entry by entry, while what
// else has to be put down meanwhile is held back, for its bytes must not come in between.

final class SnapshotWriter: SnapshotRecorder {
    private struct OpenTable {
        let object: TableObject
        let table: any SnapshotTable
    }

    private let format: any SnapshotFormat
    private let file: SnapshotFile
    private let reclaimer: Reclaimer
    private var selected: Set<Int> = []
    private let sizes: [Int: (keys: Int, volatile: Int)]
    private(set) var recorded = 0
    /// Tables that have been begun. The first one is being handed over if `isStreaming`.
    private var open: [OpenTable] = []
    private var isStreaming = false
    private var held: [SnapshotPiece] = []

    /// Bytes handed over in one block.
    private static let blockSize = 256 * 1024
    /// Tables of fewer entries are put down at once.
    private static let entriesOfLargeTable = 512
    /// Shorter strings are copied.
    private static let largeString = 64 * 1024
    /// Entries that one step looks at.
    private static let entriesPerStep = 16

    init(_ keyspace: borrowing Keyspace, as format: any SnapshotFormat, to file: SnapshotFile) {
        self.format = format
        self.file = file
        reclaimer = keyspace.reclaimer
        var sizes: [Int: (keys: Int, volatile: Int)] = [:]
        for number in 0..<keyspace.databases.count where keyspace.count(in: number) > 0 {
            sizes[number] = (keyspace.count(in: number), keyspace.volatileCount(in: number))
        }
        self.sizes = sizes
        if case .checksum = format.trailer { file.beginChecksum() }
    }

    /// Keys that there were when the snapshot began.
    var total: Int { sizes.values.reduce(0) { $0 + $1.keys } }

    func record(_ record: Record, database: Int, isLeaving: Bool) {
        if selected.insert(database).inserted, let size = sizes[database] {
            format.begin(database: database, keyCount: size.keys, volatileCount: size.volatile)
        }
        recorded += 1
        if let object = record.tableObject, object.count >= Self.entriesOfLargeTable {
            let table = format.table(of: record, database: database)
            object.beginWalk { table.append($0) }
            open.append(OpenTable(object: object, table: table))
        } else if record.isString, record.holdsObject, record.stringCount >= Self.largeString {
            handOver(string: record, database: database, isLeaving: isLeaving)
        } else {
            format.append(record, database: database)
            if format.blockCount >= Self.blockSize { emit(.block(format.takeBlock())) }
        }
    }

    private func emit(_ piece: SnapshotPiece) {
        if isStreaming { held.append(piece) } else { file.append(piece) }
    }

    private func handOver(string record: Record, database: Int, isLeaving: Bool) {
        emit(.block(format.takeBlock()))
        let frame = format.frame(ofString: record, database: database)
        let form = frame.form
        emit(.block(frame.head))
        emit(.string(record.object(as: LargeBytes.self), form, isLeaving: isLeaving))
        emit(.block(frame.tail))
        format.interrupt()
    }

    // MARK: Tables

    func proceed() -> Bool {
        guard let first = open.first else { return false }
        if !isStreaming {
            emit(.block(format.takeBlock()))
            format.interrupt()
            isStreaming = true
        }
        let hasMore = first.object.continueWalk(count: Self.entriesPerStep)
        if !hasMore { first.table.finish() }
        if !hasMore || first.table.blockCount >= Self.blockSize { file.append(.block(first.table.takeBlock())) }
        if !hasMore { endTable() }
        return true
    }

    private func endTable() {
        isStreaming = false
        for piece in held { file.append(piece) }
        held = []
        var object: TableObject? = open.removeFirst().object
        // Whoever removed it meanwhile has left it to this place to free it.
        if isKnownUniquelyReferenced(&object), let last = object.take() { reclaimer.drop(last) }
    }

    func abandon() {
        for table in open { table.object.endWalk() }
        open = []
        held = []
    }

    /// Hands over the rest.
    func finish() {
        file.append(.block(format.finish()))
        file.append(format.trailer)
    }
}
