// Storing and changing strings. A value that still fits its record is changed where it stands; anything else makes a
// new record and puts it in the old one's place.

/// What becomes of a key's deadline when its value is set.
enum DeadlineChange: Equatable {
    case keep
    case clear
    case set(Int64)
}

extension Keyspace {
    /// Sets `key` to `value`. A large argument's own memory is kept instead of being copied.
    mutating func setString(
        _ key: ByteSpan, to value: ByteSpan, as form: StringForm = .smallest, adopting large: LargeBytes? = nil,
        deadline: DeadlineChange = .clear, in index: Int
    ) {
        let (kind, integer) = StringValue.kind(of: value, as: form)
        key.withUnsafeBytes { keyBytes in
            if kind == .int {
                let record = prepare(keyBytes, kind: kind, payloadCount: 8, deadline: deadline, in: index)
                record.integer = integer
            } else if value.count <= StringValue.inlineLimit {
                let count = value.count
                let record = prepare(keyBytes, kind: kind, payloadCount: count, deadline: deadline, in: index)
                value.withUnsafeBytes { record.payload.copyMemory(from: $0) }
            } else {
                let object = large ?? Self.copy(value)
                let record = prepare(keyBytes, kind: .raw, payloadCount: 8, deadline: deadline, in: index)
                databases[index].setObject(object, of: record)
            }
        }
    }

    /// Sets `key` to a number, as INCR and its family do.
    mutating func setInteger(_ key: ByteSpan, to integer: Int64, deadline: DeadlineChange, in index: Int) {
        key.withUnsafeBytes { keyBytes in
            prepare(keyBytes, kind: .int, payloadCount: 8, deadline: deadline, in: index).integer = integer
        }
    }

    /// Gives an int-encoded record another number, without looking for its key again.
    func changeInteger(of record: Record, to integer: Int64, in index: Int) {
        willChange(record, in: index)
        precondition(record.valueKind == .int)
        record.integer = integer
    }

    static func copy(_ value: ByteSpan) -> LargeBytes {
        guard let copy = LargeBytes(capacity: value.count), copy.resize(to: value.count) else {
            SystemMemory.outOfMemory(bytes: value.count)
        }
        copy.write(value, at: 0)
        return copy
    }

    /// A record of `key` with room for the payload: the present one if it fits, or a new one in its place.
    private mutating func prepare(
        _ key: UnsafeRawBufferPointer, kind: ValueKind, payloadCount: Int, deadline: DeadlineChange, in index: Int
    ) -> Record {
        let hash = databases[index].table.hash(key)
        let present = live(key, hash: hash, in: index)
        if let present { willChange(present, in: index) }
        let newDeadline: Int64? =
            switch deadline {
            case .keep: present.flatMap { $0.hasDeadline ? $0.deadline : nil }
            case .clear: nil
            case .set(let milliseconds): milliseconds
            }
        if let present, reuse(present, payloadCount: payloadCount, deadline: newDeadline, in: index) {
            present.kind = kind.byte
            touch(present)
            return present
        }
        let record = databases[index].makeRecord(
            key: key, payloadCount: payloadCount, kind: kind, timing: newDeadline == nil ? .none : .own,
            access: present?.access ?? freshAccess)
        if present != nil { touch(record) }
        if let present {
            databases[index].table.replace(present, with: record, hash: hash)
            databases[index].unfile(present)
            drop(databases[index].discard(present), lazily: lazyFree.onServerDelete)
        } else {
            insert(record, hash: hash, in: index)
        }
        if let newDeadline { file(record, deadline: newDeadline, in: index) }
        return record
    }

    /// Readies a present record for another payload, if its allocation allows.
    private mutating func reuse(_ record: Record, payloadCount: Int, deadline: Int64?, in index: Int) -> Bool {
        guard record.isString, record.hasDeadline == (deadline != nil) else { return false }
        if record.holdsObject {
            guard payloadCount == 8 else { return false }
            drop(databases[index].takeObject(of: record), lazily: lazyFree.onServerDelete)
        } else if record.payloadCount != payloadCount {
            guard record.resizePayload(to: payloadCount) else { return false }
        }
        if let deadline { moveDeadline(of: record, to: deadline, in: index) }
        return true
    }

