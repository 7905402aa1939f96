// What was done to the data, as commands in the order in which it was done: what the append only file holds. A command
// is written down as its client sent it, or in the words that lead to the same data whenever they are executed: with
// absolute times, with results in the place of chances.
//
// The commands of one unit of execution (a request, a whole EXEC, one expired key) are done all or not at all: from two
// on they stand between MULTI and EXEC.

struct CommandLog: ~Copyable {
    /// Nothing is written down while nobody keeps it.
    var isOn = false
    private var buffer = ByteBuffer()
    /// Bytes that have left the buffer since the server began.
    private(set) var drainedCount = 0
    /// The database that the last command written down was done in; nil when the next reader cannot know.
    private var database: Int?
    private var unitStart = 0
    private var unitCount = 0
    /// Where the unit's first command begins.
    private var firstCommand = 0
    /// `PXAT deadline` as two words, for many keys are given the same deadline one after the other.
    private var deadlineWords = ByteBuffer()
    private var deadline: Int64?

    private static let multi: StaticString = "*1\r\n$5\r\nMULTI\r\n"
    private static let exec: StaticString = "*1\r\n$4\r\nEXEC\r\n"

    var count: Int { buffer.count }
    var capacity: Int { buffer.capacity }
    /// Bytes written down since the server began. No server lives long enough for it to overflow.
    var offset: Int { drainedCount + buffer.count }

    /// A command of so many words, which `append` adds, was done in this database.
    mutating func begin(wordCount: Int, in database: Int) {
        beginUnit(in: database)
        buffer.appendHeader(UInt8(ascii: "*"), Int64(wordCount))
    }

    /// SET with a point in time, in few steps, because most of what is logged is that.
    mutating func appendSet(_ key: ByteSpan, to value: ByteSpan, deadline: Int64, in database: Int) {
        beginUnit(in: database)
        if self.deadline != deadline {
            self.deadline = deadline
            deadlineWords.clear()
            deadlineWords.append("$4\r\nPXAT\r\n")
            deadlineWords.appendBulk(deadline)
        }
        buffer.append("*5\r\n$3\r\nSET\r\n", bulks: key, value, deadlineWords)
    }

    private mutating func beginUnit(in database: Int) {
        if unitCount == 1 {
            buffer.insert(Self.multi, at: firstCommand)
        }
        unitCount += 1
        if self.database != database {
            self.database = database
            buffer.appendHeader(UInt8(ascii: "*"), 2)
            append("SELECT")
            append(Int64(database))
        }
        // As Redis has it, the database that a transaction begins in is said ahead of it.
        if unitCount == 1 { firstCommand = buffer.count }
    }

    @inline(__always)
    mutating func append(_ word: ByteSpan) { buffer.appendBulk(word) }

    mutating func append(_ word: StaticString) {
        buffer.appendHeader(UInt8(ascii: "$"), Int64(word.utf8CodeUnitCount))
        buffer.append(word)
        buffer.append("\r\n")
    }

    mutating func append(_ number: Int64) { buffer.appendBulk(number) }

    /// A command as it was sent.
    mutating func append(_ arguments: borrowing Arguments, in database: Int) {
        begin(wordCount: arguments.count, in: database)
        for index in 0..<arguments.count { append(arguments[index]) }
    }

    /// A key is gone, be it by a command or because its time was over.
    mutating func appendDeletion(of key: ByteSpan, in database: Int, isLazy: Bool) {
        guard isOn else { return }
        begin(wordCount: 2, in: database)
        append(isLazy ? "UNLINK" : "DEL")
        append(key)
    }

    /// What follows belongs to another unit.
    @inline(__always)
    mutating func endUnit() {
        if unitCount > 0 { closeUnit() }
    }

    private mutating func closeUnit() {
        if unitCount > 1 { buffer.append(Self.exec) }
        unitCount = 0
        unitStart = buffer.count
    }

    /// Moves all complete units to the end of `target`.
    mutating func drain(into target: inout ByteBuffer) {
        drainedCount += unitStart
        if target.isEmpty, unitCount == 0 {
            swap(&target, &buffer)
        } else {
            target.append(buffer.bytes.extracting(first: unitStart))
            buffer.remove(0..<unitStart)
        }
        unitStart = 0
    }

    /// Memory that was drained and has been written: the same, still in the processor's caches, serves the next turn.
    mutating func reuse(_ memory: inout ByteBuffer) {
        if buffer.isEmpty, memory.isEmpty, unitCount == 0 { swap(&memory, &buffer) }
    }

    /// The next command begins with its database: whoever reads on from there does not know it.
    mutating func forgetDatabase() { database = nil }

    mutating func removeAll() {
        drainedCount += buffer.count
        buffer.clear()
        database = nil
        unitStart = 0
        unitCount = 0
    }
}
