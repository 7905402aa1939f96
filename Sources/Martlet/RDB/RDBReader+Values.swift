// Reading values of all types and encodings that there is a home for. What is read is checked in full, and becomes a
// value in the encoding that the server's own limits ask for.

/// A value that has been read and stands under no key yet.
enum LoadedValue: ~Copyable {
    case string(ByteBuffer)
    case set(SetMembers)
    case hash(HashFields)
    /// A collection of nothing, which no server writes.
    case empty
    /// A hash whose fields are all past their deadlines.
    case over
}

extension LoadedValue {
    var isEmpty: Bool {
        switch self {
        case .empty: true
        default: false
        }
    }
}

extension RDBReader {
    /// Reads a value of the type with this number, for the encodings and the time of `keyspace`.
    mutating func value(
        typeNumber: UInt8, version: RDBVersion, for keyspace: inout Keyspace
    ) throws(RDBError) -> LoadedValue {
        guard let type = RDBType(rawValue: typeNumber) else {
            throw RDBError("unknown type \(typeNumber)", at: offset)
        }
        do throws(RDBError) {
            return try value(type, version: version, for: &keyspace)
        } catch {
            // What is cut may be whole when more has been read.
            guard !error.isCut, let block = type.packedName else { throw error }
            throw RDBError("\(block) integrity check failed: \(error.reason)", at: error.offset)
        }
    }

    private mutating func value(
        _ type: RDBType, version: RDBVersion, for keyspace: inout Keyspace
    ) throws(RDBError) -> LoadedValue {
        switch type {
        case .string: return .string(try string())
        case .set, .setIntset, .setListpack: return try set(type, keyspace.makeMembers())
        case .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashMetadataPreGA, .hashListpackExPreGA, .hashMetadata,
            .hashListpackEx:
            return try hash(
                type, isValkeys: version.isValkeys, HashCollector(keyspace.makeFields(), now: keyspace.horizon))
        default: throw RDBError("a value of type \(type.name), which there is no support for yet", at: offset)
        }
    }

    private mutating func string() throws(RDBError) -> ByteBuffer {
        var copy = ByteBuffer()
        try withString { copy.append($0) }
        return copy
    }

    // MARK: Sets

    private mutating func set(
        _ type: RDBType, _ collected: consuming SetMembers
    ) throws(RDBError) -> LoadedValue {
        var members = collected
        let start = offset
        var hasTwins = false
        switch type {
        case .setIntset:
            try withString { (block) throws(RDBError) in
                try Intset.visit(block, at: start) { if !members.append($0) { hasTwins = true } }
            }
        case .setListpack:
            try withString { (block) throws(RDBError) in
                try Listpack.visit(block, at: start) { if !members.append($0) { hasTwins = true } }
            }
        default:
            for _ in 0..<(try length()) { try withString { if !members.append($0) { hasTwins = true } } }
        }
        if hasTwins { throw RDBError("a member that is there twice", at: start) }
        return members.count == 0 ? .empty : .set(members)
    }

    // MARK: Hashes

    private mutating func hash(
        _ type: RDBType, isValkeys: Bool, _ collected: consuming HashCollector
    ) throws(RDBError) -> LoadedValue {
        var fields = collected
        let start = offset
        switch type {
        case .hashZipmap:
            try withString { (block) throws(RDBError) in
                try Zipmap.visit(block, at: start) { (element) throws(RDBError) in try fields.take(element, at: start) }
            }
        case .hashZiplist:
            try withString { (block) throws(RDBError) in
                try Ziplist.visit(block, at: start) { (element) throws(RDBError) in
                    try fields.take(element, at: start)
                }
            }
        case .hashListpack, .hashListpackEx, .hashListpackExPreGA:
            fields.hasDeadlines = type != .hashListpack
            // The earliest deadline, which the fields tell, too.
            if type == .hashListpackEx { _ = try milliseconds() }
            try withString { (block) throws(RDBError) in
                try Listpack.visit(block, at: start) { (element) throws(RDBError) in
                    try fields.take(element, at: start)
                }
            }
        case .hashMetadataPreGA where isValkeys: try pairs(.behind, &fields)
        case .hashMetadataPreGA: try pairs(.absolute, &fields)
        case .hashMetadata: try pairs(.relative(to: try milliseconds()), &fields)
        default: try pairs(.none, &fields)
        }
        return try fields.finish(at: start)
    }