    // MARK: Changing bytes in place

    /// Lets `body` change the bytes of the string at `key`, after growing it with zeros to `minimumCount` bytes; a key
    /// that does not exist becomes such a string. Afterwards the encoding is raw, as in Redis. The deadline stays.
    /// Nil when the memory is not to be had.
    mutating func changeString<Result>(
        _ key: ByteSpan, minimumCount: Int, in index: Int, _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result? {
        let present = lookup(key, in: index, for: .write)
        if let present { willChange(present, in: index) }
        let count = max(minimumCount, present?.stringCount ?? 0)
        if let present, present.holdsObject {
            return changeLarge(present, count: count, in: index, body)
        }
        if count > StringValue.inlineLimit {
            return makeLarge(key, from: present, count: count, in: index, body)
        }
        let record = makeRaw(key, from: present, count: count, in: index)
        return Self.withMutableSpan(record.payload, body)
    }

    private mutating func changeLarge<Result>(
        _ record: Record, count: Int, in index: Int, _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result? {
        var object = record.object(as: LargeBytes.self)
        _ = databases[index].takeObject(of: record)
        if !isKnownUniquelyReferenced(&object) {
            // A reply still reads it; the keyspace goes on with a copy.
            object = Self.copy(object.bytes)
        }
        let isLarger = count > object.capacity
        // Growing by doubles up to a mebibyte at a time makes many small appends cheap, as Redis does.
        let (room, isAbsurd) = count.addingReportingOverflow(isLarger ? min(count, 1 << 20) : 0)
        guard !isAbsurd, object.reserve(room), object.resize(to: count) else {
            databases[index].setObject(object, of: record)
            return nil
        }
        let result = object.withMutableBytes { Self.withMutableSpan($0, body) }
        databases[index].setObject(object, of: record)
        return result
    }

    private mutating func makeLarge<Result>(
        _ key: ByteSpan, from present: Record?, count: Int, in index: Int,
        _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result? {
        guard let object = LargeBytes(capacity: count) else { return nil }
        if let present {
            present.withStringBytes { bytes in
                _ = object.resize(to: bytes.count)
                object.write(bytes, at: 0)
            }
        }
        guard object.resize(to: count) else { return nil }
        let result = object.withMutableBytes { Self.withMutableSpan($0, body) }
        key.withUnsafeBytes { keyBytes in
            let record = prepare(keyBytes, kind: .raw, payloadCount: 8, deadline: .keep, in: index)
            databases[index].setObject(object, of: record)
        }
        return result
    }

    /// The string of `present` as raw bytes of `count`, in a record that may be a new one.
    private mutating func makeRaw(_ key: ByteSpan, from present: Record?, count: Int, in index: Int) -> Record {
        let oldCount = present.map { $0.valueKind == .int ? 0 : $0.payloadCount } ?? 0
        if let present, present.valueKind != .int, present.resizePayload(to: count) {
            UnsafeMutableRawBufferPointer(rebasing: present.payload[oldCount...]).initializeMemory(
                as: UInt8.self, repeating: 0)
            present.kind = ValueKind.raw.byte
            return present
        }
        var held = [UInt8](repeating: 0, count: count)
        present?.withStringBytes { bytes in
            for place in bytes.indices { held[place] = bytes[place] }
        }
        return key.withUnsafeBytes { keyBytes in
            let record = prepare(keyBytes, kind: .raw, payloadCount: count, deadline: .keep, in: index)
            held.withUnsafeBytes { record.payload.copyMemory(from: $0) }
            return record
        }
    }

    private static func withMutableSpan<Result>(
        _ bytes: UnsafeMutableRawBufferPointer, _ body: (inout MutableSpan<UInt8>) -> Result
    ) -> Result {
        // The bytes are initialised: they are a string's.
        var span = MutableSpan<UInt8>(_unsafeElements: bytes.assumingMemoryBound(to: UInt8.self))
        return body(&span)
    }
}
