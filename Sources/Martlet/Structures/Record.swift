// One allocation per key: header, optional deadline, key bytes and, when it is small, the value.
//
//   0      1       2       3            6          8            10
//   +------+-------+-------+------------+----------+------------+----------------------+-----+---------+
//   | kind | flags | epoch | access (3) | key (2)  | payload(2) | [deadline 8, filing 6] | key | payload |
//   +------+-------+-------+------------+----------+------------+----------------------+-----+---------+
//
// `kind` says what the payload is (the owner's numbering); `epoch` is the snapshot's mark; `access` the access clock.
// A key of 65,535 bytes or more has 0xFFFF in its length field and its true length in 8 bytes ahead of the key.
// A payload that is an object is the object's address, which the record keeps retained.
// When parts of the value have deadlines too, the earliest of them, 8 bytes, follows the filing: the record then fires
// at the earlier of the two, and a record that has no deadline of its own says Int64.max.
// Nothing is aligned beyond the allocation itself, so all fields are read and written unaligned, little end first.

/// A reference to a record. Copying it copies the reference; the keyspace says which references are alive.
struct Record: HashTableElement, TimingWheelElement, BitwiseCopyable, Equatable {
    let address: UnsafeMutableRawPointer

    init(_ address: UnsafeMutableRawPointer) { self.address = address }

    private enum Offset {
        static let kind = 0
        static let flags = 1
        static let epoch = 2
        static let access = 3
        static let keyCount = 6
        static let payloadCount = 8
        static let body = 10
        static let deadline = 10
        static let slot = 18
        static let position = 20
        static let innerDeadline = 24
    }

