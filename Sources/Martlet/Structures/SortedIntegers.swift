// A sorted block of different integers, each in as few bytes as the widest needs.
//
//   width (2, 4 or 8) | integer | integer | ...        little end first

/// A view of such a block. Empty bytes are an empty block.
struct SortedIntegers: ~Escapable {
    let bytes: ByteSpan

    @_lifetime(copy bytes)
    init(_ bytes: ByteSpan) { self.bytes = bytes }

    var width: Int { bytes.isEmpty ? 2 : Int(bytes[0]) }
    var count: Int { bytes.isEmpty ? 0 : (bytes.count - 1) / width }

    subscript(index: Int) -> Int64 {
        bytes.signedLittleEndian(at: 1 + index * width, width: width)
    }

    enum Search {
        case found(Int)
        /// Where the number would have to be inserted.
        case absent(Int)
    }

    func search(_ value: Int64) -> Search {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            let present = self[middle]
            if present == value { return .found(middle) }
            if present < value { low = middle + 1 } else { high = middle }
        }
        return .absent(low)
    }

    /// The bytes that element `index` takes, or would take.
    func range(of index: Int) -> Range<Int> {
        let start = 1 + index * width
        return start..<(start + width)
    }

    static func width(of value: Int64) -> Int {
        if Int64(Int16(truncatingIfNeeded: value)) == value { return 2 }
        return Int64(Int32(truncatingIfNeeded: value)) == value ? 4 : 8
    }
}

extension ByteBuffer {
    /// Appends an integer in so many bytes.
    mutating func appendInteger(_ value: Int64, width: Int) {
        for place in 0..<width { append(UInt8(truncatingIfNeeded: value >> Int64(8 * place))) }
    }

    /// Writes the block that `integers` becomes when `value`, which is absent, is inserted at `index`.
    mutating func appendIntegers(_ integers: SortedIntegers, inserting value: Int64, at index: Int) {
        let width = max(integers.width, SortedIntegers.width(of: value))
        append(UInt8(truncatingIfNeeded: width))
        for place in 0..<integers.count {
            if place == index { appendInteger(value, width: width) }
            appendInteger(integers[place], width: width)
        }
        if index == integers.count { appendInteger(value, width: width) }
    }
}
