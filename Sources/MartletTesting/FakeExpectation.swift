// What a fake received, and saying what it should have.

import Martlet
import Testing

/// A word of a command that is expected.
public enum ExpectedWord: Sendable, Equatable, ExpressibleByStringLiteral {
    /// This word. Of a command's name the case does not matter.
    case exactly(String)
    /// A pattern in the manner of KEYS.
    case matching(String)
    /// Whatever it is.
    case any
    /// Whatever follows, and if nothing does.
    case anything

    /// This word.
    public init(stringLiteral text: String) { self = .exactly(text) }
}

/// A command as a client sent it.
public struct SentCommand: Sendable, Equatable, CustomStringConvertible {
    /// The name first, as it was sent.
    public let words: [String]
    /// The client's id, as CLIENT ID tells it.
    public let client: Int64
    /// The client's database.
    public let database: Int
    /// By the fake's clock, in milliseconds since 1970.
    public let time: Int64

    init(_ command: ReceivedCommand) {
        words = command.words.map { String(decoding: $0, as: UTF8.self) }
        (client, database, time) = (command.client, command.database, command.time)
    }

    /// The words with spaces between.
    public var description: String { words.joined(separator: " ") }

    func matches(_ expected: [ExpectedWord]) -> Bool {
        for (index, word) in expected.enumerated() {
            if word == .anything { return true }
            guard index < words.count else { return false }
            switch word {
            case .any, .anything: continue
            case .exactly(let text):
                guard words[index] == text || (index == 0 && words[index].uppercased() == text.uppercased()) else {
                    return false
                }
            case .matching(let pattern):
                guard FaultRule.glob(pattern, Array(words[index].utf8)) else { return false }
            }
        }
        return words.count == expected.count
    }
}

extension MartletFake {
    /// The commands received, oldest first: 100,000 at most. What looks inside is none of them.
    public var received: [SentCommand] { control.received.map(SentCommand.init) }

    /// The commands received that match.
    public func received(_ words: ExpectedWord...) -> [SentCommand] { received.filter { $0.matches(words) } }

    /// Forgets the commands received.
    public func forgetReceived() { control.forgetReceived() }
}

/// What is expected of a fake; see ``expect(_:sourceLocation:)``.
public struct FakeExpectation: Sendable {
    let fake: MartletFake
    let location: SourceLocation

    /// Expects that such a command was received: so many times, or at least once. Otherwise the test has an issue that
    /// tells what was received.
    public func received(_ words: ExpectedWord..., times: Int? = nil) {
        let all = fake.received
        let count = all.count { $0.matches(words) }
        guard times.map({ $0 != count }) ?? (count == 0) else { return }
        let wanted = times.map { "\($0) times" } ?? "at least once"
        let shown = all.suffix(20).map { "\n  \($0)" }.joined()
        Issue.record(
            "Expected \(Self.text(words)) \(wanted), received it \(count) times. The last commands:\(shown)",
            sourceLocation: location)
    }

    /// Expects that no such command was received.
    public func receivedNo(_ words: ExpectedWord...) {
        let found = fake.received.filter { $0.matches(words) }
        guard let first = found.first else { return }
        Issue.record("Expected no \(Self.text(words)), received \(first)", sourceLocation: location)
    }

    private static func text(_ words: [ExpectedWord]) -> String {
        words.map { word in
            switch word {
            case .exactly(let text), .matching(let text): text
            case .any: "<any>"
            case .anything: "..."
            }
        }.joined(separator: " ")
    }
}

/// Says what a fake should have received: `expect(fake).received("SET", "key", .any)`.
public func expect(_ fake: MartletFake, sourceLocation: SourceLocation = #_sourceLocation) -> FakeExpectation {
    FakeExpectation(fake: fake, location: sourceLocation)
}
