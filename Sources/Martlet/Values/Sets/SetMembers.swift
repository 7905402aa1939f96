// Collects the members of a new set in the encoding that suits them.

struct SetMembers: ~Copyable {
    enum Form {
        case integers, packed
        case table(SetObject)
    }

    private(set) var form = Form.integers
    private(set) var block: ByteBuffer
    private(set) var count = 0
    private let limits: EncodingLimits
    private let seed: HashSeed

    /// `hint` is how many members may come; `block` is memory to work in, whose content is dropped.
    init(limits: EncodingLimits, seed: HashSeed, hint: Int = 0, block: consuming ByteBuffer = ByteBuffer()) {
        self.limits = limits
        self.seed = seed
        self.block = block
        self.block.clear()
        if hint > limits.setIntegers { form = hint > limits.setEntries ? .table(SetObject(seed: seed)) : .packed }
    }

    /// Adds a member; false when it is there.
    mutating func append(_ member: ByteSpan) -> Bool {
        let isNew: Bool
        switch form {
        case .integers: isNew = appendToIntegers(member)
        case .packed: isNew = appendToPacked(member)
        case .table(let object): isNew = object.insert(member)
        }
        if isNew { count += 1 }
        return isNew
    }

    private mutating func appendToIntegers(_ member: ByteSpan) -> Bool {
        guard let integer = parseInt64(member) else {
            if count < limits.setEntries, member.count <= limits.setValue, longestInteger <= limits.setValue {
                pack()
                return appendToPacked(member)
            }
            return appendToTable(member)
        }
        guard case .absent(let index) = SortedIntegers(block.bytes).search(integer) else { return false }
        if count >= limits.setIntegers { return appendToTable(member) }
        var old = ByteBuffer()
        swap(&old, &block)
        block.appendIntegers(SortedIntegers(old.bytes), inserting: integer, at: index)
        return true
    }

    private var longestInteger: Int {
        guard count > 0 else { return 0 }
        let integers = SortedIntegers(block.bytes)
        return max(withDecimal(integers[0]) { $0.count }, withDecimal(integers[count - 1]) { $0.count })
    }

    private mutating func pack() {
        var old = ByteBuffer()
        swap(&old, &block)
        let integers = SortedIntegers(old.bytes)
        for index in 0..<integers.count { block.appendPacked(integers[index]) }
        form = .packed
    }

    private mutating func appendToPacked(_ member: ByteSpan) -> Bool {
        guard case .absent = PackedList(block.bytes).search(member) else { return false }
        guard count < limits.setEntries, member.count <= limits.setValue else { return appendToTable(member) }
        block.appendPacked(member)
        return true
    }

    private mutating func appendToTable(_ member: ByteSpan) -> Bool {
        let object = SetObject(seed: seed)
        switch form {
        case .integers:
            let integers = SortedIntegers(block.bytes)
            for index in 0..<integers.count { withDecimal(integers[index]) { _ = object.insert($0) } }
        case .packed:
            let list = PackedList(block.bytes)
            var offset = 0
            while offset < block.count {
                list.withString(at: offset) { _ = object.insert($0) }
                offset = list.next(after: offset)
            }
        case .table: break
        }
        block.clear()
        form = .table(object)
        return object.insert(member)
    }

    consuming func takeBlock() -> ByteBuffer { block }
}
