// Changing hashes: fields are set, given deadlines and removed in whatever encoding the hash has, and the encoding
// changes when a limit is passed. A record may move with every change; the methods keep `record` up to date.

extension Keyspace {
    /// Fields removed in one go when many are due at once.
    private static let fieldsPerSlice = 64

    // MARK: New hashes

    /// Something to collect the fields of a new hash in.
    mutating func makeFields() -> HashFields {
        var list = ByteBuffer()
        swap(&list, &scratch)
        return HashFields(limits: encodingLimits, seed: seed, list: list)
    }

    /// Stores a hash under `key`, which must not exist; there is at least one field.
    @discardableResult
    mutating func insertHash(_ key: ByteSpan, _ fields: consuming HashFields, in index: Int) -> Record {
        precondition(fields.count > 0)
        if let object = fields.object {
            let record = insertObject(key, kind: .hashTable, object: object, in: index)
            return setInnerDeadline(object.earliestDeadline, of: record, in: index)
        }
        let kind: ValueKind =
            fields.isLong ? .hashPackedTable : fields.width == 2 ? .hashListpack : .hashListpackEx
        var list = fields.takeList()
        let record = insertPacked(key, kind: kind, bytes: list.bytes, in: index)
        swap(&list, &scratch)
        return setInnerDeadline(record.earliestFieldDeadline, of: record, in: index)
    }

    // MARK: Fields

    /// The place of a field whose time is not over.
    @inline(__always)
    func livePlace(ofField field: ByteSpan, in record: Record) -> FieldPlace? {
        guard let place = record.place(ofField: field) else { return nil }
        guard record.timing == .inner, let deadline = record.deadline(at: place), hasPassed(deadline) else {
            return place
        }
        return nil
    }

    /// Sets a field; true when it is new. One whose time was over counts as new.
    mutating func setField(
        _ field: ByteSpan, to value: ByteSpan, of record: inout Record, keepsDeadline: Bool = false, in index: Int
    ) -> Bool {
        let isLong = max(field.count, value.count) > encodingLimits.hashValue
        if record.packedFieldWidth > 0, isLong || record.valueKind == .hashPackedTable {
            makeLong(&record, with: field.count + value.count, in: index)
        }
        let width = record.packedFieldWidth
        guard width > 0 else {
            return setTableField(field, to: value, of: &record, keepsDeadline: keepsDeadline, in: index)
        }
        let search = record.withPacked { bytes -> (offset: Int?, count: Int) in
            switch PackedList(bytes).search(field, step: width) {
            case .found(let offset): return (offset, 0)
            case .absent(let count): return (nil, count / width)
            }
        }
        guard let offset = search.offset else {
            let isFull = record.valueKind == .hashPackedTable && search.count >= EncodingLimits.blockFields
            if isFull || search.count >= encodingLimits.hashEntries {
                convertToTable(&record, in: index)
                return setTableField(field, to: value, of: &record, keepsDeadline: keepsDeadline, in: index)
            }
            appendField(field, value, to: &record, width: width, in: index)
            return true
        }
        return updateField(at: offset, to: value, of: &record, keepsDeadline: keepsDeadline, in: index)
    }

    private mutating func appendField(
        _ field: ByteSpan, _ value: ByteSpan, to record: inout Record, width: Int, in index: Int
    ) {
        withScratch { keyspace, scratch in
            scratch.appendPacked(field)
            scratch.appendPacked(value)
            if width == 3 { scratch.appendPacked(0) }
            let end = record.packedCount
            record = keyspace.splice(record, end..<end, with: scratch.bytes, in: index)
        }
    }

    /// Replaces the value, and in a listpackex the deadline, of the packed field at `offset`.
    private mutating func updateField(
        at offset: Int, to value: ByteSpan, of record: inout Record, keepsDeadline: Bool, in index: Int
    ) -> Bool {
        let (start, end) = record.withPacked { bytes -> (Int, Int) in
            let list = PackedList(bytes)
            let start = list.next(after: offset)
            return (start, list.next(after: start))
        }
        let deadline = record.deadline(at: .packed(field: offset, value: start))
        let wasOver = deadline.map { hasPassed($0) } ?? false
        withScratch { keyspace, scratch in
            scratch.appendPacked(value)
            record = keyspace.splice(record, start..<end, with: scratch.bytes, in: index)
        }
        if deadline != nil, !keepsDeadline || wasOver {
            setDeadline(nil, at: .packed(field: offset, value: start), of: &record, in: index)
        }
        return wasOver
    }

