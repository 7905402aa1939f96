// Writing the data as the commands that make it: the base of an append only file where it shall be no snapshot.

struct AOFBaseWriter: ~Copyable {
    private var log = CommandLog()
    private var block = ByteBuffer()

    /// Elements of one command at most, so that whoever replays them need not hold all.
    static let elementsPerCommand = 64

    /// `timestamp`: seconds since 1970, to be noted ahead of everything.
    init(timestamp: Int64?) {
        if let timestamp { block.append(text: "#TS:\(timestamp)\r\n") }
    }

    /// The next command says its database.
    mutating func forgetDatabase() { log.forgetDatabase() }

    var blockCount: Int { block.count + log.count }

    mutating func takeBlock() -> ByteBuffer {
        log.drain(into: &block)
        var taken = ByteBuffer()
        swap(&taken, &block)
        return taken
    }

    mutating func append(_ record: Record, database: Int) {
        if record.isString {
            command("SET", wordCount: 3, record, database) { log in
                if record.valueKind == .int {
                    log.append(record.integer)
                } else {
                    record.withStringBytes { log.append($0) }
                }
            }
        } else if record.isSet {
            appendSet(record, database)
        } else {
            appendHash(record, database)
        }
        guard record.hasDeadline else { return }
        command("PEXPIREAT", wordCount: 3, record, database) { $0.append(record.deadline) }
    }

    /// A command of so many words: name, key and what `body` adds.
    private mutating func command(
        _ name: StaticString, wordCount: Int, _ record: Record, _ database: Int, _ body: (inout CommandLog) -> Void
    ) {
        log.begin(wordCount: wordCount, in: database)
        log.append(name)
        log.append(record.key)
        body(&log)
        log.endUnit()
    }

    private mutating func appendSet(_ record: Record, _ database: Int) {
        var left = record.memberCount
        var open = 0
        record.visitMembers { member in
            if open == 0 {
                open = min(left, Self.elementsPerCommand)
                log.begin(wordCount: 2 + open, in: database)
                log.append("SADD")
                log.append(record.key)
            }
            log.append(member)
            open -= 1
            left -= 1
            if open == 0 { log.endUnit() }
        }
    }

    private mutating func appendHash(_ record: Record, _ database: Int) {
        var left = record.fieldCount
        var open = 0
        record.visitFields { field, value, _ in
            if open == 0 {
                open = min(left, Self.elementsPerCommand)
                log.begin(wordCount: 2 + 2 * open, in: database)
                log.append("HMSET")
                log.append(record.key)
            }
            log.append(field)
            log.append(value)
            open -= 1
            left -= 1
            if open == 0 { log.endUnit() }
        }
        guard record.earliestFieldDeadline != nil else { return }
        record.visitFields { field, _, deadline in
            guard let deadline else { return }
            command("HPEXPIREAT", wordCount: 6, record, database) { log in
                log.append(deadline)
                log.append("FIELDS")
                log.append(1)
                log.append(field)
            }
        }
    }
}
