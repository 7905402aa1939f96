// Reading an RDB file through a window that holds a part of it: small however large the file is, and never larger than
// the bytes that are really there ask for.

/// Why a file cannot be loaded.
enum RDBFileError: Error {
    case system(SystemError)
    case content(RDBError)

    var text: String {
        switch self {
        case .system(let error): error.message
        case .content(let error): "\(error.reason) (at byte \(error.offset))"
        }
    }
}

/// What a file held.
struct RDBSummary {
    var version = RDBVersion.common
    var facts: [(name: String, value: String)] = []
    var keys = 0
    var volatileKeys = 0
    /// Not loaded, for their time is over.
    var expiredKeys = 0
    /// Not loaded: collections of nothing, which some old versions wrote.
    var emptyKeys = 0
}

struct RDBFileReader: ~Copyable {
    private let file: any StoredFile
    private var window = ByteBuffer()
    /// Bytes of the file ahead of the window.
    private(set) var offset = 0
    private var isAtEnd = false
    private var checksum = CRC64()
    private let checks: Bool
    private var database = 0
    private let replaces: Bool
    private(set) var summary = RDBSummary()
    /// What the file may have left at most; nil when nobody knows.
    private let size: Int?
    private var keyBuffer = ByteBuffer()

    private static let step = 256 * 1024
    /// Type, key and value of a key take no less.
    private static let leastBytesPerKey = 3

    /// A key that is there already is an error, unless it is to be replaced.
    init(_ file: any StoredFile, checksChecksum: Bool, replacing: Bool = false, size: Int? = nil) {
        self.file = file
        self.size = size
        checks = checksChecksum
        replaces = replacing
    }

    /// Puts all keys of the file into `keyspace`.
    mutating func load(into keyspace: inout Keyspace) throws(RDBFileError) {
        try readHeader()
        while try loadItem(into: &keyspace) {}
    }

    /// The same in steps, behind `readHeader`: puts the next key into `keyspace`, or takes note of something else;
    /// false when the file is at its end, and all that can be checked was right.
    mutating func loadItem(into keyspace: inout Keyspace) throws(RDBFileError) -> Bool {
        if try readItem(into: &keyspace) { return true }
        try readChecksum()
        return false
    }

    /// What has been read of the file and lies behind the snapshot.
    mutating func takeRest() -> ByteBuffer {
        var rest = ByteBuffer()
        swap(&rest, &window)
        return rest
    }

    mutating func readHeader() throws(RDBFileError) {
        while window.count < RDBVersion.headerCount, try fill() {}
        let header = window.bytes.extracting(first: min(window.count, RDBVersion.headerCount)).copied()
        guard let version = RDBVersion(header: header.span) else {
            throw .content(RDBError("Wrong signature trying to load DB from file", at: 0))
        }
        guard version.isReadable else {
            throw .content(RDBError("Can't handle RDB format version \(version.number)", at: 0))
        }
        summary.version = version
        consume(RDBVersion.headerCount)
    }

    /// More of the file in the window; false at its end.
    private mutating func fill() throws(RDBFileError) -> Bool {
        guard !isAtEnd else { return false }
        // Twice as much each time that it was not enough, so that a long value is not read over and over.
        let wanted = max(Self.step, window.count)
        let place = window.reserve(wanted)
        do throws(SystemError) {
            let count = try file.read(into: UnsafeMutableRawBufferPointer(start: place, count: wanted))
            window.commit(count)
            isAtEnd = count == 0
            return count > 0
        } catch {
            throw .system(error)
        }
    }

    private mutating func consume(_ count: Int) {
        if checks {
            var sum = checksum
            sum.update(window.bytes.extracting(first: count))
            checksum = sum
        }
        window.consume(count)
        offset += count
    }

    /// From version 5 on the file ends with a checksum; zeros say that none was made.
    private mutating func readChecksum() throws(RDBFileError) {
        guard summary.version.number >= 5 else { return }
        while window.count < 8, try fill() {}
        guard window.count >= 8 else { throw .content(RDBError("the file ends too early", at: offset)) }
        let said = window.bytes.littleEndian(at: 0, width: 8)
        defer {
            window.consume(8)
            offset += 8
        }
        guard !checks || said == 0 || said == checksum.value else {
            throw .content(RDBError("RDB CRC error: the checksum is wrong", at: offset))
        }
    }

    // MARK: Items

    /// One opcode with all that belongs to it, or one key; false at the end. What is cut by the window is read again
    /// when the window holds more.
    private mutating func readItem(into keyspace: inout Keyspace) throws(RDBFileError) -> Bool {
        if window.isEmpty { _ = try fill() }
        while true {
            // Out of the reader while it is read from.
            var bytes = ByteBuffer()
            swap(&bytes, &window)
            let result = parse(bytes.bytes, &keyspace)
            swap(&bytes, &window)
            switch result {
            case .success(let item):
                consume(item.count)
                return item.hasMore
            case .failure(let error):
                if error.isCut, try fill() { continue }
                let reason = error.isCut ? "Short read or OOM loading DB: the file ends too early" : error.reason
                throw .content(RDBError(reason, at: offset + error.offset))
            }
        }
    }

    private struct Item {
        let count: Int
        let hasMore: Bool
    }

