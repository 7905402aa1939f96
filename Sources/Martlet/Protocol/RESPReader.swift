// Reply bytes to values. The bytes may come from another server, so every length is checked before it is believed.

/// A reply that breaks the protocol.
struct RESPReadError: Error, Equatable {
    let offset: Int
}

/// The byte that a value begins with.
enum TypeByte: UInt8 {
    case simpleString = 0x2B  // +
    case error = 0x2D  // -
    case integer = 0x3A  // :
    case bulkString = 0x24  // $
    case array = 0x2A  // *
    case null = 0x5F  // _
    case boolean = 0x23  // #
    case double = 0x2C  // ,
    case bigNumber = 0x28  // (
    case bulkError = 0x21  // !
    case verbatimString = 0x3D  // =
    case map = 0x25  // %
    case set = 0x7E  // ~
    case push = 0x3E  // >
    case attribute = 0x7C  // |
}

/// Reads values from bytes that are complete or still growing.
struct RESPReader {
    /// Nesting deeper than this is refused.
    static let maximumDepth = 64
    /// Longer than any memory; keeps sums of lengths far from overflow.
    static let maximumLength: Int64 = 1 << 48

    /// The value at `position`, which moves behind it; nil when the bytes end before the value does, and then
    /// `position` stays.
    static func read(_ bytes: ByteSpan, at position: inout Int) throws(RESPReadError) -> RESPValue? {
        var reader = RESPReader(position: position)
        guard let value = try reader.value(bytes, depth: 0) else { return nil }
        position = reader.position
        return value
    }

    private var position: Int

    private mutating func value(_ bytes: ByteSpan, depth: Int) throws(RESPReadError) -> RESPValue? {
        guard depth < Self.maximumDepth else { throw RESPReadError(offset: position) }
        guard position < bytes.count else { return nil }
        let start = position
        guard let type = TypeByte(rawValue: bytes[start]) else { throw RESPReadError(offset: start) }
        guard let line = line(bytes) else { return nil }
        let text = bytes.extracting((start + 1)..<line)
        position = line + 2
        switch type {
        case .simpleString: return .simpleString(Self.string(text))
        case .error: return .error(Self.string(text))
        case .bigNumber: return .bigNumber(Self.string(text))
        case .null: return .null
        case .boolean:
            guard text.count == 1, text[0] == UInt8(ascii: "t") || text[0] == UInt8(ascii: "f") else {
                throw RESPReadError(offset: start)
            }
            return .boolean(text[0] == UInt8(ascii: "t"))
        case .double:
            guard let value = parseDouble(text) ?? (Self.string(text) == "nan" ? .nan : nil) else {
                throw RESPReadError(offset: start)
            }
            return .double(value)
        case .integer:
            guard let value = parseInt64(text) else { throw RESPReadError(offset: start) }
            return .integer(value)
        case .bulkString, .verbatimString, .bulkError:
            return try string(bytes, type, length: try length(text, start))
        case .map: return try map(bytes, count: try length(text, start), depth: depth)
        case .array, .set, .push, .attribute:
            return try aggregate(bytes, type, count: try length(text, start), depth: depth)
        }
    }

    private func line(_ bytes: ByteSpan) -> Int? {
        var index = position + 1
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") { return index }
            index += 1
        }
        return nil
    }

    private func length(_ text: ByteSpan, _ start: Int) throws(RESPReadError) -> Int {
        guard let value = parseInt64(text), value >= -1, value <= Self.maximumLength else {
            throw RESPReadError(offset: start)
        }
        return Int(value)
    }

    private mutating func string(
        _ bytes: ByteSpan, _ type: TypeByte, length: Int
    ) throws(RESPReadError) -> RESPValue? {
        guard length >= 0 else { return .null }
        guard bytes.count - position >= length + 2 else { return nil }
        let content = bytes.extracting(position..<(position + length))
        position += length + 2
        switch type {
        case .bulkString: return .bulkString(content.copied())
        case .bulkError: return .error(Self.string(content))
        default:
            guard length >= 4 else { throw RESPReadError(offset: position) }
            return .verbatimString(
                format: Self.string(content.extracting(first: 3)),
                text: Self.string(content.extracting(droppingFirst: 4)))
        }
    }

    private mutating func aggregate(
        _ bytes: ByteSpan, _ type: TypeByte, count: Int, depth: Int
    ) throws(RESPReadError) -> RESPValue? {
        guard count >= 0 else { return .null }
        let count = type == .attribute ? count * 2 : count
        var elements: [RESPValue] = []
        // The count is a claim; memory follows the elements that are there.
        elements.reserveCapacity(min(count, 1024))
        for _ in 0..<count {
            guard let element = try value(bytes, depth: depth + 1) else { return nil }
            elements.append(element)
        }
        switch type {
        case .set: return .set(elements)
        case .push: return .push(elements)
        case .attribute:
            // Attributes say something about the value behind them; nothing here asks what.
            return try value(bytes, depth: depth + 1)
        default: return .array(elements)
        }
    }

    private mutating func map(_ bytes: ByteSpan, count: Int, depth: Int) throws(RESPReadError) -> RESPValue? {
        guard count >= 0 else { return .null }
        var pairs: [RESPValue.Pair] = []
        // As above.
        pairs.reserveCapacity(min(count, 512))
        for _ in 0..<count {
            guard let key = try value(bytes, depth: depth + 1), let value = try value(bytes, depth: depth + 1) else {
                return nil
            }
            pairs.append(RESPValue.Pair(key, value))
        }
        return .map(pairs)
    }

    private static func string(_ bytes: ByteSpan) -> String {
        bytes.text
    }
}
