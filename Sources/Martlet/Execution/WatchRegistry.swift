// Who watches which keys: WATCH's side of optimistic locking.

/// A key in one of the databases.
struct DatabaseKey: Hashable {
    let database: Int
    let key: [UInt8]
}

/// One watched key of one session.
struct Watch {
    let key: DatabaseKey
    /// Whether the key was there when it was watched. As long as the session is untouched, nothing has changed that.
    let existed: Bool
}

final class WatchRegistry {
    /// A session that watches a key, and whether the key was there then.
    private struct Watcher {
        let session: Session
        let existed: Bool
    }

    private var watchers: [DatabaseKey: [Watcher]] = [:]

    var isEmpty: Bool { watchers.isEmpty }
    /// Watched keys, as INFO counts them.
    var count: Int { watchers.count }

    func watch(_ key: DatabaseKey, existed: Bool, by session: Session) {
        // A key has few watchers, but one of them may watch many keys.
        if watchers[key]?.contains(where: { $0.session === session }) ?? false { return }
        session.watches.append(Watch(key: key, existed: existed))
        session.watchMemory += Session.watchMemory(of: key)
        watchers[key, default: []].append(Watcher(session: session, existed: existed))
    }

    func unwatchAll(_ session: Session) {
        for watch in session.watches {
            watchers[watch.key]?.removeAll { $0.session === session }
            if watchers[watch.key]?.isEmpty ?? false { watchers[watch.key] = nil }
        }
        session.watches = []
        session.watchMemory = 0
        session.isTouched = false
    }

    /// A key has changed. One that is gone because its time was over is a change to those only who saw it alive.
    func touched(_ key: ByteSpan, in database: Int, byTime: Bool) {
        let key = DatabaseKey(database: database, key: key.copied())
        for watcher in watchers[key] ?? [] where !byTime || watcher.existed { watcher.session.isTouched = true }
    }

    /// All keys of `database` are gone, or others have come in their place: `exists` tells which are there now.
    func replaced(_ database: Int, exists: (DatabaseKey) -> Bool) {
        for (key, watchers) in watchers where key.database == database {
            for watcher in watchers where !watcher.session.isTouched {
                watcher.session.isTouched = watcher.existed || exists(key)
            }
        }
    }
}
