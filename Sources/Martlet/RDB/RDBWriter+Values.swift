// Writing values: the type that a record's value is stored as, and its bytes.
//
//   string           string
//   set              count, member ...
//   setIntset        string (an intset)
//   hash             count, (field, value) ...
//   hashListpack     string (a listpack of field, value, ...)
//   hashMetadata     earliest deadline (8), count, (deadline - earliest + 1 or 0, field, value) ...
//   hashListpackEx   earliest deadline (8), string (a listpack of field, value, deadline or 0, ...)
//
// A set in a packed list is written as `set`, which every Redis reads; fields in a listpackEx stand in the order of
// their deadlines, those without one at the end, as Redis expects.

extension RDBType {
    /// A packed value may grow when it is written as a listpack, and those end at 4 GB.
    private static let largestPacked = 1 << 30

    /// What the value of `record` is stored as.
    static func storing(_ record: Record) -> RDBType {
        if record.isString { return .string }
        if record.isSet { return record.valueKind == .setIntset ? .setIntset : .set }
        let isPacked =
            record.packedFieldWidth > 0 && record.valueKind != .hashPackedTable && record.packedCount <= largestPacked
        if record.earliestFieldDeadline != nil { return isPacked ? .hashListpackEx : .hashMetadata }
        return isPacked ? .hashListpack : .hash
    }

    /// The version that a reader has to know for it.
    var version: RDBVersion {
        switch self {
        case .hashMetadata, .hashListpackEx: .fieldDeadlines
        default: .common
        }
    }
}

extension RDBWriter {
    /// Appends the value of `record` as `type`, which must be what `storing` gave.
    mutating func append(valueOf record: Record, as type: RDBType) {
        switch type {
        case .set:
            appendCount(of: record, as: type)
            record.visitMembers { append(string: $0) }
        case .setIntset:
            var block = ByteBuffer()
            record.withPacked { Intset.write(SortedIntegers($0), to: &block) }
            append(string: block.bytes)
        case .hash:
            appendCount(of: record, as: type)
            record.visitFields { field, value, _ in
                append(string: field)
                append(string: value)
            }
        case .hashListpack:
            var list = ListpackWriter()
            record.visitFields { field, value, _ in
                list.append(field)
                list.append(value)
            }
            let block = list.takeBlock()
            append(string: block.bytes)
        case .hashMetadata: appendMetadata(record)
        case .hashListpackEx: appendListpackEx(record)
        default: appendString(record)
        }
    }

    private mutating func appendString(_ record: Record) {
        if record.valueKind == .int {
            append(string: record.integer)
        } else {
            record.withStringBytes { append(string: $0) }
        }
    }

    /// What stands ahead of the elements of a `set`, `hash` or `hashMetadata`.
    mutating func appendCount(of record: Record, as type: RDBType) {
        if type == .hashMetadata { append(milliseconds: record.earliestFieldDeadline ?? 0) }
        append(length: type == .set ? record.memberCount : record.fieldCount)
    }

    /// An element of a `set`, `hash` or `hashMetadata` that is a table; `earliest` is the deadline at its head.
    mutating func append(_ entry: TableEntry, as type: RDBType, earliest: Int64) {
        // No deadline is earlier than the earliest.
        if type == .hashMetadata { append(length: entry.hasDeadline ? Int(entry.deadline - earliest) + 1 : 0) }
        append(string: entry.key)
        if type != .set { append(string: entry.value) }
    }

    private mutating func appendMetadata(_ record: Record) {
        let earliest = record.earliestFieldDeadline ?? 0
        appendCount(of: record, as: .hashMetadata)
        record.visitFields { field, value, deadline in
            // No deadline is earlier than the earliest.
            append(length: deadline.map { Int($0 - earliest) + 1 } ?? 0)
            append(string: field)
            append(string: value)
        }
    }

    private mutating func appendListpackEx(_ record: Record) {
        append(milliseconds: record.earliestFieldDeadline ?? 0)
        var fields: [(name: [UInt8], value: [UInt8], deadline: Int64?)] = []
        record.visitFields { fields.append(($0.copied(), $1.copied(), $2)) }
        fields.sort { ($0.deadline ?? Int64.max) < ($1.deadline ?? Int64.max) }
        var list = ListpackWriter()
        for field in fields {
            list.append(field.name.span)
            list.append(field.value.span)
            list.append(field.deadline ?? 0)
        }
        let block = list.takeBlock()
        append(string: block.bytes)
    }
}