    private mutating func parse(_ bytes: ByteSpan, _ keyspace: inout Keyspace) -> Result<Item, RDBError> {
        var reader = RDBReader(bytes)
        do throws(RDBError) {
            let hasMore = try item(&reader, &keyspace)
            return .success(Item(count: reader.offset, hasMore: hasMore))
        } catch {
            return .failure(error)
        }
    }

    private mutating func item(_ reader: inout RDBReader, _ keyspace: inout Keyspace) throws(RDBError) -> Bool {
        let start = reader.offset
        let code = try reader.byte()
        switch code {
        case RDBOpcode.end: return false
        case RDBOpcode.selectDB:
            let number = try reader.length()
            guard let number = Int(exactly: number), keyspace.hasDatabase(number) else {
                throw RDBError(
                    "FATAL: Data file was created with a Redis server configured to handle more databases", at: start)
            }
            database = number
        case RDBOpcode.resizeDB:
            let keys = try reader.length()
            _ = try reader.length()
            // No more than the file can hold, whatever it says.
            let most = max(0, (size ?? 0) - offset) / Self.leastBytesPerKey
            keyspace.databases[database].table.reserve(min(Int(clamping: keys), most))
        case RDBOpcode.aux:
            let name = try reader.withString { $0.text }
            let value = try reader.withString { $0.text }
            summary.facts.append((name, value))
        case RDBOpcode.slotInfo:
            for _ in 0..<3 { _ = try reader.length() }
        case RDBOpcode.function2, RDBOpcode.functionPreGA:
            throw RDBError("a function library, which there is no support for yet", at: start)
        case RDBOpcode.moduleAux: throw RDBError("data of a module, which there is no support for", at: start)
        default: try key(code, &reader, &keyspace)
        }
        return true
    }

    /// What the file says of a key's uses.
    private struct Uses {
        var idleSeconds: Int64?
        var counter: UInt8?

        var isEmpty: Bool { idleSeconds == nil && counter == nil }
    }

    /// A key with what stands ahead of its type.
    private mutating func key(
        _ first: UInt8, _ reader: inout RDBReader, _ keyspace: inout Keyspace
    ) throws(RDBError) {
        var deadline: Int64?
        var uses = Uses()
        var code = first
        while true {
            switch code {
            case RDBOpcode.expireMilliseconds: deadline = try reader.milliseconds()
            case RDBOpcode.expireSeconds:
                deadline = Int64(Int32(truncatingIfNeeded: try reader.littleEndian(width: 4))) * 1000
            case RDBOpcode.idle: uses.idleSeconds = Int64(clamping: try reader.length())
            case RDBOpcode.frequency: uses.counter = try reader.byte()
            default:
                return try store(code, deadline, uses, &reader, &keyspace)
            }
            code = try reader.byte()
        }
    }

    private mutating func store(
        _ type: UInt8, _ deadline: Int64?, _ uses: Uses, _ reader: inout RDBReader, _ keyspace: inout Keyspace
    ) throws(RDBError) {
        let start = reader.offset
        var key = ByteBuffer()
        swap(&key, &keyBuffer)
        key.clear()
        try reader.withString { key.append($0) }
        let isStored: Bool
        if RDBType(rawValue: type) == .string {
            isStored = try storeString(key.bytes, deadline, at: start, &reader, &keyspace)
        } else {
            isStored = try storeCollection(key.bytes, type, deadline, at: start, &reader, &keyspace)
        }
        summary.keys += 1
        if deadline != nil { summary.volatileKeys += 1 }
        if isStored, !uses.isEmpty, let record = keyspace.stored(key.bytes, in: database) {
            keyspace.setUses(of: record, idleSeconds: uses.idleSeconds, counter: uses.counter)
        }
        swap(&key, &keyBuffer)
    }

    private static let isThereTwice = "a key that is there twice"

    /// From the window right into the record.
    private mutating func storeString(
        _ key: ByteSpan, _ deadline: Int64?, at start: Int, _ reader: inout RDBReader, _ keyspace: inout Keyspace
    ) throws(RDBError) -> Bool {
        let database = database
        let isOver = deadline.map { keyspace.hasPassed($0) } ?? false
        let before = keyspace.count(in: database)
        try reader.withString { value in
            guard !isOver else { return }
            keyspace.setString(key, to: value, deadline: deadline.map { .set($0) } ?? .clear, in: database)
        }
        if isOver {
            summary.expiredKeys += 1
            return false
        }
        guard replaces || keyspace.count(in: database) > before else { throw RDBError(Self.isThereTwice, at: start) }
        return true
    }

    private mutating func storeCollection(
        _ key: ByteSpan, _ type: UInt8, _ deadline: Int64?, at start: Int, _ reader: inout RDBReader,
        _ keyspace: inout Keyspace
    ) throws(RDBError) -> Bool {
        let value = try reader.value(typeNumber: type, version: summary.version, for: &keyspace)
        if value.isEmpty {
            summary.emptyKeys += 1
            return false
        }
        if let deadline, keyspace.hasPassed(deadline) {
            summary.expiredKeys += 1
            return false
        }
        if keyspace.isLive(key, in: database) {
            guard replaces else { throw RDBError(Self.isThereTwice, at: start) }
            keyspace.remove(key, in: database, lazily: false)
        }
        guard keyspace.insert(value, as: key, in: database) else {
            summary.expiredKeys += 1
            return false
        }
        if let deadline, let record = keyspace.stored(key, in: database) {
            keyspace.setDeadline(deadline, of: record, in: database)
        }
        return true
    }
}
