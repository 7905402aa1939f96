// Replies as the types that a program works with.

import Martlet

/// A type that a reply can be turned into. Both protocol versions are understood: a map may come as an array of pairs,
/// a boolean as 0 or 1, a double as a string.
public protocol RESPDecodable: Sendable {
    /// The reply's value; nil when it is of another type.
    static func decode(_ reply: RESPValue) -> Self?
}

extension RESPValue: RESPDecodable {
    /// The reply itself.
    public static func decode(_ reply: RESPValue) -> RESPValue? { reply }
}

extension String: RESPDecodable {
    /// A string that is UTF-8, or a number's digits.
    public static func decode(_ reply: RESPValue) -> String? {
        switch reply {
        case .integer(let value): String(value)
        case .double(let value): value.description
        case .bigNumber(let digits): digits
        default: reply.string
        }
    }
}

extension Int64: RESPDecodable {
    /// An integer, or a string of its digits.
    public static func decode(_ reply: RESPValue) -> Int64? {
        switch reply {
        case .integer(let value): value
        case .bulkString(let digits): parseInt64(digits.span) ?? reply.string.flatMap { Int64($0) }
        case .boolean(let value): value ? 1 : 0
        default: reply.string.flatMap { Int64($0) }
        }
    }
}

extension Int: RESPDecodable {
    /// An integer, or a string of its digits.
    public static func decode(_ reply: RESPValue) -> Int? { Int64.decode(reply).flatMap(Int.init(exactly:)) }
}

extension Double: RESPDecodable {
    /// A double, an integer, or a string of its digits.
    public static func decode(_ reply: RESPValue) -> Double? {
        switch reply {
        case .double(let value): value
        case .integer(let value): Double(value)
        default: reply.string.flatMap { Double($0) }
        }
    }
}

extension Bool: RESPDecodable {
    /// A boolean, 0 or 1, or `OK`.
    public static func decode(_ reply: RESPValue) -> Bool? {
        switch reply {
        case .boolean(let value): value
        case .integer(0): false
        case .integer(1): true
        case .simpleString("OK"): true
        default: nil
        }
    }
}

extension Optional: RESPDecodable where Wrapped: RESPDecodable {
    /// Nil for the null reply.
    public static func decode(_ reply: RESPValue) -> Wrapped?? {
        if case .null = reply { return .some(nil) }
        return Wrapped.decode(reply).map { .some($0) }
    }
}

extension UInt8: RESPDecodable {
    /// A byte is no reply; arrays of them are strings.
    public static func decode(_ reply: RESPValue) -> UInt8? { nil }
}

extension Array: RESPDecodable where Element: RESPDecodable {
    /// The elements of an array or set; an array of bytes is a string's content.
    public static func decode(_ reply: RESPValue) -> [Element]? {
        if Element.self == UInt8.self { return bytes(reply) as? [Element] }
        guard let elements = reply.elements else { return nil }
        var result: [Element] = []
        result.reserveCapacity(elements.count)
        for element in elements {
            guard let value = Element.decode(element) else { return nil }
            result.append(value)
        }
        return result
    }

    private static func bytes(_ reply: RESPValue) -> [UInt8]? {
        switch reply {
        case .bulkString(let bytes): bytes
        default: reply.string.map { [UInt8]($0.utf8) }
        }
    }
}

extension Set: RESPDecodable where Element: RESPDecodable {
    /// The elements of an array or set.
    public static func decode(_ reply: RESPValue) -> Set<Element>? { [Element].decode(reply).map(Set.init) }
}

extension Dictionary: RESPDecodable where Key: RESPDecodable, Value: RESPDecodable {
    /// A map, or an array of keys and values in turn. Of equal keys the last counts.
    public static func decode(_ reply: RESPValue) -> [Key: Value]? {
        guard let pairs = reply.pairs else { return nil }
        var result: [Key: Value] = [:]
        result.reserveCapacity(pairs.count)
        for pair in pairs {
            guard let key = Key.decode(pair.key), let value = Value.decode(pair.value) else { return nil }
            result[key] = value
        }
        return result
    }
}

extension RESPValue {
    /// The entries of a map, or of an array of keys and values in turn; nil for other types.
    public var pairs: [Pair]? {
        if case .map(let pairs) = self { return pairs }
        guard case .array(let elements) = self, elements.count.isMultiple(of: 2) else { return nil }
        return stride(from: 0, to: elements.count, by: 2).map { Pair(elements[$0], elements[$0 + 1]) }
    }

    /// The bytes of a string; nil for other types.
    public var bytes: [UInt8]? { [UInt8].decode(self) }
}
