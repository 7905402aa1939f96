// Replies as values, for those who talk to the server from Swift.

/// A RESP reply. RESP2's types are a subset of RESP3's.
///
/// Source: the RESP3 specification. Bulk and simple strings are kept apart because clients of Redis tell them apart:
/// `OK` is a simple string, a stored value a bulk string.
public enum RESPValue: Equatable, Sendable {
    /// `_`, and RESP2's null bulk string and null array.
    case null
    /// `+`: a short status such as `OK`.
    case simpleString(String)
    /// `-` or `!`: an error; the first word is its code.
    case error(String)
    /// `:`
    case integer(Int64)
    /// `$`: any bytes.
    case bulkString([UInt8])
    /// `=`: text with a three-letter format.
    case verbatimString(format: String, text: String)
    /// `,`
    case double(Double)
    /// `#`
    case boolean(Bool)
    /// `(`: decimal digits of any length.
    case bigNumber(String)
    /// `*`
    case array([RESPValue])
    /// `~`
    case set([RESPValue])
    /// `%`: pairs in the server's order.
    case map([Pair])
    /// `>`: a message that answers no request.
    case push([RESPValue])

    /// One entry of a map.
    public struct Pair: Equatable, Sendable {
        /// What the value is found by.
        public let key: RESPValue
        /// What belongs to the key.
        public let value: RESPValue

        /// An entry of both.
        public init(_ key: RESPValue, _ value: RESPValue) {
            self.key = key
            self.value = value
        }
    }

    /// The text of a simple, bulk or verbatim string; nil for other types and for bytes that are not UTF-8.
    public var string: String? {
        switch self {
        case .simpleString(let text), .verbatimString(_, let text): text
        case .bulkString(let bytes): String(validating: bytes, as: UTF8.self)
        default: nil
        }
    }

    /// The value of an integer reply.
    public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }

    /// The elements of an array, set or push.
    public var elements: [RESPValue]? {
        switch self {
        case .array(let elements), .set(let elements), .push(let elements): elements
        default: nil
        }
    }
}
