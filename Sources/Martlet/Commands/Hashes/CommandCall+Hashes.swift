// What the commands of this family have in common: finding a hash and its fields, and seeing to it that no empty hash
// stays.

extension CommandCall {
    /// The live record of `key`, which must hold a hash if it exists.
    @inline(__always)
    func hash(_ key: ByteSpan, for intent: LookupIntent = .read) throws(ReplyError) -> Record? {
        guard let record = lookup(key, for: intent) else { return nil }
        guard record.isHash else { throw .wrongType }
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
