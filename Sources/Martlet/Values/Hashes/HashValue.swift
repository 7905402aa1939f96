// Hashes: one packed block while they are small, a table when they are not.
//
//   encoding     payload
//   listpack     field value field value ...                     no field has ever had a deadline
//   listpackex   field value deadline field value deadline ...   milliseconds; 0 for a field without one
//   packedTable  as listpack, with values too long for one; see EncodingLimits.blockBytes
//   hashtable    an object: HashObject
//
// The record's inner deadline is the earliest of all fields' deadlines.

/// Where a field of a live record stands; good until the record's next change.
enum FieldPlace {
    /// Offsets of the field and of its value in the packed block.
    case packed(field: Int, value: Int)
    case entry(TableEntry)
}

extension ValueKind {
    static let hashListpack = ValueKind(type: .hash, encoding: .listpack)
    static let hashListpackEx = ValueKind(type: .hash, encoding: .listpackex)
    static let hashPackedTable = ValueKind(type: .hash, encoding: .packedTable)
    static let hashTable = ValueKind(type: .hash, encoding: .hashtable)
}

extension Record {
    var isHash: Bool { kind & 0x0F == ValueType.hash.rawValue }

    /// Elements for each field of a packed hash; 0 for a table.
    var packedFieldWidth: Int {
        switch valueKind.encoding {
        case .listpack, .packedTable: 2
        case .listpackex: 3
        default: 0
        }
    }

    /// The number of stored fields, those whose time is over among them.
    var fieldCount: Int {
        let width = packedFieldWidth
        if width == 0 { return object(as: HashObject.self).count }
        return withPacked { PackedList($0).count } / width
    }

    /// The place of a stored field, whatever its deadline.
    @inline(__always)
    func place(ofField field: ByteSpan) -> FieldPlace? {
        let width = packedFieldWidth
        if width == 0 { return object(as: HashObject.self).find(field).map { .entry($0) } }
        return withPacked { bytes in
            let list = PackedList(bytes)
            guard case .found(let offset) = list.search(field, step: width) else { return nil }
            return .packed(field: offset, value: list.next(after: offset))
        }
    }

    /// The value at a place.
    @inline(__always)
    func withValue<Result, Failure: Error>(
        at place: FieldPlace, _ body: (ByteSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch place {
        case .entry(let entry): try body(entry.value)
        case .packed(_, let value):
            try withPacked { (bytes) throws(Failure) in try PackedList(bytes).withString(at: value, body) }
        }
    }

    /// The field's name at a place.
    func withField<Result>(at place: FieldPlace, _ body: (ByteSpan) -> Result) -> Result {
        switch place {
        case .entry(let entry): body(entry.key)
        case .packed(let field, _): withPacked { PackedList($0).withString(at: field, body) }
        }
    }

    func deadline(at place: FieldPlace) -> Int64? {
        switch place {
        case .entry(let entry): return entry.hasDeadline ? entry.deadline : nil
        case .packed(_, let value):
            guard packedFieldWidth == 3 else { return nil }
            return withPacked { bytes in
                let list = PackedList(bytes)
                return list.deadline(at: list.next(after: value))
            }
        }
    }

    // MARK: All fields

    /// Visits every stored field, those whose time is over among them.
    func visitFields(_ body: (_ field: ByteSpan, _ value: ByteSpan, _ deadline: Int64?) -> Void) {
        let width = packedFieldWidth
        guard width > 0 else {
            object(as: HashObject.self).table.visitAll { entry in
                body(entry.key, entry.value, entry.hasDeadline ? entry.deadline : nil)
            }
            return
        }
        withPacked { PackedList($0).visitFields(width: width, body) }
    }

    /// The earliest deadline of all fields.
    var earliestFieldDeadline: Int64? {
        switch packedFieldWidth {
        case 0: return object(as: HashObject.self).earliestDeadline
        case 2: return nil
        default:
            var earliest: Int64?
            visitFields { _, _, deadline in
                if let deadline { earliest = min(earliest ?? Int64.max, deadline) }
            }
            return earliest
        }
    }

    /// The place of the stored field number `index` of a packed hash.
    func packedPlace(ofFieldNumber index: Int) -> FieldPlace? {
        let width = packedFieldWidth
        return withPacked { bytes in
            let list = PackedList(bytes)
            return list.offset(of: index * width).map { .packed(field: $0, value: list.next(after: $0)) }
        }
    }
}

extension PackedList {
    /// A deadline as listpackex keeps it.
    fileprivate func deadline(at offset: Int) -> Int64? {
        let milliseconds = withString(at: offset) { parseInt64($0) } ?? 0
        return milliseconds == 0 ? nil : milliseconds
    }

    /// Visits the fields of a packed hash with so many elements for each.
    func visitFields(
        width: Int, _ body: (_ field: ByteSpan, _ value: ByteSpan, _ deadline: Int64?) -> Void
    ) {
        var offset = 0
        while offset < bytes.count {
            let value = next(after: offset)
            let end = next(after: value)
            let deadline = width == 3 ? deadline(at: end) : nil
            withString(at: offset) { field in withString(at: value) { body(field, $0, deadline) } }
            offset = width == 3 ? next(after: end) : end
        }
    }
}
