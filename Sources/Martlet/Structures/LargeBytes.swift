// A large value's bytes, shared by reference: a request is read straight into one, the keyspace keeps it, and a reply
// that is still being written holds on to it. Whoever wants to change it makes sure that nobody else holds it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class LargeBytes: RecordObject, @unchecked Sendable {
    // Guard: mutated only while uniquely referenced, by the engine's queue; afterwards read-only for all holders.
    private var base: UnsafeMutableRawPointer
    private(set) var count: Int
    private(set) var capacity: Int
    /// Where the memory is counted; set by the engine's queue, before any other thread sees the value.
    private var account: LargeBytesAccount?
    /// Used by the engine's queue only.
    private var hasDeparted = false

    /// Nil when the memory is not to be had: a length that a client sent must not end the process.
    init?(capacity: Int) {
        let wanted = max(capacity, 16)
        guard let memory = malloc(wanted) else { return nil }
        base = memory
        count = 0
        self.capacity = wanted
    }

    deinit {
        // First: what does not count any more must not be there.
        free(base)
        account?.count(-memoryBytes)
    }

    var unsafeBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    var bytes: ByteSpan {
        @_lifetime(borrow self)
        get {
            ByteSpan(viewing: unsafeBytes, ownedBy: self)
        }
    }

    /// Memory that this value takes, its own bookkeeping included.
    override var memoryBytes: Int { capacity + 80 }

    override var selfCountedBytes: Int { account == nil ? 0 : memoryBytes }

    override func join(_ account: LargeBytesAccount) {
        guard self.account == nil else { return }
        self.account = account
        account.count(memoryBytes)
    }

    override func depart() -> Departure? {
        // Once, although several keys that share it may let go of it.
        guard let account, !hasDeparted else { return nil }
        hasDeparted = true
        return Departure(of: memoryBytes, from: account)
    }

    /// Room behind the bytes, to be read into; follow with `commit`.
    var unsafeRoom: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: base + count, count: capacity - count)
    }

    func commit(_ extra: Int) {
        precondition(extra >= 0 && extra <= capacity - count)
        count += extra
    }

    /// Drops bytes from the end, or appends zeros.
    func resize(to newCount: Int) -> Bool {
        guard newCount <= capacity || reserve(newCount) else { return false }
        if newCount > count { memset(base + count, 0, newCount - count) }
        count = newCount
        return true
    }

    /// Makes room for `total` bytes in all; false when the memory is not to be had.
    func reserve(_ total: Int) -> Bool {
        guard total > capacity else { return true }
        guard let memory = realloc(base, total) else { return false }
        base = memory
        account?.count(total - capacity)
        capacity = total
        return true
    }

    /// Copies `bytes` to `offset`; the range must lie inside the present bytes.
    func write(_ bytes: ByteSpan, at offset: Int) {
        precondition(offset >= 0 && bytes.count <= count - offset)
        bytes.withUnsafeBytes { source in
            // An empty span has no address and copies nothing.
            if let address = source.baseAddress { memmove(base + offset, address, source.count) }
        }
    }

    /// Puts `bytes` in the place of `range`, which lies inside the present bytes.
    func splice(_ range: Range<Int>, with bytes: ByteSpan) {
        let oldCount = count
        let newCount = oldCount - range.count + bytes.count
        // Growing by doubles makes many small additions cheap.
        if newCount > capacity, !reserve(newCount + newCount / 2) { SystemMemory.outOfMemory(bytes: newCount) }
        count = max(oldCount, newCount)
        let room = UnsafeMutableRawBufferPointer(start: base, count: count)
        RawBytes.splice(room, oldCount: oldCount, range, with: bytes)
        count = newCount
    }

    /// Lets `body` change the bytes in place.
    func withMutableBytes<Result>(_ body: (UnsafeMutableRawBufferPointer) -> Result) -> Result {
        body(UnsafeMutableRawBufferPointer(start: base, count: count))
    }
}
