// Secrets that change over time: the newest signs, all verify.

import Martlet

/// Keys for signing, newest first. To change the key, put a new one in front and take the last one away when nothing
/// signed with it is of use any more.
public struct KeyRing: Sendable {
    private let keys: [[UInt8]]

    /// - Parameter keys: at least one, newest first, each of 32 random bytes or more.
    /// - Throws: ``SessionError`` with the code `usage` when there is none or one is shorter than 16 bytes.
    public init(_ keys: [[UInt8]]) throws(SessionError) {
        guard !keys.isEmpty else { throw SessionError(.usage, "A key ring holds at least one key") }
        guard keys.allSatisfy({ $0.count >= 16 }) else {
            throw SessionError(.usage, "A key has at least 16 bytes; 32 random ones are better")
        }
        self.keys = keys
    }

    /// HMAC-SHA256 with the newest key.
    func sign(_ message: [UInt8]) -> [UInt8] { SHA256.authenticate(message, key: keys[0]) }

    /// Whether any key made this signature. All keys are tried, so that the time tells nothing.
    func verifies(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        keys.reduce(false) { found, key in
            SHA256.areEqual(SHA256.authenticate(message, key: key), signature) || found
        }
    }
}
