// Collects the fields of a new hash in the encoding that suits them.

struct HashFields: ~Copyable {
    private(set) var list: ByteBuffer
    /// Elements for each field of `list`.
    private(set) var width = 2
    /// Whether `list` holds something longer than a listpack does.
    private(set) var isLong = false
    private(set) var object: HashObject?
    private(set) var count = 0
    /// Redis keeps deadlines of fields in fewer bits than those of keys.
    static let latestDeadline: Int64 = 0xFFFF_FFFF_FFFF >> 2

    private let limits: EncodingLimits
    private let seed: HashSeed

    /// `list` is memory to work in; its content is dropped.
    init(limits: EncodingLimits, seed: HashSeed, list: consuming ByteBuffer = ByteBuffer()) {
        self.limits = limits
        self.seed = seed
        self.list = list
        self.list.clear()
    }

    /// Adds a field; false when it is there already.
    mutating func append(field: ByteSpan, value: ByteSpan, deadline: Int64? = nil) -> Bool {
        if let object {
            guard object.find(field) == nil else { return false }
            object.insert(field, value, deadline: deadline)
        } else {
            guard case .absent = PackedList(list.bytes).search(field, step: width) else { return false }
            let isLong = isLong || max(field.count, value.count) > limits.hashValue
            let fitsBlock = deadline == nil && hasRoom(for: field.count + value.count)
            if count >= limits.hashEntries || isLong && !fitsBlock {
                makeTable()
                object?.insert(field, value, deadline: deadline)
            } else {
                self.isLong = isLong
                if deadline != nil, width == 2 { widen() }
                append(field, value, deadline)
            }
        }
        count += 1
        return true
    }

    private func hasRoom(for byteCount: Int) -> Bool {
        width == 2 && count < EncodingLimits.blockFields && list.count + byteCount <= EncodingLimits.blockBytes
    }

    /// Gives a field that is there another value.
    mutating func update(field: ByteSpan, value: ByteSpan) {
        if let object {
            if let entry = object.find(field) { object.setValue(value, of: entry, keepsDeadline: false) }
        } else if case .found(let offset) = PackedList(list.bytes).search(field, step: width) {
            let end = end(ofFieldAt: offset)
            list.remove(offset..<end)
            count -= 1
            _ = append(field: field, value: value)
        }
    }

    private func end(ofFieldAt offset: Int) -> Int {
        var end = offset
        for _ in 0..<width { end = PackedList(list.bytes).next(after: end) }
        return end
    }

    private mutating func append(_ field: ByteSpan, _ value: ByteSpan, _ deadline: Int64?) {
        list.appendPacked(field)
        list.appendPacked(value)
        if width == 3 { list.appendPacked(deadline ?? 0) }
    }

    private mutating func widen() {
        let old = exchange()
        width = 3
        PackedList(old.bytes).visitFields(width: 2) { field, value, _ in append(field, value, nil) }
    }

    private mutating func makeTable() {
        let table = HashObject(seed: seed)
        let old = exchange()
        PackedList(old.bytes).visitFields(width: width) { table.insert($0, $1, deadline: $2) }
        object = table
    }

    private mutating func exchange() -> ByteBuffer {
        var old = ByteBuffer()
        swap(&old, &list)
        return old
    }

    consuming func takeList() -> ByteBuffer { list }
}
