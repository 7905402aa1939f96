// Moving and copying whole keys, between names and between databases.

extension Keyspace {
    /// Copies the live record of `key` to another name or database, its value and deadline along with it; nothing may
    /// stand there. Both access clocks are set, as by every use.
    mutating func copy(_ key: ByteSpan, in source: Int, to newKey: ByteSpan, in target: Int) {
        guard let record = lookup(key, in: source, for: .write) else { return }
        insertCopy(of: record, as: newKey, in: target, access: freshAccess) { $0.copy() }
    }

    /// Puts a copy of `record` with its deadlines under `key`, which must not exist there; `share` gives the copy's
    /// object.
    private mutating func insertCopy(
        of record: Record, as key: ByteSpan, in index: Int, access: UInt32,
        sharing share: (RecordObject) -> RecordObject
    ) {
        key.withUnsafeBytes { keyBytes in
            let copy = databases[index].makeRecord(
                key: keyBytes, payloadCount: record.payloadCount, kind: record.valueKind, timing: record.timing,
                access: access)
            if record.holdsObject {
                databases[index].setObject(share(record.object(as: RecordObject.self)), of: copy)
            } else {
                copy.payload.copyMemory(from: UnsafeRawBufferPointer(record.payload))
            }
            insert(copy, hash: databases[index].table.hash(keyBytes), in: index)
            fileCopy(copy, of: record, in: index)
        }
    }

    /// Moves the live record of `key` to another name or database, its value and deadline along with it; nothing may
    /// stand there. The access clock is set, as by every use.
    mutating func move(_ key: ByteSpan, in source: Int, to newKey: ByteSpan, in target: Int) {
        key.withUnsafeBytes { keyBytes in
            let hash = databases[source].table.hash(keyBytes)
            guard let record = live(keyBytes, hash: hash, in: source) else { return }
            willChange(record, in: source, keepsValue: true)
            touch(record)
            insertCopy(of: record, as: newKey, in: target, access: record.access) { $0 }
            _ = databases[source].remove(record, hash: hash)
        }
    }
}
