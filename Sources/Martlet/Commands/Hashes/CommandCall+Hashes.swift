// What the commands of this family have in common: finding a hash and its fields, and seeing to it that no empty hash
// stays.

extension CommandCall {
    /// The live record of `key`, which must hold a hash if it exists.
    @inline(__always)
    func hash(_ key: ByteSpan, for intent: LookupIntent = .read) throws(ReplyError) -> Record? {
        guard let record = lookup(key, for: intent) else { return nil }
        guard record.isHash else { throw .wrongType }
        return intent == .write && record.timing == .inner ? withoutDueFields(record, key) : record
    }

    /// Before a hash changes, the fields go whose time is over: a log that is read later says so first.
    private func withoutDueFields(_ record: Record, _ key: ByteSpan) -> Record? {
        var record = record
        while record.timing == .inner, keyspace.hasPassed(record.innerDeadline) {
            keyspace.expireFields(of: record, in: database)
            guard let rest = lookup(key, for: .inspect) else { return nil }
            record = rest
        }
        return record
    }

    /// The place of a field whose time is not over.
    @inline(__always)
    func place(ofField field: ByteSpan, in record: Record) -> FieldPlace? {
        keyspace.livePlace(ofField: field, in: record)
    }

    /// Sets one field of the hash at `key`, which is made when it is missing; true when the field is new.
    func setField(
        _ field: ByteSpan, to value: ByteSpan, of key: ByteSpan, _ record: Record?, keepsDeadline: Bool = false
    ) -> Bool {
        guard var record else {
            var fields = keyspace.makeFields()
            let isNew = fields.append(field: field, value: value)
            keyspace.insertHash(key, fields, in: database)
            return isNew
        }
        return keyspace.setField(field, to: value, of: &record, keepsDeadline: keepsDeadline, in: database)
    }

    /// Logs that fields are gone; their names stand at these positions of the request.
    mutating func propagate(removalOf positions: [Int], of arguments: borrowing Arguments) {
        propagate(wordCount: 2 + positions.count) { log in
            log.append("HDEL")
            log.append(arguments[1])
            for position in positions { log.append(arguments[position]) }
        }
    }

    /// Logs what became of the deadlines of fields; nil: they have none any more.
    mutating func propagate(deadline: Int64?, of positions: [Int], of arguments: borrowing Arguments) {
        propagate(wordCount: (deadline == nil ? 4 : 5) + positions.count) { log in
            log.append(deadline == nil ? "HPERSIST" : "HPEXPIREAT")
            log.append(arguments[1])
            if let deadline { log.append(deadline) }
            log.append("FIELDS")
            log.append(Int64(positions.count))
            for position in positions { log.append(arguments[position]) }
        }
    }

    /// Removes the hash at `key` if its last field is gone.
    func removeIfEmpty(_ record: Record, _ key: ByteSpan) {
        guard record.fieldCount == 0 else { return }
        remove(key, lazily: false)
        happened(.del, to: key)
    }

    /// The value at a place, or nothing.
    @inline(__always)
    mutating func reply(valueAt place: FieldPlace?, of record: Record) {
        guard let place else { return reply.null() }
        record.withValue(at: place) { reply.bulk($0) }
    }
}
