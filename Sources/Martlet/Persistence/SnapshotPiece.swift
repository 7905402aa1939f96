// Bytes of a snapshot on their way to the file's queue: a block, or a large string that is put into its form there.

/// Guard for `@unchecked Sendable`: made by one thread, visited by the one that it was handed to.
final class SnapshotPiece: @unchecked Sendable {
    enum StringForm {
        case raw
        /// As RDB files hold strings.
        case rdb(compresses: Bool)
    }

    private let block: ByteBuffer
    /// Shared with the keyspace: whoever changes a string that others hold changes a copy.
    private let string: (bytes: LargeBytes, form: StringForm)?
    /// Of a string that the keyspace is about to let go of: no key is evicted because the disk is slow.
    private let departure: Departure?

    private init(_ block: consuming ByteBuffer, _ string: (LargeBytes, StringForm)?, isLeaving: Bool = false) {
        self.block = block
        self.string = string.map { ($0.0, $0.1) }
        departure = isLeaving ? string?.0.depart() : nil
    }

    static func block(_ block: consuming ByteBuffer) -> SnapshotPiece { SnapshotPiece(block, nil) }

    static func string(_ bytes: LargeBytes, _ form: StringForm, isLeaving: Bool) -> SnapshotPiece {
        SnapshotPiece(ByteBuffer(), (bytes, form), isLeaving: isLeaving)
    }

    var count: Int { block.count + (string?.bytes.count ?? 0) }

    /// Shows the bytes as the file shall hold them.
    func visit(_ body: (ByteSpan) -> Void) {
        switch string {
        case nil: Self.show(block, to: body)
        case (let bytes, .raw)?: body(bytes.bytes)
        case (let bytes, .rdb(let compresses))?:
            var writer = RDBWriter(compresses: compresses)
            let isShorter = writer.appendCompressed(bytes.bytes)
            if !isShorter { writer.append(length: bytes.count) }
            body(writer.buffer.bytes)
            if !isShorter { body(bytes.bytes) }
        }
    }

    private static func show(_ block: borrowing ByteBuffer, to body: (ByteSpan) -> Void) { body(block.bytes) }
}
