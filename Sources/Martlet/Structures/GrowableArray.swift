// A plain growable array of trivial values for hot paths: no reference count, no copy on write.

struct GrowableArray<Element: BitwiseCopyable>: ~Copyable {
    private var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 16) {
        self.capacity = max(capacity, 1)
        base = .allocate(capacity: self.capacity)
    }

    deinit { base.deallocate() }

    var memoryBytes: Int { capacity * MemoryLayout<Element>.stride }

    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    mutating func append(_ element: Element) {
        if count == capacity { grow() }
        base[count] = element
        // count <= capacity, an allocation's size.
        count &+= 1
    }

    @inline(never)
    private mutating func grow() {
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        larger.update(from: base, count: count)
        base.deallocate()
        base = larger
        capacity *= 2
    }

    mutating func removeLast(_ amount: Int) {
        precondition(amount >= 0 && amount <= count)
        count -= amount
    }

    /// Forgets the elements; memory beyond `keeping` elements goes back.
    mutating func removeAll(keeping limit: Int) {
        count = 0
        guard capacity > limit, limit > 0 else { return }
        base.deallocate()
        base = .allocate(capacity: limit)
        capacity = limit
    }

    /// The address of the first element, good until the next mutation.
    var unsafeBase: UnsafePointer<Element> { UnsafePointer(base) }
}
