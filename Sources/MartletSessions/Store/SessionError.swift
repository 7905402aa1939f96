// Why a session could not be had or changed.

import MartletClient

/// An error of the store. No session id and no value of a session ever stands in it.
public struct SessionError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What happened.
    public enum Code: Equatable, Sendable {
        /// There is no such session: it never was, is over, or was revoked.
        case missing
        /// The session was changed by others: each time, or since the version that was asked for.
        case conflict
        /// The user has as many sessions as the limit allows, and the policy is to refuse more.
        case sessionLimitReached
        /// The text is no session id or handle.
        case invalidID
        /// A section is larger than its limit.
        case tooLarge
        /// A section's bytes are not what its type expects.
        case undecodable
        /// A section's bytes were changed by somebody who does not know the key, or the key is gone.
        case integrity
        /// The lock was not free in time.
        case lockTimeout
        /// The change was made, and is not as safe as was asked for.
        case notDurable
        /// The server cannot be reached or does not answer.
        case unavailable
        /// The server refused.
        case server
        /// The task was cancelled.
        case cancelled
        /// The call cannot be made like this.
        case usage
    }

    /// Why a session is missing.
    public enum MissingReason: String, Sendable {
        /// Its time is over.
        case expired
        /// All of its user's sessions were ended.
        case revoked
        /// Its browser has another id by now: of a rotation or a login.
        case rotated
    }

    /// What happened.
    public let code: Code
    /// Why it is `missing`. Nil where nothing is left that would tell: it never was, or it ended and its end left no
    /// trace.
    public let reason: MissingReason?
    /// For people.
    public let message: String
    /// Whether the change may have been made although this was thrown.
    public let mayBeApplied: Bool
    /// Whether it is `unavailable` because an answer did not come in time.
    public let isTimeout: Bool
    /// Why nothing was changed, when another try or another server may do better.
    let refusal: RedisError?

    init(
        _ code: Code, _ message: String, mayBeApplied: Bool = false, isTimeout: Bool = false,
        refusal: RedisError? = nil, reason: MissingReason? = nil
    ) {
        self.code = code
        self.message = message
        self.mayBeApplied = mayBeApplied
        self.isTimeout = isTimeout
        self.refusal = refusal
        self.reason = reason
    }

    init(_ error: RedisError) {
        let code: Code =
            switch error.code {
            case .cancelled: .cancelled
            case .conflict: .conflict
            case .server(let word)
            where ["LOADING", "CLUSTERDOWN", "MASTERDOWN", "TRYAGAIN", "READONLY", "MOVED", "ASK"].contains(word):
                .unavailable
            case .server, .unexpectedReply, .usage: .server
            case .connection, .poolExhausted, .timeout, .closed, .protocolViolation: .unavailable
            }
        self.init(
            code, error.message, mayBeApplied: error.outcome == .unknown,
            isTimeout: [.timeout, .poolExhausted].contains(error.code),
            refusal: error.outcome == .notExecuted && error.isTransient ? error : nil)
    }

    /// The message, and whether the change may have been made.
    public var description: String {
        mayBeApplied ? "\(message) (the change may have been made)" : message
    }

    static func missing(_ reason: MissingReason? = nil) -> SessionError {
        let message =
            switch reason {
            case nil: "There is no such session"
            case .expired: "The session's time is over"
            case .revoked: "The session was revoked"
            case .rotated: "The session has another id"
            }
        return SessionError(.missing, message, reason: reason)
    }
}
