// What was asked of a server and what it replied, as a small text: recorded with one server, replayed with another.
//
//   > "HSET" "cart" "apple" "2"
//   < integer 1
//   > "HGETALL" "cart"
//   < map 1 string "apple" string "2"
//
// Lines that begin otherwise are comments. Words are quoted as in redis.conf.

import Martlet
import MartletClient

/// Commands of one connection and their replies.
public struct Recording: Sendable, Equatable {
    /// A command and its reply.
    public struct Exchange: Sendable, Equatable {
        /// The command's words.
        public let command: [[UInt8]]
        /// What the server said.
        public let reply: RESPValue
    }

    /// In the order in which they happened.
    public private(set) var exchanges: [Exchange] = []

    /// Where a replay went another way.
    public struct Difference: Sendable, Equatable, CustomStringConvertible {
        /// Which exchange, from 0.
        public let index: Int
        /// What was recorded.
        public let recorded: Exchange
        /// What the other server said.
        public let reply: RESPValue

        /// Command and both replies as lines of a recording.
        public var description: String {
            """
            \(Recording.line(recorded.command))
            \(Recording.line(recorded.reply))
            instead of it, in exchange \(index):
            \(Recording.line(reply))
            """
        }
    }

    /// Why a text is no recording.
    public struct FormatError: Error, Equatable, Sendable {
        /// The line's number, from 1.
        public let line: Int
    }

    // MARK: Recording and replaying

    /// Records what `body` asks of a server, over a connection of its own. Error replies are recorded, and thrown to
    /// `body`.
    public static func record(
        _ client: RedisClient, _ body: (RecordingConnection) async throws -> Void
    ) async throws -> Recording {
        try await client.withConnection { connection in
            let recorder = RecordingConnection(connection)
            try await body(recorder)
            return Recording(exchanges: recorder.exchanges)
        }
    }

    /// Sends the same commands to a server and compares the replies; maps and sets are equal in any order.
    ///
    /// - Returns: the first difference, or nil.
    public func replay(_ client: RedisClient) async throws -> Difference? {
        try await client.withConnection { connection in
            for (index, exchange) in exchanges.enumerated() {
                let reply = try await Self.reply(to: RedisCommand(words: exchange.command), over: connection)
                guard Self.areEqual(exchange.reply, reply) else {
                    return Difference(index: index, recorded: exchange, reply: reply)
                }
            }
            return nil
        }
    }

    /// Error replies are replies here.
    static func reply(
        to command: RedisCommand, over connection: RedisConnection
    ) async throws(RedisError) -> RESPValue {
        do throws(RedisError) {
            return try await connection.send(command)
        } catch {
            guard error.serverCode != nil else { throw error }
            return .error(error.message)
        }
    }

    private static func areEqual(_ left: RESPValue, _ right: RESPValue) -> Bool {
        switch (left, right) {
        case (.set(let left), .set(let right)): left.map(text).sorted() == right.map(text).sorted()
        case (.map(let left), .map(let right)): lines(left) == lines(right)
        case (.array(let left), .array(let right)):
            left.count == right.count && zip(left, right).allSatisfy { areEqual($0, $1) }
        default: left == right
        }
    }

    private static func lines(_ pairs: [RESPValue.Pair]) -> [String] {
        pairs.map { text($0.key) + " " + text($0.value) }.sorted()
    }

    // MARK: Text

    init(exchanges: [Exchange]) { self.exchanges = exchanges }

    /// The recording as text.
    public var text: String {
        exchanges.map { "\(Self.line($0.command))\n\(Self.line($0.reply))\n" }.joined()
    }

    /// From a recording's text.
    ///
    /// - Throws: ``FormatError`` with the line that cannot be understood.
    public init(parsing text: String) throws(FormatError) {
        var command: [[UInt8]]?
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard line.hasPrefix("> ") || line.hasPrefix("< ") else { continue }
            let bytes = Array(line.utf8.dropFirst(2))
            guard let words = splitQuotedWords(bytes.span), !words.isEmpty, (command == nil) == line.hasPrefix(">")
            else { throw FormatError(line: index + 1) }
            guard let asked = command else {
                command = words
                continue
            }
            var parser = ReplyWords(words: words[...])
            guard let reply = parser.value(), parser.words.isEmpty else { throw FormatError(line: index + 1) }
            exchanges.append(Exchange(command: asked, reply: reply))
            command = nil
        }
    }

    static func line(_ command: [[UInt8]]) -> String { "> " + command.map(quoted).joined(separator: " ") }
    static func line(_ reply: RESPValue) -> String { "< " + text(reply) }

    private static func quoted(_ bytes: [UInt8]) -> String {
        String(decoding: quotedRepresentation(of: bytes.span), as: UTF8.self)
    }

    private static func quoted(_ text: String) -> String { quoted(Array(text.utf8)) }

    private static func text(_ reply: RESPValue) -> String {
        switch reply {
        case .null: "null"
        case .simpleString(let text): "simple \(quoted(text))"
        case .error(let text): "error \(quoted(text))"
        case .integer(let value): "integer \(value)"
        case .bulkString(let bytes): "string \(quoted(bytes))"
        case .verbatimString(let format, let text): "verbatim \(quoted(format)) \(quoted(text))"
        case .double(let value): "double \(value)"
        case .boolean(let value): "boolean \(value)"
        case .bigNumber(let digits): "number \(digits)"
        case .array(let elements): text("array", elements)
        case .set(let elements): text("set", elements)
        case .push(let elements): text("push", elements)
        case .map(let pairs):
            (["map \(pairs.count)"] + pairs.flatMap { [text($0.key), text($0.value)] }).joined(separator: " ")
        }
    }

    private static func text(_ type: String, _ elements: [RESPValue]) -> String {
        (["\(type) \(elements.count)"] + elements.map(text)).joined(separator: " ")
    }
}

/// The words of a reply's line, one value after the other.
private struct ReplyWords {
    var words: ArraySlice<[UInt8]>

    mutating func value(depth: Int = 0) -> RESPValue? {
        guard depth < 32, let type = text() else { return nil }
        switch type {
        case "null": return .null
        case "simple": return text().map { .simpleString($0) }
        case "error": return text().map { .error($0) }
        case "integer": return text().flatMap { Int64($0) }.map { .integer($0) }
        case "string": return words.popFirst().map { .bulkString($0) }
        case "verbatim":
            guard let format = text(), let text = text() else { return nil }
            return .verbatimString(format: format, text: text)
        case "double": return text().flatMap { Double($0) }.map { .double($0) }
        case "boolean": return text().flatMap { Bool($0) }.map { .boolean($0) }
        case "number": return text().map { .bigNumber($0) }
        case "array": return elements(depth).map { .array($0) }
        case "set": return elements(depth).map { .set($0) }
        case "push": return elements(depth).map { .push($0) }
        case "map":
            guard let elements = elements(depth, each: 2) else { return nil }
            return .map(stride(from: 0, to: elements.count, by: 2).map { .init(elements[$0], elements[$0 + 1]) })
        default: return nil
        }
    }

    private mutating func text() -> String? { words.popFirst().map { String(decoding: $0, as: UTF8.self) } }

    private mutating func elements(_ depth: Int, each: Int = 1) -> [RESPValue]? {
        // There are at least as many words as values.
        guard let count = text().flatMap({ Int($0) }), count >= 0, count <= words.count else { return nil }
        var elements: [RESPValue] = []
        for _ in 0..<(count * each) {
            guard let element = value(depth: depth + 1) else { return nil }
            elements.append(element)
        }
        return elements
    }
}
