// A growable run of bytes: what requests wait in and replies are written to.
// Bytes are appended at the end and consumed from the front; nothing is allocated until the first byte.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Bytes in, bytes out; the room behind the written bytes can be handed to a reader.
///
/// Guard for `@unchecked Sendable`: it owns its memory alone, and cannot be copied.
struct ByteBuffer: ~Copyable, @unchecked Sendable {
    private var base: UnsafeMutableRawPointer?
    /// Bytes already consumed from the front.
    private var start = 0
    /// End of the bytes written.
    private var end = 0
    private(set) var capacity = 0
    /// The buffer does not grow for more bytes than this: it drops all and begins again. Room that is there is used.
    var ceiling = Int.max
    /// Whether that has happened, so that the bytes mean nothing.
    private(set) var isOverflown = false

    /// The first allocation; most requests and replies fit.
    private static var firstCapacity: Int { 1024 }

    init() {}

    init(capacity: Int) {
        _ = reserve(capacity)
    }

    deinit { base?.deallocate() }

    var count: Int { end - start }
    var isEmpty: Bool { end == start }

    var bytes: ByteSpan {
        @_lifetime(borrow self)
        get {
            ByteSpan(viewing: unsafeBytes, ownedBy: self)
        }
    }

    var unsafeBytes: UnsafeRawBufferPointer {
        guard let base else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(start: base + start, count: end - start)
    }

    /// Room for at least `extra` more bytes; returns where to write. Follow with `commit`.
    @inline(__always)
    mutating func reserve(_ extra: Int) -> UnsafeMutableRawPointer {
        if let base, capacity - end >= extra { return base + end }
        return grow(extra)
    }

    /// The first `count` bytes of the reserved room now hold data.
    @inline(__always)
    mutating func commit(_ count: Int) {
        assert(count <= capacity - end)
        // Wraps never: bounded by capacity, which is an allocation's size.
        end &+= count
    }

    /// Free room behind the written bytes.
    var room: Int { capacity - end }

    @inline(never)
    private mutating func grow(_ extra: Int) -> UnsafeMutableRawPointer {
        if extra > ceiling - count {
            isOverflown = true
            clear()
            if let base, capacity >= extra { return base }
        }
        if start > 0 {
            if let base, count > 0 { memmove(base, base + start, count) }
            end -= start
            start = 0
            if let base, capacity - end >= extra { return base + end }
        }
        let wanted = max(Self.firstCapacity, capacity * 2, end + extra)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: wanted, alignment: 16)
        if let base {
            memory.copyMemory(from: base, byteCount: end)
            base.deallocate()
        }
        base = memory
        capacity = wanted
        return memory + end
    }

    mutating func append(_ bytes: ByteSpan) {
        let place = reserve(bytes.count)
        bytes.withUnsafeBytes { source in
            // An empty span has no address and copies nothing.
            if let address = source.baseAddress { place.copyMemory(from: address, byteCount: source.count) }
        }
        commit(bytes.count)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let address = bytes.baseAddress else { return }
        reserve(bytes.count).copyMemory(from: address, byteCount: bytes.count)
        commit(bytes.count)
    }

    mutating func append(_ byte: UInt8) {
        reserve(1).storeBytes(of: byte, as: UInt8.self)
        commit(1)
    }

    mutating func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    /// The label keeps literals out: they are `StaticString`s, which need no `String` to be made.
    mutating func append(text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Makes room at `offset` (counted from the front) and writes `bytes` there.
    mutating func insert(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        precondition(offset >= 0 && offset <= count)
        guard let address = bytes.baseAddress else { return }
        _ = reserve(bytes.count)
        // reserve() succeeded, so there is a base; start and end are read after it because it may have moved them.
        guard let base, offset <= count else { return }
        let place = base + start + offset
        memmove(place + bytes.count, place, count - offset)
        place.copyMemory(from: address, byteCount: bytes.count)
        commit(bytes.count)
    }

    mutating func insert(_ text: StaticString, at offset: Int) {
        insert(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount), at: offset)
    }

    /// Drops the bytes of `range` (counted from the front).
    mutating func remove(_ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        guard let base else { return }
        let place = base + start
        memmove(place + range.lowerBound, place + range.upperBound, count - range.upperBound)
        end -= range.count
    }

    /// Drops `count` bytes from the front.
    mutating func consume(_ count: Int) {
        precondition(count >= 0 && count <= self.count)
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Drops all behind the first `count` bytes.
    mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count)
        end = start + count
    }

    /// Drops the bytes, keeps the memory.
    mutating func clear() {
        start = 0
        end = 0
    }

    /// Gives back memory that the bytes do not need, if that is most of it.
    mutating func shrink() {
        guard count > 0 else { return release() }
        guard capacity > 4 * max(count, Self.firstCapacity / 4) else { return }
        var smaller = ByteBuffer()
        smaller.append(unsafeBytes)
        swap(&smaller, &self)
    }

    /// Drops the bytes and gives the memory back.
    mutating func release() {
        base?.deallocate()
        base = nil
        start = 0
        end = 0
        capacity = 0
    }
}
