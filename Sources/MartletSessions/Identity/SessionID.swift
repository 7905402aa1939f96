// What a browser holds, what the store holds, and what may be shown: three different things.
//
//   id       tttttttttttt sssssssssssssssssssssssssssssssssssssssssss      55 characters, base64url
//            tag          secret, 32 random bytes
//   tag      9 bytes of HMAC-SHA256 of the principal, or random ones: all keys of one user are kept together
//   handle   the first 24 bytes of SHA-256 of the id: what the store's keys are named by, and what may be shown

import Martlet

/// A session's name, known to its browser only. Whoever has it is logged in, so it is never printed.
public struct SessionID: Hashable, Sendable, CustomStringConvertible {
    /// As the cookie carries it.
    let text: String
    /// What of it may be shown and stored.
    public let handle: SessionHandle

    static let tagCount = 12
    private static let secretCount = 43

    /// From a cookie's value. Looks at its form only.
    ///
    /// - Throws: ``SessionError`` with the code `invalidID`.
    public init(parsing value: some StringProtocol) throws(SessionError) {
        guard value.utf8.count == Self.tagCount + Self.secretCount,
            Base64URL.decode(value.prefix(Self.tagCount)) != nil,
            Base64URL.decode(value.dropFirst(Self.tagCount)) != nil
        else { throw SessionError(.invalidID, "This is no session id") }
        self.init(text: String(value))
    }

    private init(text: String) {
        self.text = text
        let digest = Array(SHA256.digest(of: Array(text.utf8)).prefix(SessionHandle.digestCount))
        handle = SessionHandle(tag: String(text.prefix(Self.tagCount)), digest: Base64URL.encode(digest))
    }

    /// A new one whose keys lie where `tag` says.
    static func random(tag: String, using generator: inout some RandomNumberGenerator) -> SessionID {
        SessionID(text: tag + Base64URL.encode(randomBytes(32, &generator)))
    }

    static func randomTag(using generator: inout some RandomNumberGenerator) -> String {
        Base64URL.encode(randomBytes(9, &generator))
    }

    private static func randomBytes(_ count: Int, _ generator: inout some RandomNumberGenerator) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// The id itself: for the cookie, and for nothing else.
    public func withRawValue<Result>(_ body: (String) throws -> Result) rethrows -> Result { try body(text) }

    /// The beginning of the handle: enough to tell two apart in a log.
    public var description: String { "session(\(handle.digest.prefix(6))…)" }
}

/// A session's name for everybody else: for lists of devices, logs and events. It gives no access.
public struct SessionHandle: Hashable, Codable, Sendable, CustomStringConvertible {
    let tag: String
    let digest: String

    static let digestCount = 24

    init(tag: String, digest: String) {
        self.tag = tag
        self.digest = digest
    }

    /// From ``description``.
    ///
    /// - Throws: ``SessionError`` with the code `invalidID`.
    public init(parsing text: some StringProtocol) throws(SessionError) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == SessionID.tagCount, Base64URL.decode(parts[0]) != nil,
            Base64URL.decode(parts[1])?.count == Self.digestCount
        else { throw SessionError(.invalidID, "This is no session handle") }
        self.init(tag: String(parts[0]), digest: String(parts[1]))
    }

    /// As it may be put into a page or a log.
    public var description: String { "\(tag).\(digest)" }
}

/// Whose session it is: a user's stable id, not a name that may change.
public struct Principal: Hashable, Codable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// The id.
    public let id: String

    /// A principal of this id.
    public init(_ id: String) { self.id = id }

    /// A principal of this id.
    public init(stringLiteral id: String) { self.id = id }

    /// The id.
    public var description: String { id }

    /// Where all keys of this user lie.
    func tag(secret: [UInt8]) -> String {
        Base64URL.encode(Array(SHA256.authenticate(Array(id.utf8), key: secret).prefix(9)))
    }
}
