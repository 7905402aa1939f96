// The store's keys. What stands in braces decides where a cluster keeps a key, so that all keys of one user lie
// together:
//
//   <prefix>s:{tag}digest    the session: one hash
//   <prefix>a:{tag}digest    after a rotation with grace: the digest of the session's new id
//   <prefix>l:{tag}digest    the session's lock
//   <prefix>u:{tag}          the user's sessions: a hash of digests, each with the time of its creation
//   <prefix>e:{tag}          the user's epoch: sessions of earlier ones are revoked
//
// Fields of a session:
//
//   @v version   @c created   @a last used   @d deadline   @x latest deadline   @i idle time
//   @u user   @e epoch   @m metadata   s/<name> section   n/<name> counter
//
// Times are in ms since 1970, by the server's clock.

struct SessionKeys: Sendable {
    let prefix: String

    func session(_ handle: SessionHandle) -> String { "\(prefix)s:{\(handle.tag)}\(handle.digest)" }
    func alias(_ handle: SessionHandle) -> String { "\(prefix)a:{\(handle.tag)}\(handle.digest)" }
    func lock(_ handle: SessionHandle) -> String { "\(prefix)l:{\(handle.tag)}\(handle.digest)" }
    func index(_ tag: String) -> String { "\(prefix)u:{\(tag)}" }
    func epoch(_ tag: String) -> String { "\(prefix)e:{\(tag)}" }

    /// All keys.
    var pattern: String {
        var pattern = ""
        for character in prefix {
            if "*?[]\\^-".contains(character) { pattern.append("\\") }
            pattern.append(character)
        }
        return pattern + "*"
    }

    /// All sessions' keys.
    var sessionPattern: String { pattern.dropLast() + "s:{*" }

    /// The handle of a session's key; nil for other keys.
    func handle(ofSession key: String) -> SessionHandle? {
        guard key.hasPrefix(prefix + "s:{") else { return nil }
        let parts = key.dropFirst(prefix.count + 3).split(separator: "}", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return try? SessionHandle(parsing: "\(parts[0]).\(parts[1])")
    }
}

/// Names of fields.
enum SessionField {
    static let version = "@v"
    static let created = "@c"
    static let accessed = "@a"
    static let deadline = "@d"
    static let absolute = "@x"
    static let idle = "@i"
    static let principal = "@u"
    static let epoch = "@e"
    static let metadata = "@m"

    /// Everything but sections and counters, in the order in which a record reads it.
    static let header = [version, created, accessed, deadline, absolute, idle, principal, epoch, metadata]
    private static let letters = header.map { Array($0.utf8)[1] }

    /// Where a field of two letters stands in `header`.
    static func place(of name: [UInt8]) -> Int? {
        name.count == 2 ? letters.firstIndex(of: name[1]) : nil
    }

    static func section(_ name: String) -> String { "s/" + name }
    static func counter(_ name: String) -> String { "n/" + name }
}
