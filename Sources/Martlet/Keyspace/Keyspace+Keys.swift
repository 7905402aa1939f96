// Moving and copying whole keys, between names and between databases.

extension Keyspace {
    /// Copies the live record of `key` to another name or database, its value and deadline along with it; nothing may
    /// stand there. Both access clocks are set, as by every use.
    mutating func copy(_ key: ByteSpan, in source: Int, to newKey: ByteSpan, in target: Int) {
        guard let record = lookup(key, in: source, for: .write) else { return }
        let deadline = record.hasDeadline ? record.deadline : nil
        insertCopy(of: record, as: newKey, deadline: deadline, in: target)
    }

    /// Puts a copy of `record` under `key`, which must not exist there; with the deadline given.
    private mutating func insertCopy(of record: Record, as key: ByteSpan, deadline: Int64?, in index: Int) {
        key.withUnsafeBytes { keyBytes in
            let copy = databases[index].makeRecord(
                key: keyBytes, payloadCount: record.payloadCount, kind: record.valueKind,
                hasDeadline: deadline != nil, access: accessClock)
            if record.holdsObject {
                // Shared until one of the two is changed.
                databases[index].setObject(record.object(as: LargeBytes.self), of: copy)
            } else {
                copy.payload.copyMemory(from: UnsafeRawBufferPointer(record.payload))
            }
            databases[index].table.insert(copy, hash: databases[index].table.hash(keyBytes))
            if let deadline { file(copy, deadline: deadline, in: index) }
        }
    }

    /// Moves the live record of `key` to another name or database, its value and deadline along with it; nothing may
    /// stand there. The access clock is set, as by every use.
    mutating func move(_ key: ByteSpan, in source: Int, to newKey: ByteSpan, in target: Int) {
        key.withUnsafeBytes { keyBytes in
            let hash = databases[source].table.hash(keyBytes)
            guard let record = live(keyBytes, hash: hash, in: source) else { return }
            let deadline = record.hasDeadline ? record.deadline : nil
            insertCopy(of: record, as: newKey, deadline: deadline, in: target)
            _ = databases[source].remove(record, hash: hash)
        }
    }
}