    private mutating func setTableField(
        _ field: ByteSpan, to value: ByteSpan, of record: inout Record, keepsDeadline: Bool, in index: Int
    ) -> Bool {
        let horizon = horizon
        let isNew = withObject(of: record, as: HashObject.self, in: index) { object in
            guard let entry = object.find(field) else {
                object.insert(field, value, deadline: nil)
                return true
            }
            let wasOver = entry.hasDeadline && horizon > entry.deadline
            object.setValue(value, of: entry, keepsDeadline: keepsDeadline && !wasOver)
            return wasOver
        }
        refreshInnerDeadline(of: &record, in: index)
        return isNew
    }

    /// Removes the field at a place. The hash may be empty afterwards; removing it is the caller's business.
    mutating func removeField(at place: FieldPlace, of record: inout Record, in index: Int) {
        switch place {
        case .entry(let entry):
            withObject(of: record, as: HashObject.self, in: index) { $0.remove(entry) }
        case .packed(let field, let value):
            let width = record.packedFieldWidth
            let end = record.withPacked { bytes in
                let list = PackedList(bytes)
                let end = list.next(after: value)
                return width == 3 ? list.next(after: end) : end
            }
            record = splice(record, field..<end, with: ByteSpan(), in: index)
        }
        refreshInnerDeadline(of: &record, in: index)
    }

    // MARK: Deadlines of fields

    /// Gives the field at a place a deadline, or takes it away.
    mutating func setDeadline(_ deadline: Int64?, at place: FieldPlace, of record: inout Record, in index: Int) {
        switch place {
        case .entry(let entry):
            withObject(of: record, as: HashObject.self, in: index) { $0.setDeadline(deadline, of: entry) }
        case .packed(let field, _):
            if record.packedFieldWidth == 2 {
                guard deadline != nil else { return }
                if record.valueKind == .hashPackedTable {
                    let name = record.withField(at: place) { $0.copied() }
                    convertToTable(&record, in: index)
                    guard let place = record.place(ofField: name.span) else { return }
                    return setDeadline(deadline, at: place, of: &record, in: index)
                }
                let position = record.withPacked { Self.fieldNumber(at: field, in: PackedList($0)) }
                widen(&record, in: index)
                // Widening leaves the fields in their order.
                guard let place = record.packedPlace(ofFieldNumber: position) else { return }
                return setDeadline(deadline, at: place, of: &record, in: index)
            }
            setPackedDeadline(deadline, at: place, of: &record, in: index)
        }
        refreshInnerDeadline(of: &record, in: index)
    }

    private mutating func setPackedDeadline(
        _ deadline: Int64?, at place: FieldPlace, of record: inout Record, in index: Int
    ) {
        guard case .packed(_, let value) = place else { return }
        let (start, end) = record.withPacked { bytes -> (Int, Int) in
            let list = PackedList(bytes)
            let start = list.next(after: value)
            return (start, list.next(after: start))
        }
        withScratch { keyspace, scratch in
            scratch.appendPacked(deadline ?? 0)
            record = keyspace.splice(record, start..<end, with: scratch.bytes, in: index)
        }
    }

    private static func fieldNumber(at offset: Int, in list: PackedList) -> Int {
        var number = 0
        var place = 0
        while place < offset {
            place = list.next(after: list.next(after: place))
            number += 1
        }
        return number
    }

    private mutating func refreshInnerDeadline(of record: inout Record, in index: Int) {
        guard record.timing == .inner || record.packedFieldWidth != 2 else { return }
        record = setInnerDeadline(record.earliestFieldDeadline, of: record, in: index)
    }

    // MARK: Encodings

    private mutating func widen(_ record: inout Record, in index: Int) {
        withScratch { keyspace, scratch in
            record.visitFields { field, value, _ in
                scratch.appendPacked(field)
                scratch.appendPacked(value)
                scratch.appendPacked(0)
            }
            record = keyspace.replacePayload(of: record, kind: .hashListpackEx, packed: scratch.bytes, in: index)
        }
    }

    /// Readies a packed hash for an element that is longer than a listpack holds: while the hash is small it stays in
    /// one block, under another name.
    private mutating func makeLong(_ record: inout Record, with byteCount: Int, in index: Int) {
        let isLong = record.valueKind == .hashPackedTable
        guard record.packedFieldWidth == 2, record.packedCount + byteCount <= EncodingLimits.blockBytes,
            isLong || record.fieldCount < EncodingLimits.blockFields
        else { return convertToTable(&record, in: index) }
        record.kind = ValueKind.hashPackedTable.byte
    }

