// What waits to be written to one client: bytes in order, with large values in between by reference, so that a value of
// megabytes is not copied on its way out.

/// The unsent replies of one connection.
struct ReplyBuffer: ~Copyable {
    /// Bytes behind all segments; nearly every reply lives here alone.
    var tail = ByteBuffer()
    private var segments: [Segment] = []
    /// How much of the first segment has been sent.
    private var firstOffset = 0
    private var segmentBytes = 0
    /// Memory of the segments that are counted here alone.
    private var sealedMemory = 0
    /// Bytes of the large values that count themselves, whoever else holds them.
    private(set) var selfCountedBytes = 0
    /// With more bytes than this nothing is kept, because whoever would read them is let go. It is looked at when
    /// memory is taken.
    var ceiling = Int.max {
        didSet { limitTail() }
    }
    private var hasLostValues = false
    /// Whether that has happened: what is in here means nothing.
    var isOverflown: Bool { hasLostValues || tail.isOverflown }

    private enum Segment {
        case bytes(SealedBytes)
        case large(LargeBytes)
        /// One that counts itself: decided when it is appended, so that what is added is taken away again.
        case selfCounted(LargeBytes)

        var unsafeBytes: UnsafeRawBufferPointer {
            switch self {
            case .bytes(let sealed): sealed.buffer.unsafeBytes
            case .large(let large), .selfCounted(let large): large.unsafeBytes
            }
        }
    }

    /// A tail that got a segment behind it.
    private final class SealedBytes {
        var buffer: ByteBuffer
        init(_ buffer: consuming ByteBuffer) { self.buffer = buffer }

        /// With the object itself and its place among the segments.
        var memoryBytes: Int { buffer.capacity + 112 }
    }

    /// A place in the output that something can be put in front of later.
    struct Mark {
        fileprivate let segment: Int
        fileprivate let offset: Int
    }

    init() {}

    init(tail: consuming ByteBuffer) { self.tail = tail }

    /// Bytes that wait, large values included.
    var count: Int { segmentBytes - firstOffset + tail.count }
    var isEmpty: Bool { segments.isEmpty && tail.isEmpty }
    /// Memory of what waits, shared or not.
    var memoryBytes: Int { sealedMemory + selfCountedBytes + tail.capacity }
    /// Separate pieces, as CLIENT LIST's `oll` counts them.
    var segmentCount: Int { segments.count }
    /// One plain piece and nothing else.
    var isContiguous: Bool { segments.isEmpty }

    /// Its first `sent` bytes have been sent already; then nothing else waits.
    mutating func append(_ large: LargeBytes, droppingFirst sent: Int = 0) {
        guard large.count - sent <= ceiling - count, !isOverflown else {
            hasLostValues = true
            return
        }
        sealTail()
        append(large.selfCountedBytes > 0 ? .selfCounted(large) : .large(large))
        if sent > 0 { consume(sent) }
        limitTail()
    }

    private mutating func append(_ segment: Segment) {
        segments.append(segment)
        tally(segment, 1)
    }

    /// A segment comes (1) or goes (-1).
    private mutating func tally(_ segment: Segment, _ sign: Int) {
        let bytes = segment.unsafeBytes.count
        segmentBytes += sign * bytes
        switch segment {
        case .bytes(let sealed): sealedMemory += sign * sealed.memoryBytes
        case .large: sealedMemory += sign * bytes
        case .selfCounted: selfCountedBytes += sign * bytes
        }
    }

    private mutating func limitTail() { tail.ceiling = ceiling == .max ? .max : max(0, ceiling - segmentBytes) }

    private mutating func sealTail() {
        guard !tail.isEmpty else { return }
        var sealed = ByteBuffer()
        swap(&sealed, &tail)
        append(.bytes(SealedBytes(sealed)))
    }

    // MARK: Headers that are known late

    func mark() -> Mark { Mark(segment: segments.count, offset: tail.count) }

    /// Puts `bytes` where `mark` was taken. Nothing may have been sent in between, and marks are used innermost first.
    mutating func insert(_ bytes: UnsafeRawBufferPointer, at mark: Mark) {
        guard !isOverflown else { return }
        if mark.segment == segments.count {
            tail.insert(bytes, at: mark.offset)
        } else if case .bytes(let sealed) = segments[mark.segment] {
            tally(.bytes(sealed), -1)
            sealed.buffer.insert(bytes, at: mark.offset)
            tally(.bytes(sealed), 1)
        } else {
            // The mark was taken right ahead of a large value: the header becomes a piece of its own.
            let header = SealedBytes(ByteBuffer())
            header.buffer.append(bytes)
            segments.insert(.bytes(header), at: mark.segment)
            tally(.bytes(header), 1)
        }
    }

    /// Drops everything written since `mark`.
    mutating func rewind(to mark: Mark) {
        guard !isOverflown else { return }
        guard mark.segment < segments.count else {
            tail.truncate(to: mark.offset)
            return
        }
        tail.clear()
        while segments.count > mark.segment {
            let last = segments.removeLast()
            tally(last, -1)
            if segments.count == mark.segment, case .bytes(let sealed) = last, mark.offset > 0 {
                tail.append(UnsafeRawBufferPointer(rebasing: sealed.buffer.unsafeBytes.prefix(mark.offset)))
            }
        }
    }

    // MARK: Sending

    /// The first pieces, at most `limit`.
    func pieces(limit: Int) -> [UnsafeRawBufferPointer] {
        var pieces: [UnsafeRawBufferPointer] = []
        pieces.reserveCapacity(min(limit, segments.count + 1))
        for (index, segment) in segments.prefix(limit).enumerated() {
            let bytes = segment.unsafeBytes
            pieces.append(index == 0 ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst(firstOffset)) : bytes)
        }
        if pieces.count < limit, !tail.isEmpty { pieces.append(tail.unsafeBytes) }
        return pieces
    }

    /// The first `count` bytes were sent.
    mutating func consume(_ count: Int) {
        guard !segments.isEmpty else { return tail.consume(count) }
        var left = count
        var done = 0
        while left > 0, done < segments.count {
            let size = segments[done].unsafeBytes.count - firstOffset
            guard left >= size else {
                firstOffset += left
                left = 0
                break
            }
            left -= size
            tally(segments[done], -1)
            firstOffset = 0
            done += 1
        }
        segments.removeFirst(done)
        if done > 0 { limitTail() }
        if left > 0 { tail.consume(left) }
    }

    /// Everything that waits, in one piece.
    func copyBytes() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for piece in pieces(limit: .max) { bytes.append(contentsOf: piece) }
        return bytes
    }

    /// Forgets all and gives the memory back.
    mutating func release() {
        segments = []
        segmentBytes = 0
        sealedMemory = 0
        selfCountedBytes = 0
        firstOffset = 0
        tail.release()
    }
}
