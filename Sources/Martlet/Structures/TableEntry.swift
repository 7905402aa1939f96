// A member of a large collection: one allocation with a key and, for maps, a value and perhaps a deadline.
//
//   flags 1 | key count 1 or 8 | [value count 1 or 8] | [deadline 8, heap position 4] | key | [value]
//
// The counts take one byte each when both are below 256, else eight. Entries come from malloc and not from a database's
// heap, so that a collection can be freed on any thread.

/// A reference to an entry. Copying it copies the reference; the collection says which references are alive.
struct TableEntry: HashTableElement, Equatable {
    let address: UnsafeMutableRawPointer

    init(_ address: UnsafeMutableRawPointer) { self.address = address }

    private struct Flags: OptionSet {
        let rawValue: UInt8
        static let long = Flags(rawValue: 1)
        static let value = Flags(rawValue: 2)
        static let deadline = Flags(rawValue: 4)
    }

    private static let deadlineBytes = 12

    // MARK: Making

    /// A new member without a value; free it with `free()`.
    init(key: ByteSpan) {
        self.init(keyCount: key.count, valueCount: 0, hasValue: false, hasDeadline: false)
        key.withUnsafeBytes { UnsafeMutableRawBufferPointer(mutating: keyBytes).copyMemory(from: $0) }
    }

    /// A new member with a value; free it with `free()`. The deadline, if it has room for one, is the caller's to fill.
    init(key: ByteSpan, value: ByteSpan, hasDeadline: Bool = false) {
        self.init(keyCount: key.count, valueCount: value.count, hasValue: true, hasDeadline: hasDeadline)
        key.withUnsafeBytes { UnsafeMutableRawBufferPointer(mutating: keyBytes).copyMemory(from: $0) }
        value.withUnsafeBytes { UnsafeMutableRawBufferPointer(mutating: valueBytes).copyMemory(from: $0) }
    }

    private init(keyCount: Int, valueCount: Int, hasValue: Bool, hasDeadline: Bool) {
        let isLong = keyCount > 255 || valueCount > 255
        var flags: Flags = isLong ? .long : []
        if hasValue { flags.insert(.value) }
        if hasDeadline { flags.insert(.deadline) }
        let size = Self.bodyOffset(flags) + keyCount + valueCount
        let memory = SystemMemory.allocate(bytes: size)
        address = memory
        memory.storeBytes(of: flags.rawValue, as: UInt8.self)
        store(keyCount, place: 0, isLong: isLong)
        if hasValue { store(valueCount, place: 1, isLong: isLong) }
    }

    private func store(_ count: Int, place: Int, isLong: Bool) {
        if isLong {
            address.storeBytes(of: count, toByteOffset: 1 + 8 * place, as: Int.self)
        } else {
            // Short counts are below 256.
            address.storeBytes(of: UInt8(count), toByteOffset: 1 + place, as: UInt8.self)
        }
    }

    func free() { SystemMemory.free(address) }

    // MARK: Layout

    private var flags: Flags { Flags(rawValue: address.load(as: UInt8.self)) }

    private static func timingOffset(_ flags: Flags) -> Int {
        1 + (flags.contains(.long) ? 8 : 1) * (flags.contains(.value) ? 2 : 1)
    }

    private static func bodyOffset(_ flags: Flags) -> Int {
        timingOffset(flags) + (flags.contains(.deadline) ? deadlineBytes : 0)
    }

    private func count(_ place: Int, _ flags: Flags) -> Int {
        flags.contains(.long)
            ? address.loadUnaligned(fromByteOffset: 1 + 8 * place, as: Int.self)
            : Int(address.load(fromByteOffset: 1 + place, as: UInt8.self))
    }

    var keyBytes: UnsafeRawBufferPointer {
        let flags = flags
        return UnsafeRawBufferPointer(start: address + Self.bodyOffset(flags), count: count(0, flags))
    }

    /// Empty for a member without a value.
    var valueBytes: UnsafeRawBufferPointer {
        let flags = flags
        guard flags.contains(.value) else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = address + Self.bodyOffset(flags) + count(0, flags)
        return UnsafeRawBufferPointer(start: start, count: count(1, flags))
    }

    var key: ByteSpan {
        @_lifetime(borrow self)
        get {
            ByteSpan(viewing: keyBytes, ownedBy: self)
        }
    }

    var value: ByteSpan {
        @_lifetime(borrow self)
        get {
            ByteSpan(viewing: valueBytes, ownedBy: self)
        }
    }

    /// Memory that the entry takes, malloc's share included.
    var memoryBytes: Int {
        let flags = flags
        let size = Self.bodyOffset(flags) + count(0, flags) + (flags.contains(.value) ? count(1, flags) : 0)
        return max(32, (size + 8 + 15) & ~15)
    }

    /// Overwrites the value with another one of the same length; false when the lengths differ.
    func overwriteValue(with value: ByteSpan) -> Bool {
        let room = UnsafeMutableRawBufferPointer(mutating: valueBytes)
        guard room.count == value.count else { return false }
        value.withUnsafeBytes { room.copyMemory(from: $0) }
        return true
    }

    // MARK: Deadline

    var hasDeadline: Bool { flags.contains(.deadline) }

    /// In milliseconds; only entries made with room for it have one.
    var deadline: Int64 {
        get {
            precondition(hasDeadline)
            return address.loadUnaligned(fromByteOffset: Self.timingOffset(flags), as: Int64.self)
        }
        nonmutating set {
            precondition(hasDeadline)
            address.storeBytes(of: newValue, toByteOffset: Self.timingOffset(flags), as: Int64.self)
        }
    }

    /// Where the entry stands in its collection's heap of deadlines.
    var heapPosition: UInt32 {
        get {
            precondition(hasDeadline)
            return address.loadUnaligned(fromByteOffset: Self.timingOffset(flags) + 8, as: UInt32.self)
        }
        nonmutating set {
            precondition(hasDeadline)
            address.storeBytes(of: newValue, toByteOffset: Self.timingOffset(flags) + 8, as: UInt32.self)
        }
    }
}
