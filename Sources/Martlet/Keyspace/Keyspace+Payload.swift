// What all collection values have in common: a payload that is one packed block, or an object. A packed block stands in
// the record itself while it is small and in a LargeBytes when it is not; whoever reads it does not notice.

extension Record {
    /// The bytes of a packed value, wherever they stand.
    @inline(__always)
    func withPacked<Result, Failure: Error>(_ body: (ByteSpan) throws(Failure) -> Result) throws(Failure) -> Result {
        if holdsObject { return try body(object(as: LargeBytes.self).bytes) }
        return try body(ByteSpan(viewing: UnsafeRawBufferPointer(payload), ownedBy: self))
    }

    /// How many bytes the packed value has.
    var packedCount: Int { holdsObject ? object(as: LargeBytes.self).count : payloadCount }
}

extension Keyspace {
    /// Larger packed blocks get memory of their own, so that a change does not move the record.
    static let packedInlineLimit = 8192

    // MARK: New keys

    /// Stores a packed value under `key`, which must not exist.
    @discardableResult
    mutating func insertPacked(_ key: ByteSpan, kind: ValueKind, bytes: ByteSpan, in index: Int) -> Record {
        let isInline = bytes.count <= Self.packedInlineLimit
        let record = insertRecord(key, kind: kind, payloadCount: isInline ? bytes.count : 8, in: index)
        fill(record, withPacked: bytes, in: index)
        return record
    }

    /// Stores an object under `key`, which must not exist.
    @discardableResult
    mutating func insertObject(_ key: ByteSpan, kind: ValueKind, object: RecordObject, in index: Int) -> Record {
        let record = insertRecord(key, kind: kind, payloadCount: 8, in: index)
        databases[index].setObject(object, of: record)
        return record
    }

    private mutating func insertRecord(_ key: ByteSpan, kind: ValueKind, payloadCount: Int, in index: Int) -> Record {
        key.withUnsafeBytes { keyBytes in
            let record = databases[index].makeRecord(
                key: keyBytes, payloadCount: payloadCount, kind: kind, timing: .none, access: freshAccess)
            insert(record, hash: databases[index].table.hash(keyBytes), in: index)
            return record
        }
    }

    private mutating func fill(_ record: Record, withPacked bytes: ByteSpan, in index: Int) {
        if bytes.count <= Self.packedInlineLimit {
            bytes.withUnsafeBytes { record.payload.copyMemory(from: $0) }
        } else {
            databases[index].setObject(Self.copy(bytes), of: record)
        }
    }

    // MARK: Changing packed values

    /// Puts `bytes` in the place of `range` of a packed value. The record may move, and is returned.
    @discardableResult
    mutating func splice(_ record: Record, _ range: Range<Int>, with bytes: ByteSpan, in index: Int) -> Record {
        willChange(record, in: index)
        if record.holdsObject {
            spliceLarge(record, range, with: bytes, in: index)
            return record
        }
        let oldCount = record.payloadCount
        let count = oldCount - range.count + bytes.count
        if count > Self.packedInlineLimit {
            let object = Self.copy(ByteSpan(viewing: UnsafeRawBufferPointer(record.payload), ownedBy: record))
            object.splice(range, with: bytes)
            let new = remake(record, kind: record.valueKind, payloadCount: 8, in: index)
            databases[index].setObject(object, of: new)
            return new
        }
        if count <= oldCount || record.resizePayload(to: count) {
            RawBytes.splice(record.payload, oldCount: oldCount, range, with: bytes)
            // Shrinking in place may fail, because the block would be too large for what is left.
            if count < oldCount, !record.resizePayload(to: count) { return shrink(record, to: count, in: index) }
            return record
        }
        let copy = remake(record, kind: record.valueKind, payloadCount: count, in: index) { old, new in
            new.copyMemory(from: UnsafeRawBufferPointer(rebasing: old[..<oldCount]))
        }
        RawBytes.splice(copy.payload, oldCount: oldCount, range, with: bytes)
        return copy
    }

    private mutating func shrink(_ record: Record, to count: Int, in index: Int) -> Record {
        remake(record, kind: record.valueKind, payloadCount: count, in: index) { old, new in
            new.copyMemory(from: UnsafeRawBufferPointer(rebasing: old[..<count]))
        }
    }

    private mutating func spliceLarge(_ record: Record, _ range: Range<Int>, with bytes: ByteSpan, in index: Int) {
        var object = record.object(as: LargeBytes.self)
        _ = databases[index].takeObject(of: record)
        // A copy of the key may share it.
        if !isKnownUniquelyReferenced(&object) { object = Self.copy(object.bytes) }
        object.splice(range, with: bytes)
        databases[index].setObject(object, of: record)
    }

    // MARK: Changing the encoding

    /// Gives a live record another packed value; deadlines stay. The record may move, and is returned.
    @discardableResult
    mutating func replacePayload(
        of record: Record, kind: ValueKind, packed bytes: ByteSpan, in index: Int
    ) -> Record {
        let isInline = bytes.count <= Self.packedInlineLimit
        let new = remake(record, kind: kind, payloadCount: isInline ? bytes.count : 8, in: index)
        fill(new, withPacked: bytes, in: index)
        return new
    }

    /// Gives a live record an object for a value; deadlines stay. The record may move, and is returned.
    @discardableResult
    mutating func replacePayload(
        of record: Record, kind: ValueKind, object: RecordObject, in index: Int
    ) -> Record {
        let new = remake(record, kind: kind, payloadCount: 8, in: index)
        databases[index].setObject(object, of: new)
        return new
    }

    /// A record with another kind and payload size in the place of a live one, its key, deadlines and filing kept. What
    /// the old one held is dropped after `move` has seen both payloads.
    private mutating func remake(
        _ old: Record, kind: ValueKind, payloadCount: Int, in index: Int,
        moving move: (UnsafeMutableRawBufferPointer, UnsafeMutableRawBufferPointer) -> Void = { _, _ in }
    ) -> Record {
        willChange(old, in: index)
        let key = old.keyBytes
        let new = databases[index].makeRecord(
            key: key, payloadCount: payloadCount, kind: kind, timing: old.timing, access: old.access)
        move(old.payload, new.payload)
        databases[index].table.replace(old, with: new, hash: databases[index].table.hash(key))
        databases[index].moveFiling(from: old, to: new)
        drop(databases[index].discard(old), lazily: lazyFree.onServerDelete)
        return new
    }

    // MARK: Objects

    /// Lets `body` work on the object of a live record and keeps account of its memory.
    func withObject<Object: RecordObject, Result, Failure: Error>(
        of record: Record, as type: Object.Type, in index: Int, _ body: (Object) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        willChange(record, in: index)
        let object = record.object(as: type)
        let before = object.memoryBytes
        defer { databases[index].objectBytes += object.memoryBytes - before }
        return try body(object)
    }

    // MARK: Encoding

    /// Lets `body` encode into memory that is kept for that.
    mutating func withScratch(_ body: (inout Keyspace, inout ByteBuffer) -> Void) {
        var taken = ByteBuffer()
        swap(&taken, &scratch)
        taken.clear()
        body(&self, &taken)
        swap(&taken, &scratch)
    }
}
