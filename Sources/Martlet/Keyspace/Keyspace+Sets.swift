// Changing sets: members come and go in whatever encoding the set has, and the encoding changes when a limit is passed.
// A record may move with every change; the methods keep `record` up to date.

extension Keyspace {
    // MARK: New sets

    /// Something to collect the members of a new set in; about `hint` of them may come.
    mutating func makeMembers(hint: Int = 0) -> SetMembers {
        var block = ByteBuffer()
        swap(&block, &scratch)
        return SetMembers(limits: encodingLimits, seed: seed, hint: hint, block: block)
    }

    /// Stores a set under `key`, which must not exist; there is at least one member.
    @discardableResult
    mutating func insertSet(_ key: ByteSpan, _ members: consuming SetMembers, in index: Int) -> Record {
        precondition(members.count > 0)
        let kind: ValueKind
        switch members.form {
        case .table(let object): return insertObject(key, kind: .setTable, object: object, in: index)
        case .integers: kind = .setIntset
        case .packed: kind = .setListpack
        }
        var block = members.takeBlock()
        let record = insertPacked(key, kind: kind, bytes: block.bytes, in: index)
        swap(&block, &scratch)
        return record
    }

    // MARK: Members

    /// Adds a member; false when it is there.
    mutating func addMember(_ member: ByteSpan, to record: inout Record, in index: Int) -> Bool {
        switch record.valueKind.encoding {
        case .intset: return addInteger(member, to: &record, in: index)
        case .listpack: return addPacked(member, to: &record, in: index)
        default: return withObject(of: record, as: SetObject.self, in: index) { $0.insert(member) }
        }
    }

    private mutating func addInteger(_ member: ByteSpan, to record: inout Record, in index: Int) -> Bool {
        guard let integer = parseInt64(member) else {
            let isSmall = record.memberCount < encodingLimits.setEntries && member.count <= encodingLimits.setValue
            if isSmall, Self.longestInteger(of: record) <= encodingLimits.setValue {
                packIntegers(&record, in: index)
            } else {
                convertToTable(set: &record, in: index)
            }
            return addMember(member, to: &record, in: index)
        }
        let (place, count, width) = record.withPacked { bytes -> (Int?, Int, Int) in
            let integers = SortedIntegers(bytes)
            guard case .absent(let place) = integers.search(integer) else { return (nil, 0, 0) }
            return (place, integers.count, integers.width)
        }
        guard let place else { return false }
        if count >= encodingLimits.setIntegers {
            convertToTable(set: &record, in: index)
            return addMember(member, to: &record, in: index)
        }
        withScratch { keyspace, scratch in
            if SortedIntegers.width(of: integer) <= width {
                scratch.appendInteger(integer, width: width)
                let offset = 1 + place * width
                record = keyspace.splice(record, offset..<offset, with: scratch.bytes, in: index)
            } else {
                record.withPacked { scratch.appendIntegers(SortedIntegers($0), inserting: integer, at: place) }
                record = keyspace.replacePayload(of: record, kind: .setIntset, packed: scratch.bytes, in: index)
            }
        }
        return true
    }

    private static func longestInteger(of record: Record) -> Int {
        record.withPacked { bytes in
            let integers = SortedIntegers(bytes)
            guard integers.count > 0 else { return 0 }
            return max(withDecimal(integers[0]) { $0.count }, withDecimal(integers[integers.count - 1]) { $0.count })
        }
    }

    private mutating func addPacked(_ member: ByteSpan, to record: inout Record, in index: Int) -> Bool {
        let count = record.withPacked { bytes -> Int? in
            guard case .absent(let count) = PackedList(bytes).search(member) else { return nil }
            return count
        }
        guard let count else { return false }
        if count >= encodingLimits.setEntries || member.count > encodingLimits.setValue {
            convertToTable(set: &record, in: index)
            return addMember(member, to: &record, in: index)
        }
        withScratch { keyspace, scratch in
            scratch.appendPacked(member)
            let end = record.packedCount
            record = keyspace.splice(record, end..<end, with: scratch.bytes, in: index)
        }
        return true
    }

    /// Removes the member at a place. The set may be empty afterwards; removing it is the caller's business.
    mutating func removeMember(at place: MemberPlace, of record: inout Record, in index: Int) {
        switch place {
        case .integer(let position):
            let range = record.withPacked { SortedIntegers($0).range(of: position) }
            record = splice(record, range, with: ByteSpan(), in: index)
        case .packed(let offset):
            let end = record.withPacked { PackedList($0).next(after: offset) }
            record = splice(record, offset..<end, with: ByteSpan(), in: index)
        case .entry(let entry): withObject(of: record, as: SetObject.self, in: index) { $0.discard(entry) }
        }
    }

    /// The place of a member, each as likely as the others; the set is not empty.
    mutating func randomPlace(inSet record: Record) -> MemberPlace? {
        switch record.valueKind.encoding {
        case .intset: return .integer(random.below(record.memberCount))
        case .listpack:
            let number = random.below(record.memberCount)
            return record.withPacked { PackedList($0).offset(of: number) }.map { .packed($0) }
        default:
            var dice = random
            defer { random = dice }
            return record.object(as: SetObject.self).table.random(using: &dice).map { .entry($0) }
        }
    }

    // MARK: Encodings

    /// Many members are about to come: larger encodings at once where they will be needed.
    mutating func prepareSet(_ record: inout Record, forAdding count: Int, in index: Int) {
        switch record.valueKind.encoding {
        case .intset where count > encodingLimits.setIntegers: convertToTable(set: &record, in: index)
        case .listpack where count > encodingLimits.setEntries: convertToTable(set: &record, in: index)
        default: break
        }
    }

    private mutating func packIntegers(_ record: inout Record, in index: Int) {
        withScratch { keyspace, scratch in
            record.withPacked { bytes in
                let integers = SortedIntegers(bytes)
                for index in 0..<integers.count { scratch.appendPacked(integers[index]) }
            }
            record = keyspace.replacePayload(of: record, kind: .setListpack, packed: scratch.bytes, in: index)
        }
    }

    private mutating func convertToTable(set record: inout Record, in index: Int) {
        let object = SetObject(seed: seed)
        record.visitMembers { _ = object.insert($0) }
        record = replacePayload(of: record, kind: .setTable, object: object, in: index)
    }
}
