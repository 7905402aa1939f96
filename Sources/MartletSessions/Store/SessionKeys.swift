// The store's keys. What stands in braces decides where a cluster keeps a key, so that all keys of one user lie
// together:
//
//   <prefix>s:{tag}digest    the session: one hash
//   <prefix>a:{tag}digest    after a rotation with grace: the digest of the session's new id; for a while after login,
//                            and after a rotation without grace: nothing, which says that the browser has another id
//   <prefix>l:{tag}digest    the session's lock
//   <prefix>u:{tag}          the user's sessions: a hash of digests, each with the time of its creation
//   <prefix>e:{tag}          the user's epoch: sessions of earlier ones are revoked
//
// Fields of a session:
//
//   @t times   @u user   @m metadata, JSON   s/<name> section   n/<name> counter
//
// The field @t holds numbers in decimal with spaces between, times in ms by the server's clock:
//
//   version  created, since 1970  last used, since it was created  idle time more than the usual  idle time  epoch
//   [latest deadline, since it was created; 2^59: none  [no section slides away sooner after the last use than this]]
//
// The deadline is the time of the last use, and the idle time, and what the fourth number adds.

struct SessionKeys: Sendable {
    let prefix: String

    func session(_ handle: SessionHandle) -> String { key("s:{", handle.tag, handle.digest) }
    func alias(_ handle: SessionHandle) -> String { key("a:{", handle.tag, handle.digest) }
    func lock(_ handle: SessionHandle) -> String { key("l:{", handle.tag, handle.digest) }
    func index(_ tag: String) -> String { key("u:{", tag) }
    func epoch(_ tag: String) -> String { key("e:{", tag) }

    /// Each request builds some; interpolation takes twice the time.
    private func key(_ kind: String, _ tag: String, _ digest: String = "") -> String {
        var key = prefix
        key.reserveCapacity(prefix.utf8.count + kind.utf8.count + tag.utf8.count + digest.utf8.count + 1)
        key += kind
        key += tag
        key += "}"
        key += digest
        return key
    }

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

    /// What a key is for.
    enum Kind: String {
        case session = "s:{"
        case alias = "a:{"
        case lock = "l:{"
        case index = "u:{"
        case epoch = "e:{"

        /// As TYPE says it.
        var type: String { [.session, .index].contains(self) ? "hash" : "string" }
    }

    /// Nil for a key that the store does not write.
    func kind(of key: String) -> Kind? {
        guard key.hasPrefix(prefix) else { return nil }
        return Kind(rawValue: String(key.dropFirst(prefix.count).prefix(3)))
    }

    /// The handle of a session's key; nil for other keys.
    func handle(ofSession key: String) -> SessionHandle? {
        guard kind(of: key) == .session else { return nil }
        let parts = key.dropFirst(prefix.count + 3).split(separator: "}", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        return try? SessionHandle(parsing: "\(parts[0]).\(parts[1])")
    }
}

/// Names of fields.
enum SessionField {
    static let times = "@t"
    static let principal = "@u"
    static let metadata = "@m"

    /// Everything but sections and counters, in the order in which a record reads it.
    static let header = [times, principal, metadata]

    /// No field of a hash may be given a later time: the year 4199.
    static let latestDeadline: Int64 = (1 << 46) - 1

    /// Stands for a latest deadline that there is not.
    static let noLimit: Int64 = 1 << 59

    static func section(_ name: String) -> String { "s/" + name }
    static func counter(_ name: String) -> String { "n/" + name }
}
