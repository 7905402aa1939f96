// The cookie that carries a session's id. Source: RFC 6265bis.
//
//   name=id               or, signed,   name=id.signature       signature: HMAC-SHA256 of name=id, base64url

import Foundation
import Martlet

/// What a request's cookies say.
public enum SessionCookieParse: Sendable, Equatable {
    /// There is no such cookie.
    case none
    /// Its value is no session id.
    case malformed
    /// It was not signed with one of our keys.
    case badSignature
    /// The id.
    case id(SessionID)
}

/// How the cookie is called, who may see it, and how long a browser keeps it.
public struct SessionCookiePolicy: Sendable {
    /// When a browser sends it along with requests that other sites cause.
    public enum SameSite: String, Sendable {
        /// With none.
        case strict = "Strict"
        /// With navigation only.
        case lax = "Lax"
        /// With all.
        case none = "None"
    }

    /// How long a browser keeps it.
    public enum Persistence: Sendable {
        /// Until it is closed.
        case session
        /// As long as the session lives; to be sent again when the deadline has moved.
        case matchServerDeadline
    }

    /// `__Host-` binds it to this host, HTTPS and the path /.
    public var name = "__Host-id"
    /// Nil: this host only.
    public var domain: String?
    /// Below which it is sent.
    public var path = "/"
    /// With which requests of other sites it is sent.
    public var sameSite = SameSite.lax
    /// HTTPS only.
    public var secure = true
    /// Scripts do not see it.
    public var httpOnly = true
    /// A jar of its own for each site that embeds this one.
    public var partitioned = false
    /// How long a browser keeps it.
    public var persistence = Persistence.matchServerDeadline
    /// Signs ids; nil: they are sent as they are, which 256 random bits allow.
    public var signing: KeyRing?

    /// The defaults.
    public init() {}

    /// The id in a request's `Cookie` header. Of several cookies of the name the first that can be read counts.
    public func parse(_ header: String?) -> SessionCookieParse {
        var result = SessionCookieParse.none
        for pair in (header ?? "").split(separator: ";") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Self.trimmed(parts[0]) == name else { continue }
            let found = read(Self.trimmed(parts[1]))
            if case .id = found { return found }
            if result == .none { result = found }
        }
        return result
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        return String(text)
    }

    private func read(_ value: String) -> SessionCookieParse {
        let parts = value.split(separator: ".", omittingEmptySubsequences: false)
        if let signing {
            guard parts.count == 2, let signature = Base64URL.decode(parts[1]),
                signing.verifies(signature, of: signed(parts[0]))
            else { return .badSignature }
        } else if parts.count != 1 {
            return .malformed
        }
        guard let id = try? SessionID(parsing: parts[0]) else { return .malformed }
        return .id(id)
    }

    private func signed(_ id: some StringProtocol) -> [UInt8] { Array("\(name)=\(id)".utf8) }

    /// A `Set-Cookie` header's value for this session.
    public func setCookie(for session: Session) -> String {
        let id = session.id.text
        let value = signing.map { "\(id).\(Base64URL.encode($0.sign(signed(id))))" } ?? id
        guard case .matchServerDeadline = persistence else { return cookie(value, maxAge: nil) }
        // Rounded up: the server decides, the browser must not be first.
        return cookie(value, maxAge: (session.timeRemaining.milliseconds + 999) / 1000)
    }

    /// A `Set-Cookie` header's value that makes a browser forget the cookie.
    public func clearCookie() -> String { cookie("", maxAge: 0) }

    private func cookie(_ value: String, maxAge: Int64?) -> String {
        var cookie = "\(name)=\(value); Path=\(path)"
        if let domain { cookie += "; Domain=\(domain)" }
        if let maxAge { cookie += "; Max-Age=\(maxAge)" }
        if secure { cookie += "; Secure" }
        if httpOnly { cookie += "; HttpOnly" }
        cookie += "; SameSite=\(sameSite.rawValue)"
        if partitioned { cookie += "; Partitioned" }
        return cookie
    }
}
