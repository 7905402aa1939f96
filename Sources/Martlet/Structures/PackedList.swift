// A list of byte strings in one block, for collections that are small enough to be searched from the front.
//
//   list      element element ...             no header; the list ends where its bytes end
//   element   head [length] content
//
//   head 0x00-0xEF   a string of so many bytes
//        0xF0        a string, its length in the next 2 bytes
//        0xF1        a string, its length in the next 4 bytes
//        0xF2-0xF7   an integer of 1, 2, 3, 4, 6, 8 bytes
//
// Numbers stand little end first. A string that spells an integer is stored as one when that is shorter, and only
// then; so equal strings have equal elements, and a search compares bytes.

/// A view of the bytes of a list, which `isValid` or an encoder of this file has made sure of.
struct PackedList: ~Escapable {
    let bytes: ByteSpan

    @_lifetime(copy bytes)
    init(_ bytes: ByteSpan) { self.bytes = bytes }

    fileprivate enum Head {
        static let longestShort: UInt8 = 0xEF
        static let string16: UInt8 = 0xF0
        static let string32: UInt8 = 0xF1
        static let integers: ClosedRange<UInt8> = 0xF2...0xF7

        /// Content bytes of an integer head.
        static func width(_ head: UInt8) -> Int {
            switch head {
            case 0xF2: 1
            case 0xF3: 2
            case 0xF4: 3
            case 0xF5: 4
            case 0xF6: 6
            default: 8
            }
        }

        /// The least content bytes that hold `integer`.
        static func width(of integer: Int64) -> Int { width(head(of: integer)) }

        static func head(of integer: Int64) -> UInt8 {
            for head in integers {
                let unused = Int64(64 - 8 * width(head))
                if (integer << unused) >> unused == integer { return head }
            }
            return integers.upperBound
        }
    }

    /// What stands at an offset.
    enum Element: Equatable {
        case integer(Int64)
        /// The place of the string's bytes in the list.
        case string(Range<Int>)
    }

    /// The longest string that an element can hold.
    static let longestString = Int(UInt32.max)

    // MARK: Walking

    /// Where the string at `offset` begins behind its head, or nil for an integer; and where the element ends.
    @inline(__always)
    private func extent(at offset: Int) -> (content: Int, end: Int, head: UInt8) {
        let head = bytes[offset]
        if head <= Head.longestShort { return (offset + 1, offset + 1 + Int(head), head) }
        switch head {
        case Head.string16: return (offset + 3, offset + 3 + Int(bytes.littleEndian(at: offset + 1, width: 2)), head)
        case Head.string32: return (offset + 5, offset + 5 + Int(bytes.littleEndian(at: offset + 1, width: 4)), head)
        default: return (offset + 1, offset + 1 + Head.width(head), head)
        }
    }

    /// The offset of the element behind the one at `offset`; the list's length at the end.
    @inline(__always)
    func next(after offset: Int) -> Int { extent(at: offset).end }

    func element(at offset: Int) -> Element {
        let (content, end, head) = extent(at: offset)
        guard Head.integers.contains(head) else { return .string(content..<end) }
        return .integer(bytes.signedLittleEndian(at: content, width: Head.width(head)))
    }

    /// The string at `offset`, integers spelled out.
    @inline(__always)
    func withString<Result, Failure: Error>(
        at offset: Int, _ body: (ByteSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        switch element(at: offset) {
        case .integer(let value): try withDecimal(value, body)
        case .string(let range): try body(bytes.extracting(range))
        }
    }

    /// How many elements there are.
    var count: Int {
        var count = 0
        var offset = 0
        while offset < bytes.count {
            count += 1
            offset = next(after: offset)
        }
        return count
    }

    /// The offset of element number `index`; nil when the list is shorter.
    func offset(of index: Int) -> Int? {
        var offset = 0
        for _ in 0..<index {
            guard offset < bytes.count else { return nil }
            offset = next(after: offset)
        }
        return offset < bytes.count ? offset : nil
    }

    /// What a search came to: the offset of the element, or how many elements there are.
    enum Search {
        case found(Int)
        case absent(count: Int)
    }

    /// Looks for `value` among the elements whose number is a multiple of `step`.
    func search(_ value: ByteSpan, step: Int = 1) -> Search {
        let integer = Self.integer(of: value)
        var offset = 0
        var count = 0
        while offset < bytes.count {
            var (content, end, head) = extent(at: offset)
            if Head.integers.contains(head) {
                if let integer, element(at: offset) == .integer(integer) { return .found(offset) }
            } else if integer == nil, end - content == value.count, bytes.extracting(content..<end).equals(value) {
                return .found(offset)
            }
            for _ in 1..<step { end = next(after: end) }
            offset = end
            count += step
        }
        return .absent(count: count)
    }

    /// The number of a string that is stored as an integer, because that is shorter.
    static func integer(of value: ByteSpan) -> Int64? {
        // "-9223372036854775808" is the longest.
        guard value.count > 1, value.count <= 20, value[0] <= UInt8(ascii: "9"), let integer = parseInt64(value)
        else { return nil }
        return Head.width(of: integer) < value.count ? integer : nil
    }

    /// Whether any bytes are a list whose number of elements is a multiple of `step`.
    static func isValid(_ bytes: ByteSpan, step: Int = 1) -> Bool {
        var offset = 0
        var count = 0
        while offset < bytes.count {
            let head = bytes[offset]
            let headCount =
                switch head {
                case Head.string16: 3
                case Head.string32: 5
                default: 1
                }
            guard head <= Head.integers.upperBound, bytes.count - offset >= headCount else { return false }
            offset = PackedList(bytes).next(after: offset)
            count += 1
        }
        return offset == bytes.count && count % step == 0
    }
}

// MARK: Encoding

extension ByteBuffer {
    /// Appends `value` as an element of a packed list; it is not longer than `PackedList.longestString`.
    mutating func appendPacked(_ value: ByteSpan) {
        if let integer = PackedList.integer(of: value) {
            let head = PackedList.Head.head(of: integer)
            append(head)
            appendNumber(UInt64(bitPattern: integer), width: PackedList.Head.width(head))
            return
        }
        precondition(value.count <= PackedList.longestString)
        if value.count <= Int(PackedList.Head.longestShort) {
            append(UInt8(truncatingIfNeeded: value.count))
        } else if value.count <= Int(UInt16.max) {
            append(PackedList.Head.string16)
            appendNumber(UInt64(value.count), width: 2)
        } else {
            append(PackedList.Head.string32)
            appendNumber(UInt64(value.count), width: 4)
        }
        append(value)
    }

    /// Appends the decimal text of `integer` as an element.
    mutating func appendPacked(_ integer: Int64) { withDecimal(integer) { appendPacked($0) } }

    private mutating func appendNumber(_ value: UInt64, width: Int) {
        for place in 0..<width { append(UInt8(truncatingIfNeeded: value >> UInt64(8 * place))) }
    }
}