    /// Where the deadline of a field stands that is not packed.
    private enum DeadlineForm {
        case none
        /// A length ahead of the field: the milliseconds, 0 for none.
        case absolute
        /// The same, counted from another time, which is 1.
        case relative(to: Int64)
        /// Milliseconds behind the value, -1 for none.
        case behind
    }

    private mutating func pairs(_ form: DeadlineForm, _ fields: inout HashCollector) throws(RDBError) {
        for _ in 0..<(try length()) {
            let start = offset
            var deadline: Int64?
            switch form {
            case .none, .behind: break
            case .absolute: deadline = try readDeadline(from: 1)
            case .relative(let earliest): deadline = try readDeadline(from: earliest)
            }
            try withString { (field) throws(RDBError) in fields.hold(field) }
            try withString { (value) throws(RDBError) in fields.holdValue(value) }
            if case .behind = form {
                let milliseconds = try milliseconds()
                deadline = milliseconds == -1 ? nil : milliseconds
            }
            try fields.add(deadline: deadline, at: start)
        }
    }

    /// A length that counts from `start`: 1 is `start` itself, 0 is no deadline.
    private mutating func readDeadline(from start: Int64) throws(RDBError) -> Int64? {
        let place = offset
        let distance = try length()
        guard distance > 0 else { return nil }
        guard let step = Int64(exactly: distance - 1) else { throw RDBError("a deadline out of range", at: place) }
        let (sum, overflow) = start.addingReportingOverflow(step)
        guard !overflow else { throw RDBError("a deadline out of range", at: place) }
        return sum
    }
}

/// Takes the strings of a hash in the order in which they are read: field, value and, with deadlines, the deadline.
private struct HashCollector: ~Copyable {
    private var fields: HashFields
    private let now: Int64
    var hasDeadlines = false
    private var field = ByteBuffer()
    private var value = ByteBuffer()
    /// Strings of the field that is not complete.
    private var held = 0
    private var over = 0

    init(_ fields: consuming HashFields, now: Int64) {
        self.fields = fields
        self.now = now
    }

    mutating func take(_ element: ByteSpan, at offset: Int) throws(RDBError) {
        switch held {
        case 0:
            hold(element)
            held = 1
        case 1:
            holdValue(element)
            held = 2
            if !hasDeadlines { try add(deadline: nil, at: offset) }
        default:
            guard let milliseconds = parseInt64(element) else { throw RDBError("a deadline that is none", at: offset) }
            try add(deadline: milliseconds == 0 ? nil : milliseconds, at: offset)
        }
    }

    mutating func hold(_ field: ByteSpan) {
        self.field.clear()
        self.field.append(field)
    }

    mutating func holdValue(_ value: ByteSpan) {
        self.value.clear()
        self.value.append(value)
    }

    /// Adds the field and the value that are held, unless its time is over.
    mutating func add(deadline: Int64?, at offset: Int) throws(RDBError) {
        held = 0
        if let deadline {
            guard (0...HashFields.latestDeadline).contains(deadline) else {
                throw RDBError("a deadline out of range", at: offset)
            }
            guard deadline >= now else {
                over += 1
                return
            }
        }
        // Out of the collector while they are read from.
        var name = ByteBuffer()
        var content = ByteBuffer()
        swap(&name, &field)
        swap(&content, &value)
        let isNew = fields.append(field: name.bytes, value: content.bytes, deadline: deadline)
        swap(&name, &field)
        swap(&content, &value)
        guard isNew else { throw RDBError("a field that is there twice", at: offset) }
    }

    consuming func finish(at offset: Int) throws(RDBError) -> LoadedValue {
        guard held == 0 else { throw RDBError("a field without a value", at: offset) }
        guard fields.count > 0 else { return over > 0 ? .over : .empty }
        return .hash(fields)
    }
}

extension Keyspace {
    /// Stores what was read under `key`, which must not exist; false when there is nothing to store.
    mutating func insert(_ value: consuming LoadedValue, as key: ByteSpan, in index: Int) -> Bool {
        switch consume value {
        case .string(let bytes): setString(key, to: bytes.bytes, in: index)
        case .set(let members): insertSet(key, members, in: index)
        case .hash(let fields): insertHash(key, fields, in: index)
        case .empty: return false
        case .over: return false
        }
        return true
    }
}
