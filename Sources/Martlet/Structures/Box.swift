// Heap-held values whose address never moves, for state that one owner mutates all day.
// A class property would pay a dynamic exclusivity check on every access; an addressor pays none. The owner (one serial
// queue) gives the exclusivity that the check would have looked for.

/// Sole owner of one value on the heap.
struct Box<Value: ~Copyable>: ~Copyable {
    private let pointer: UnsafeMutablePointer<Value>

    init(_ value: consuming Value) {
        pointer = .allocate(capacity: 1)
        pointer.initialize(to: value)
    }

    var value: Value {
        unsafeAddress { UnsafePointer(pointer) }
        nonmutating unsafeMutableAddress { pointer }
    }

    deinit {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}

/// A fixed number of noncopyable values side by side.
struct FixedArray<Element: ~Copyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int, _ make: (Int) -> Element) {
        self.count = count
        base = .allocate(capacity: count)
        for index in 0..<count { (base + index).initialize(to: make(index)) }
    }

    subscript(index: Int) -> Element {
        unsafeAddress {
            precondition(index >= 0 && index < count)
            return UnsafePointer(base + index)
        }
        nonmutating unsafeMutableAddress {
            precondition(index >= 0 && index < count)
            return base + index
        }
    }

    /// Exchanges two elements; their addresses stay, their contents trade places.
    func swap(_ first: Int, _ second: Int) {
        precondition(first >= 0 && first < count && second >= 0 && second < count)
        guard first != second else { return }
        let held = (base + first).move()
        (base + first).moveInitialize(from: base + second, count: 1)
        (base + second).initialize(to: held)
    }

    /// Puts `element` at `index` and returns what stood there.
    func exchange(_ index: Int, with element: consuming Element) -> Element {
        precondition(index >= 0 && index < count)
        let held = (base + index).move()
        (base + index).initialize(to: element)
        return held
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }
}
