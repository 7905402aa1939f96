// A command as words, and how it looks on the wire.

import Martlet

/// One command and its arguments.
///
/// ```swift
/// let set = RedisCommand("SET", "greeting", "hello", "EX", 60)
/// ```
public struct RedisCommand: Sendable {
    /// The name first.
    public let words: [any RESPArgument]
    /// In a cluster the command goes to the server that keeps this key, whatever its own keys are.
    private(set) var route: String?
    /// It sees what was written before, whatever the client's ``ReadPreference`` is.
    private(set) var isForPrimary = false

    /// The same command, sent to the server that keeps `key`: for commands about no key of their own (TIME).
    package func near(_ key: String) -> RedisCommand {
        var command = self
        command.route = key
        return command
    }

    /// The same command, never sent to a replica.
    package func atPrimary() -> RedisCommand {
        var command = self
        command.isForPrimary = true
        return command
    }

    /// In upper case; empty when there is none.
    let name: String
    let traits: CommandTraits

    /// A command of these words.
    public init(_ words: any RESPArgument...) { self.init(words: words) }

    /// A command of these words.
    public init(words: [any RESPArgument]) {
        self.words = words
        name = Self.name(words.first)
        traits = CommandTraits.of(name)
    }

    private static func name(_ word: (any RESPArgument)?) -> String {
        guard let word else { return "" }
        let text: String
        if let string = word as? String {
            text = string
        } else {
            var bytes: [UInt8] = []
            word.append(to: &bytes)
            text = String(decoding: bytes, as: UTF8.self)
        }
        // Most are written in capitals.
        return text.utf8.allSatisfy { $0 < UInt8(ascii: "a") } ? text : text.uppercased()
    }

    /// The bytes of one word; nil when there are fewer.
    func word(_ index: Int) -> [UInt8]? {
        guard index < words.count else { return nil }
        var bytes: [UInt8] = []
        words[index].append(to: &bytes)
        return bytes
    }

    /// Appends the command as an array of bulk strings.
    func encode(to bytes: inout [UInt8]) {
        Self.appendHeader(UInt8(ascii: "*"), words.count, to: &bytes)
        for word in words {
            switch word {
            case let text as String: Self.appendText(text, to: &bytes)
            default:
                var content: [UInt8] = []
                word.append(to: &content)
                Self.appendHeader(UInt8(ascii: "$"), content.count, to: &bytes)
                bytes += content
            }
            bytes += [UInt8(ascii: "\r"), UInt8(ascii: "\n")]
        }
    }

    private static func appendText(_ text: String, to bytes: inout [UInt8]) {
        appendHeader(UInt8(ascii: "$"), text.utf8.count, to: &bytes)
        text.append(to: &bytes)
    }

    private static func appendHeader(_ type: UInt8, _ count: Int, to bytes: inout [UInt8]) {
        bytes.append(type)
        count.append(to: &bytes)
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