    private mutating func convertToTable(_ record: inout Record, in index: Int) {
        let object = HashObject(seed: seed)
        record.visitFields { object.insert($0, $1, deadline: $2) }
        record = replacePayload(of: record, kind: .hashTable, object: object, in: index)
    }

    // MARK: Expiry

    /// A record has fired although its own time is not over: fields are due. Removes some of them, and files the record
    /// for what is left, or removes it when nothing is.
    mutating func expireFields(of record: Record, in index: Int) {
        willChange(record, in: index)
        var record = record
        let removed: Int
        if record.packedFieldWidth == 0 {
            let now = now
            var gone: [[UInt8]] = []
            let isLogged = commandLog.isOn
            removed = withObject(of: record, as: HashObject.self, in: index) {
                $0.removeDue(now: now - 1, limit: Self.fieldsPerSlice) { if isLogged { gone.append($0.copied()) } }
            }
            for field in gone { logRemoval(of: field.span, from: record, in: index) }
        } else {
            removed = removeDuePacked(of: &record, in: index)
        }
        statistics.expiredFields += removed
        if removed > 0 {
            journal.lapsed(record.key, in: index)
            journal.happened(.hexpired, to: record.key, in: index)
        }
        if record.fieldCount == 0 {
            journal.happened(.del, to: record.key, in: index)
            drop(databases[index].remove(record, hash: databases[index].table.hash(record.keyBytes)), lazily: false)
            return
        }
        let inner = record.earliestFieldDeadline
        if record.timing == .inner, inner != nil, record.innerDeadline == inner {
            file(record, deadline: record.deadline, in: index)
        } else {
            setInnerDeadline(inner, of: record, in: index)
        }
    }

    /// A field is gone because its time was over.
    private mutating func logRemoval(of field: ByteSpan, from record: Record, in index: Int) {
        guard commandLog.isOn else { return }
        commandLog.begin(wordCount: 3, in: index)
        commandLog.append("HDEL")
        commandLog.append(record.key)
        commandLog.append(field)
    }

    private mutating func removeDuePacked(of record: inout Record, in index: Int) -> Int {
        var removed = 0
        withScratch { keyspace, scratch in
            let now = keyspace.now
            record.visitFields { field, value, deadline in
                if let deadline, now > deadline {
                    removed += 1
                    keyspace.logRemoval(of: field, from: record, in: index)
                } else {
                    scratch.appendPacked(field)
                    scratch.appendPacked(value)
                    scratch.appendPacked(deadline ?? 0)
                }
            }
            record = keyspace.replacePayload(of: record, kind: .hashListpackEx, packed: scratch.bytes, in: index)
        }
        return removed
    }

    // MARK: Random fields

    /// The place of a live field, each as likely as the others; nil when there is none.
    mutating func randomPlace(in record: Record) -> FieldPlace? {
        let count = record.fieldCount
        guard count > 0 else { return nil }
        var dice = random
        defer { random = dice }
        // Fields whose time is over are about to be removed: after some throws that met them, those that live are
        // looked for.
        for _ in 0..<100 {
            let place: FieldPlace? =
                record.packedFieldWidth == 0
                ? record.object(as: HashObject.self).table.random(using: &dice).map { .entry($0) }
                : record.packedPlace(ofFieldNumber: dice.below(count))
            guard let place else { return nil }
            guard let deadline = record.deadline(at: place), hasPassed(deadline) else { return place }
        }
        let live = livePlaces(in: record)
        return live.isEmpty ? nil : live[dice.below(live.count)]
    }

    /// The places of all fields whose time is not over.
    func livePlaces(in record: Record) -> [FieldPlace] {
        var places: [FieldPlace] = []
        let width = record.packedFieldWidth
        if width == 0 {
            record.object(as: HashObject.self).table.visitAll { entry in
                if !(entry.hasDeadline && hasPassed(entry.deadline)) { places.append(.entry(entry)) }
            }
            return places
        }
        record.withPacked { bytes in
            let list = PackedList(bytes)
            var offset = 0
            while offset < bytes.count {
                let place = FieldPlace.packed(field: offset, value: list.next(after: offset))
                if !(record.deadline(at: place).map { hasPassed($0) } ?? false) { places.append(place) }
                for _ in 0..<width { offset = list.next(after: offset) }
            }
        }
        return places
    }
}