    private static let longKeyMark = UInt16.max

    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The payload is the address of a retained object.
        static let object = Flags(rawValue: 1)
        /// A deadline and a filing follow the header.
        static let deadline = Flags(rawValue: 2)
        /// A deadline inside the value follows the filing.
        static let inner = Flags(rawValue: 4)
    }

    /// Which deadlines a record has room for.
    enum Timing {
        case none, own, inner

        fileprivate var byteCount: Int {
            switch self {
            case .none: 0
            case .own: 14
            case .inner: 22
            }
        }

        fileprivate var flags: Flags {
            switch self {
            case .none: []
            case .own: .deadline
            case .inner: [.deadline, .inner]
            }
        }
    }

    /// The largest payload that a record can hold itself.
    static let payloadLimit = Int(UInt16.max)

    // MARK: Size and making

    static func byteCount(keyCount: Int, payloadCount: Int, timing: Timing) -> Int {
        let longKey = keyCount >= Int(longKeyMark) ? 8 : 0
        return Offset.body + timing.byteCount + longKey + keyCount + payloadCount
    }

    var byteCount: Int {
        Self.byteCount(keyCount: keyCount, payloadCount: payloadCount, timing: timing)
    }

    /// Writes a header and a key into fresh memory of `byteCount(...)` bytes; the payload and the deadlines are the
    /// caller's to fill.
    init(
        at address: UnsafeMutableRawPointer, key: UnsafeRawBufferPointer, payloadCount: Int, kind: UInt8,
        timing: Timing, access: UInt32, epoch: UInt8 = 0
    ) {
        precondition(payloadCount >= 0 && payloadCount <= Self.payloadLimit)
        self.address = address
        address.storeBytes(of: kind, toByteOffset: Offset.kind, as: UInt8.self)
        address.storeBytes(of: timing.flags.rawValue, toByteOffset: Offset.flags, as: UInt8.self)
        address.storeBytes(of: epoch, toByteOffset: Offset.epoch, as: UInt8.self)
        self.access = access
        // Both fit: the payload was checked above, a long key is marked and keeps its length elsewhere.
        address.storeBytes(of: UInt16(payloadCount), toByteOffset: Offset.payloadCount, as: UInt16.self)
        if timing != .none { filing = WheelFiling.none }
        let isLong = key.count >= Int(Self.longKeyMark)
        let mark = isLong ? Self.longKeyMark : UInt16(key.count)
        address.storeBytes(of: mark, toByteOffset: Offset.keyCount, as: UInt16.self)
        var place = address + Offset.body + timing.byteCount
        if isLong {
            place.storeBytes(of: UInt64(key.count), as: UInt64.self)
            place += 8
        }
        if let source = key.baseAddress { place.copyMemory(from: source, byteCount: key.count) }
    }

    // MARK: Header

    var kind: UInt8 {
        get { address.load(fromByteOffset: Offset.kind, as: UInt8.self) }
        nonmutating set { address.storeBytes(of: newValue, toByteOffset: Offset.kind, as: UInt8.self) }
    }

    private(set) var flags: Flags {
        get { Flags(rawValue: address.load(fromByteOffset: Offset.flags, as: UInt8.self)) }
        nonmutating set { address.storeBytes(of: newValue.rawValue, toByteOffset: Offset.flags, as: UInt8.self) }
    }

    var epoch: UInt8 {
        get { address.load(fromByteOffset: Offset.epoch, as: UInt8.self) }
        nonmutating set { address.storeBytes(of: newValue, toByteOffset: Offset.epoch, as: UInt8.self) }
    }

    /// The access clock, 24 bits.
    var access: UInt32 {
        get {
            let low = address.loadUnaligned(fromByteOffset: Offset.access, as: UInt16.self)
            let high = address.load(fromByteOffset: Offset.access + 2, as: UInt8.self)
            return UInt32(low) | UInt32(high) << 16
        }
        nonmutating set {
            address.storeBytes(of: UInt16(truncatingIfNeeded: newValue), toByteOffset: Offset.access, as: UInt16.self)
            let high = UInt8(truncatingIfNeeded: newValue >> 16)
            address.storeBytes(of: high, toByteOffset: Offset.access + 2, as: UInt8.self)
        }
    }

    // MARK: Deadline

    var timing: Timing {
        let flags = flags
        return flags.contains(.inner) ? .inner : flags.contains(.deadline) ? .own : .none
    }

    /// Whether the record itself is to vanish some day.
    var hasDeadline: Bool {
        switch timing {
        case .none: false
        case .own: true
        case .inner: deadline != Int64.max
        }
    }

    /// When the record is to vanish, in milliseconds; only records with a timing have one.
    var deadline: Int64 {
        get {
            precondition(flags.contains(.deadline))
            return address.loadUnaligned(fromByteOffset: Offset.deadline, as: Int64.self)
        }
        nonmutating set {
            precondition(flags.contains(.deadline))
            address.storeBytes(of: newValue, toByteOffset: Offset.deadline, as: Int64.self)
        }
    }

    /// The earliest deadline of the value's parts; only records with an inner timing have one.
    var innerDeadline: Int64 {
        get {
            precondition(flags.contains(.inner))
            return address.loadUnaligned(fromByteOffset: Offset.innerDeadline, as: Int64.self)
        }
        nonmutating set {
            precondition(flags.contains(.inner))
            address.storeBytes(of: newValue, toByteOffset: Offset.innerDeadline, as: Int64.self)
        }
    }

    var dueAt: Int64 { flags.contains(.inner) ? min(deadline, innerDeadline) : deadline }

    /// Where the timing wheel keeps the record.
    var filing: WheelFiling {
        get {
            WheelFiling(
                slot: address.loadUnaligned(fromByteOffset: Offset.slot, as: UInt16.self),
                position: address.loadUnaligned(fromByteOffset: Offset.position, as: UInt32.self))
        }
        nonmutating set {
            assert(flags.contains(.deadline))
            address.storeBytes(of: newValue.slot, toByteOffset: Offset.slot, as: UInt16.self)
            address.storeBytes(of: newValue.position, toByteOffset: Offset.position, as: UInt32.self)
        }
    }

    // MARK: Key and payload

    private var bodyOffset: Int { Offset.body + timing.byteCount }

    private var shortKeyCount: UInt16 { address.loadUnaligned(fromByteOffset: Offset.keyCount, as: UInt16.self) }

    var keyCount: Int {
        let short = shortKeyCount
        if short != Self.longKeyMark { return Int(short) }
        // The length was an Int when it was stored.
        return Int(truncatingIfNeeded: address.loadUnaligned(fromByteOffset: bodyOffset, as: UInt64.self))
    }

    var keyBytes: UnsafeRawBufferPointer {
        let short = shortKeyCount
        if short != Self.longKeyMark {
            return UnsafeRawBufferPointer(start: address + bodyOffset, count: Int(short))
        }
        return UnsafeRawBufferPointer(start: address + bodyOffset + 8, count: keyCount)
    }

    /// Length of the payload. The setter keeps the allocation: the caller has checked that the size class stays.
    private(set) var payloadCount: Int {
        get { Int(address.loadUnaligned(fromByteOffset: Offset.payloadCount, as: UInt16.self)) }
        nonmutating set {
            precondition(newValue >= 0 && newValue <= Self.payloadLimit)
            address.storeBytes(of: UInt16(newValue), toByteOffset: Offset.payloadCount, as: UInt16.self)
        }
    }

    var payload: UnsafeMutableRawBufferPointer {
        let key = keyBytes
        let offset = bodyOffset + (shortKeyCount == Self.longKeyMark ? 8 : 0) + key.count
        return UnsafeMutableRawBufferPointer(start: address + offset, count: payloadCount)
    }

    /// Changes the payload's length in place if the allocation's size class allows; false when a new record is needed.
    func resizePayload(to count: Int) -> Bool {
        guard count <= Self.payloadLimit else { return false }
        let present = byteCount
        let wanted = present - payloadCount + count
        guard Heap.roundedSize(wanted) == Heap.roundedSize(present) else { return false }
        payloadCount = count
        return true
    }

    /// Asks for the header and, nearly always, the key.
    func prefetchHead() { CacheLine.prefetch(address) }

    /// Asks for what is behind the first cache line, up to a few; reads the header.
    func prefetchRest() {
        let end = min(byteCount, 8 * CacheLine.size)
        for offset in stride(from: CacheLine.size, to: end, by: CacheLine.size) {
            CacheLine.prefetch(address + offset)
        }
        CacheLine.prefetch(address + (end - 1))
    }

    // MARK: Object payload

    var holdsObject: Bool { flags.contains(.object) }

    /// The object, still owned by the record.
    func object<Object: RecordObject>(as type: Object.Type) -> Object {
        unmanagedObject(as: type).takeUnretainedValue()
    }

    /// The object, now owned by the caller; the record must be freed or given another payload.
    func takeObject() -> RecordObject {
        let object = unmanagedObject(as: RecordObject.self).takeRetainedValue()
        flags.remove(.object)
        return object
    }

    /// Stores a retained object in an 8-byte payload.
    func setObject(_ object: RecordObject) {
        precondition(payloadCount == 8 && !holdsObject)
        let opaque = Unmanaged<RecordObject>.passRetained(object).toOpaque()
        payload.storeBytes(of: UInt(bitPattern: opaque), as: UInt.self)
        flags.insert(.object)
    }

    private func unmanagedObject<Object: RecordObject>(as type: Object.Type) -> Unmanaged<Object> {
        precondition(holdsObject)
        let bits = payload.loadUnaligned(as: UInt.self)
        guard let opaque = UnsafeRawPointer(bitPattern: bits) else { preconditionFailure("an object has an address") }
        return Unmanaged.fromOpaque(opaque)
    }
}
