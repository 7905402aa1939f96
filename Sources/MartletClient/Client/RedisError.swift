// What can go wrong, and above all: whether the command was executed all the same.

/// Why there is no answer to a command.
public struct RedisError: Error, Equatable, Sendable {
    /// What happened.
    public enum Code: Equatable, Sendable {
        /// The server answered with an error; its first word is the code.
        case server(String)
        /// No connection could be made, or it broke.
        case connection
        /// No connection of the pool was free in time.
        case poolExhausted
        /// The answer did not come in time.
        case timeout
        /// The task was cancelled.
        case cancelled
        /// Watched keys were changed by others each time.
        case conflict
        /// The client was closed.
        case closed
        /// The server's bytes are not RESP.
        case protocolViolation
        /// The answer is not of the type that was asked for.
        case unexpectedReply
        /// The command or the URL cannot be used like this.
        case usage
    }

    /// What is known of the command's fate.
    public enum Outcome: Equatable, Sendable {
        /// It was not executed, and sending it again is safe.
        case notExecuted
        /// It was executed, or refused by the server for good.
        case executed
        /// It was sent; nobody here knows.
        case unknown
    }

    /// What happened.
    public let code: Code
    /// What is known of the command's fate.
    public let outcome: Outcome
    /// For people.
    public let message: String

    /// An error of these parts.
    public init(_ code: Code, _ outcome: Outcome, _ message: String) {
        self.code = code
        self.outcome = outcome
        self.message = message
    }

    /// An error reply's text as an error.
    public static func reply(_ text: String) -> RedisError {
        let word = String(text.prefix { $0 != " " })
        return RedisError(.server(word), isRefusal(word) ? .notExecuted : .executed, text)
    }

    /// The first word of the server's error; nil when it is not the server's.
    public var serverCode: String? { if case .server(let word) = code { word } else { nil } }

    /// Codes by which a server says that it did nothing and another time or place may do better.
    private static func isRefusal(_ word: String) -> Bool {
        switch word {
        case "LOADING", "TRYAGAIN", "CLUSTERDOWN", "MASTERDOWN", "READONLY", "MOVED", "ASK", "BUSY": true
        default: false
        }
    }
}

extension RedisError: CustomStringConvertible {
    /// The message, and what is known of the command's fate unless the server said it.
    public var description: String {
        switch (code, outcome) {
        case (.server, _), (_, .executed): message
        case (_, .notExecuted): "\(message) (the command was not executed)"
        case (_, .unknown): "\(message) (the command may have been executed)"
        }
    }
}
