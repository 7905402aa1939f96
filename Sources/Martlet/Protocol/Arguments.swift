// One request's words as handlers see them, and the batch of parsed requests that they live in.
// A word is a view into the bytes that arrived; only a large one, read straight into memory of its own, can be kept.

/// Where one word stands: an offset into the request's bytes, or, when negative, the number of a large argument.
struct ArgumentSlice: BitwiseCopyable {
    var offset: Int
    var count: Int

    init(offset: Int, count: Int) {
        self.offset = offset
        self.count = count
    }

    /// The large argument at `index` of the batch's list.
    init(large index: Int, count: Int) {
        self.init(offset: -1 - index, count: count)
    }

    var largeIndex: Int? { offset < 0 ? -1 - offset : nil }
}

/// Complete requests, parsed and not yet executed.
struct RequestBatch: ~Copyable {
    struct Request: BitwiseCopyable {
        let first: Int
        let count: Int
    }

    fileprivate(set) var slices = GrowableArray<ArgumentSlice>(capacity: 256)
    private(set) var requests = GrowableArray<Request>(capacity: 64)
    private(set) var larges: [LargeBytes] = []
    /// Slices of the request that is being parsed.
    private var openCount = 0

    var count: Int { requests.count }
    /// Of the places of the words; large words have memory of their own.
    var memoryBytes: Int {
        slices.memoryBytes + requests.memoryBytes + larges.capacity * MemoryLayout<LargeBytes>.stride
    }

    mutating func append(_ slice: ArgumentSlice) {
        slices.append(slice)
        openCount += 1
    }

    mutating func append(large: LargeBytes) {
        append(ArgumentSlice(large: larges.count, count: large.count))
        larges.append(large)
    }

    /// The words appended since the last call are one request.
    mutating func finishRequest() {
        requests.append(Request(first: slices.count - openCount, count: openCount))
        openCount = 0
    }

    /// Takes back the words of a request that is not complete; none of them is large.
    mutating func removeOpen(into words: inout [ArgumentSlice]) {
        words.reserveCapacity(openCount)
        for index in (slices.count - openCount)..<slices.count { words.append(slices[index]) }
        slices.removeLast(openCount)
        openCount = 0
    }

    var openSliceCount: Int { openCount }

    mutating func removeAll() {
        slices.removeAll(keeping: 4096)
        requests.removeAll(keeping: 1024)
        openCount = 0
        if !larges.isEmpty { larges.removeAll() }
    }

    /// Whether the request begins with the same word as the one before; false when one of the two is a large argument.
    @inline(__always)
    func repeatsName(_ index: Int, in bytes: ByteSpan) -> Bool {
        let (before, name) = (slices[requests[index - 1].first], slices[requests[index].first])
        guard before.count == name.count, before.offset >= 0, name.offset >= 0 else { return false }
        return bytes.extracting(before.offset..<(before.offset + before.count))
            .equals(bytes.extracting(name.offset..<(name.offset + name.count)))
    }

    /// Request `index` as a view over `bytes`, the bytes that its slices were parsed from.
    @_lifetime(borrow self, borrow bytes)
    func arguments(_ index: Int, in bytes: ByteSpan) -> Arguments {
        let request = requests[index]
        let base = bytes.withUnsafeBufferPointer { $0.baseAddress }
        let view = Arguments(
            base: base, slices: slices.unsafeBase + request.first, count: request.count, larges: larges)
        return _overrideLifetime(view, borrowing: self)
    }
}

/// The words of one request: the command's name is word 0. Views stay valid while the handler runs.
struct Arguments: ~Escapable {
    private let base: UnsafePointer<UInt8>?
    private let slices: UnsafePointer<ArgumentSlice>
    private let larges: [LargeBytes]
    let count: Int

    @_lifetime(borrow slices)
    fileprivate init(
        base: UnsafePointer<UInt8>?, slices: UnsafePointer<ArgumentSlice>, count: Int, larges: [LargeBytes]
    ) {
        self.base = base
        self.slices = slices
        self.count = count
        self.larges = larges
    }

    subscript(index: Int) -> ByteSpan {
        @_lifetime(copy self)
        get {
            precondition(index >= 0 && index < count)
            let slice = slices[index]
            let bytes: UnsafeRawBufferPointer
            if let large = slice.largeIndex {
                bytes = UnsafeRawBufferPointer(rebasing: larges[large].unsafeBytes.prefix(slice.count))
            } else {
                // The parser made the slice inside the bytes that `base` points to.
                bytes = UnsafeRawBufferPointer(start: base.map { $0 + slice.offset }, count: slice.count)
            }
            return _overrideLifetime(ByteSpan(viewing: bytes, ownedBy: slice), copying: self)
        }
    }

    /// The words from `start` on, as a request of their own.
    @_lifetime(copy self)
    func words(from start: Int) -> Arguments {
        precondition(start >= 0 && start <= count)
        let view = Arguments(base: base, slices: slices + start, count: count - start, larges: larges)
        return _overrideLifetime(view, copying: self)
    }

    /// The word's own memory if it was large enough to get some: the keyspace can keep it without a copy.
    func large(_ index: Int) -> LargeBytes? {
        precondition(index >= 0 && index < count)
        return slices[index].largeIndex.map { larges[$0] }
    }

    /// The word as text; bytes that are not UTF-8 become replacement characters.
    func text(_ index: Int) -> String {
        self[index].text
    }
}
