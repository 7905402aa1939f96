// Reply bytes to values. The bytes may come from another server, so every length is checked before it is believed.

/// A reply that breaks the protocol.
struct RESPReadError: Error, Equatable {
    let offset: Int
}

/// Reads values from bytes that are complete or still growing.
struct RESPReader {
    /// Nesting deeper than this is refused.
    static let maximumDepth = 64

    /// The value at `position`, which moves behind it; nil when the bytes end before the value does, and then
    /// `position` stays.
    static func read(_ bytes: ByteSpan, at position: inout Int) throws(RESPReadError) -> RESPValue? {
        var reader = RESPReader(position: position)
        guard let value = try reader.value(bytes, depth: 0) else { return nil }
        position = reader.position
        return value
    }

    private var position: Int

    private init(position: Int) { self.position = position }

    private mutating func value(_ bytes: ByteSpan, depth: Int) throws(RESPReadError) -> RESPValue? {
        guard depth < Self.maximumDepth else { throw RESPReadError(offset: position) }
        guard position < bytes.count, let line = line(bytes) else { return nil }
        let prefix = bytes[position]
        let start = position
        let text = bytes.extracting((position + 1)..<line)
        position = line + 2
        switch Character(Unicode.Scalar(prefix)) {
        case "+": return .simpleString(Self.string(text))
        case "-": return .error(Self.string(text))
        case "(": return .bigNumber(Self.string(text))
        case "_": return .null
        case "#": return .boolean(text.count == 1 && text[0] == UInt8(ascii: "t"))
        case ",":
            guard let value = parseDouble(text) ?? (Self.string(text) == "nan" ? .nan : nil) else {
                throw RESPReadError(offset: start)
            }
            return .double(value)
        case ":":
            guard let value = parseInt64(text) else { throw RESPReadError(offset: start) }
            return .integer(value)
        case "$", "=", "!":
            return try string(bytes, prefix: prefix, length: try length(text, start))
        case "*", "~", ">", "%", "|":
            return try aggregate(bytes, prefix: prefix, count: try length(text, start), depth: depth)
        default: throw RESPReadError(offset: start)
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
        guard let value = parseInt64(text), value >= -1, value <= Int64(Int32.max) else {
            throw RESPReadError(offset: start)
        }
        return Int(value)
    }

    private mutating func string(
        _ bytes: ByteSpan, prefix: UInt8, length: Int
    ) throws(RESPReadError) -> RESPValue? {
        guard length >= 0 else { return .null }
        guard bytes.count - position >= length + 2 else { return nil }
        let content = bytes.extracting(position..<(position + length))
        position += length + 2
        switch Character(Unicode.Scalar(prefix)) {
        case "$": return .bulkString(content.copied())
        case "!": return .error(Self.string(content))
        default:
            guard length >= 4 else { throw RESPReadError(offset: position) }
            return .verbatimString(
                format: Self.string(content.extracting(first: 3)),
                text: Self.string(content.extracting(droppingFirst: 4)))
        }
    }

    private mutating func aggregate(
        _ bytes: ByteSpan, prefix: UInt8, count: Int, depth: Int
    ) throws(RESPReadError) -> RESPValue? {
        guard count >= 0 else { return .null }
        let isMap = prefix == UInt8(ascii: "%") || prefix == UInt8(ascii: "|")
        var elements: [RESPValue] = []
        // An element takes at least three bytes, so a count beyond that cannot be complete.
        elements.reserveCapacity(min(count * (isMap ? 2 : 1), (bytes.count - position) / 3 + 1))
        for _ in 0..<(isMap ? count * 2 : count) {
            guard let element = try value(bytes, depth: depth + 1) else { return nil }
            elements.append(element)
        }
        switch Character(Unicode.Scalar(prefix)) {
        case "*": return .array(elements)
        case "~": return .set(elements)
        case ">": return .push(elements)
        case "|":
            // Attributes say something about the value behind them; nothing here asks what.
            return try value(bytes, depth: depth + 1)
        default:
            return .map(stride(from: 0, to: elements.count, by: 2).map { .init(elements[$0], elements[$0 + 1]) })
        }
    }

    private static func string(_ bytes: ByteSpan) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
