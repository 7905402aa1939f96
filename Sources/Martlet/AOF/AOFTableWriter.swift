// Writing one large collection as the commands that make it, entry by entry.

struct AOFTableWriter: ~Copyable {
    private let key: [UInt8]
    private let isSet: Bool
    private let deadline: Int64?
    private var block = ByteBuffer()
    /// Words of the command that is being collected.
    private var words = ByteBuffer()
    private var entryCount = 0
    private var fieldDeadlines: [(field: [UInt8], deadline: Int64)] = []

    init(_ record: Record, database: Int) {
        key = record.key.copied()
        isSet = record.isSet
        deadline = record.hasDeadline ? record.deadline : nil
        block.appendSelect(database)
    }

    var blockCount: Int { block.count }

    mutating func takeBlock() -> ByteBuffer {
        var taken = ByteBuffer()
        swap(&taken, &block)
        return taken
    }

    mutating func append(_ entry: TableEntry) {
        words.appendBulk(entry.key)
        if !isSet { words.appendBulk(entry.value) }
        if entry.hasDeadline { fieldDeadlines.append((entry.key.copied(), entry.deadline)) }
        entryCount += 1
        if entryCount == AOFBaseWriter.elementsPerCommand { endCommand() }
    }

    /// All entries have come.
    mutating func finish() {
        endCommand()
        let key = key
        if let deadline { block.appendExpiry(of: key.span, deadline) }
    }

    private mutating func endCommand() {
        guard entryCount > 0 else { return }
        let key = key
        // Out of the writer while they are read from.
        var entries = ByteBuffer()
        swap(&entries, &words)
        block.appendHeader(UInt8(ascii: "*"), Int64(2 + entryCount * (isSet ? 1 : 2)))
        block.append(isSet ? "$4\r\nSADD\r\n" : "$5\r\nHMSET\r\n")
        block.appendBulk(key.span)
        block.append(entries.bytes)
        entries.clear()
        swap(&entries, &words)
        entryCount = 0
        for (field, deadline) in fieldDeadlines {
            block.append("*6\r\n$10\r\nHPEXPIREAT\r\n")
            block.appendBulk(key.span)
            block.appendBulk(deadline)
            block.append("$6\r\nFIELDS\r\n$1\r\n1\r\n")
            block.appendBulk(field.span)
        }
        fieldDeadlines = []
    }
}

extension ByteBuffer {
    mutating func appendSelect(_ database: Int) {
        append("*2\r\n$6\r\nSELECT\r\n")
        appendBulk(Int64(database))
    }

    mutating func appendExpiry(of key: ByteSpan, _ deadline: Int64) {
        append("*3\r\n$9\r\nPEXPIREAT\r\n")
        appendBulk(key)
        appendBulk(deadline)
    }
}
