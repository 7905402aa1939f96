// Strings: a 64-bit integer, bytes in the record itself, or, when they are large, bytes of their own.
//
//   encoding   payload
//   int        the number, 8 bytes
//   embstr     the bytes, up to 44 of them, as they were set
//   raw        the bytes, up to `inlineLimit`, or an object: LargeBytes
//
// The encodings are Redis's in name and limits, so that OBJECT ENCODING answers alike; where the bytes lie is ours.

/// Which encodings are welcome for a string: Redis does not always choose the smallest one.
enum StringForm {
    /// A number where the bytes spell one.
    case smallest
    /// The bytes as they are: embstr or raw.
    case text
    case raw
}

enum StringValue {
    /// Redis embeds strings up to this length.
    static let embstrLimit = 44
    /// Longer strings get memory of their own.
    static let inlineLimit = 4096
    /// The longest decimal text of an Int64.
    static let integerTextLimit = 20

    /// How `bytes` will be stored.
    @inline(__always)
    static func kind(of bytes: ByteSpan, as form: StringForm = .smallest) -> (kind: ValueKind, integer: Int64) {
        if form == .smallest, bytes.count <= integerTextLimit, let integer = parseInt64(bytes) {
            return (.int, integer)
        }
        return (form != .raw && bytes.count <= embstrLimit ? .embstr : .raw, 0)
    }
}

extension Record {
    /// The number of an int-encoded string.
    var integer: Int64 {
        get { payload.loadUnaligned(as: Int64.self) }
        nonmutating set { payload.storeBytes(of: newValue, as: Int64.self) }
    }

    /// The string as a number: nil when it is not one.
    var integerValue: Int64? {
        if valueKind == .int { return integer }
        return withStringBytes { parseInt64($0) }
    }

    /// Length of the string in bytes.
    var stringCount: Int {
        if valueKind == .int { return withDecimal(integer) { $0.count } }
        return holdsObject ? object(as: LargeBytes.self).count : payloadCount
    }

    /// The bytes of a string, whatever its encoding.
    @inline(__always)
    func withStringBytes<Result, Failure: Error>(_ body: (ByteSpan) throws(Failure) -> Result) throws(Failure) -> Result
    {
        if valueKind == .int {
            try withDecimal(integer, body)
        } else if holdsObject {
            try body(object(as: LargeBytes.self).bytes)
        } else {
            try body(ByteSpan(viewing: UnsafeRawBufferPointer(payload), ownedBy: self))
        }
    }
}
