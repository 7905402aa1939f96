// Client-side caching: which client may hold which keys, and telling it when they change. Source: Redis's page on
// client-side caching and the CLIENT TRACKING command.

/// What one session chose with CLIENT TRACKING.
struct Tracking {
    enum Mode: Equatable {
        /// The server remembers what the client reads.
        case normal
        /// Only what is read right after CLIENT CACHING YES.
        case optIn
        /// All but what is read right after CLIENT CACHING NO.
        case optOut
        /// The client hears of all keys that begin with one of the prefixes, whatever it reads.
        case broadcast(prefixes: [[UInt8]])
    }

    var mode: Mode
    /// The client that gets the messages instead of this one.
    var redirect: Int64?
    /// Keys that the client itself changes are not told to it.
    var skipsOwnChanges: Bool
    /// CLIENT CACHING was called just before.
    var isCachingChosen = false
    /// The client that should get the messages is gone.
    var isRedirectBroken = false
    /// Of all prefixes.
    fileprivate(set) var prefixBytes = 0

    var prefixes: [[UInt8]] { if case .broadcast(let prefixes) = mode { prefixes } else { [] } }
    var isBroadcast: Bool { if case .broadcast = mode { true } else { false } }

    /// Whether the keys of a command that reads are to be remembered now.
    var remembersReads: Bool {
        switch mode {
        case .normal: true
        case .optIn: isCachingChosen
        case .optOut: !isCachingChosen
        case .broadcast: false
        }
    }
}

final class TrackingTable {
    /// Who reads a key, and where the key stands in `keys`.
    private struct Entry {
        var readers: Set<Int64>
        let place: Int
    }

    /// Who listens to a prefix, and what has changed under it in this turn, by whom last.
    private struct Broadcast {
        var listeners: [Int64: Session] = [:]
        var changes: [[UInt8]: Int64?] = [:]
    }

    private let clients: ClientRegistry
    private var entries: [[UInt8]: Entry] = [:]
    /// The keys in no order, so that one can be chosen at random.
    private var keys: [[UInt8]] = []
    private var broadcasts: [[UInt8]: Broadcast] = [:]
    private var hasBroadcasts = false
    /// Pairs of a key and a reader.
    private(set) var itemCount = 0
    private(set) var clientCount = 0
    private var keyBytes = 0

    /// Of a remembered key besides its bytes: its array, and its places in list and table.
    private static let keyOverhead = 200
    /// Of one reader of a key.
    private static let readerOverhead = 24

    /// Memory of what is remembered, by the sizes of what it is made of.
    var memoryBytes: Int { keyBytes + keys.count * Self.keyOverhead + itemCount * Self.readerOverhead }

    init(clients: ClientRegistry) { self.clients = clients }

    var keyCount: Int { keys.count }
    var prefixCount: Int { broadcasts.count }

    // MARK: Clients

    /// Begins to track for a session or changes how; a broadcasting one keeps the prefixes it has.
    func enable(_ tracking: Tracking, for session: Session) {
        if session.tracking == nil { clientCount += 1 }
        var tracking = tracking
        if case .broadcast(let added) = tracking.mode {
            let prefixes = (session.tracking?.prefixes ?? []) + (added.isEmpty ? [[]] : added)
            tracking.mode = .broadcast(prefixes: Set(prefixes).sorted { $0.lexicographicallyPrecedes($1) })
            tracking.prefixBytes = tracking.prefixes.reduce(0) { $0 + $1.count }
            for prefix in tracking.prefixes { broadcasts[prefix, default: Broadcast()].listeners[session.id] = session }
        }
        session.tracking = tracking
    }

    func disable(_ session: Session) {
        guard let tracking = session.tracking else { return }
        for prefix in tracking.prefixes {
            broadcasts[prefix]?.listeners[session.id] = nil
            if broadcasts[prefix]?.listeners.isEmpty ?? false { broadcasts[prefix] = nil }
        }
        session.tracking = nil
        clientCount -= 1
        // What nobody can read any more need not be kept.
        if clientCount == 0 { removeAll() }
    }

    private func removeAll() {
        entries = [:]
        keys = []
        itemCount = 0
        keyBytes = 0
    }

    // MARK: Reading

    func remember(_ key: ByteSpan, for session: Session) {
        let key = key.copied()
        if entries[key] == nil {
            entries[key] = Entry(readers: [], place: keys.count)
            keys.append(key)
            keyBytes += key.count
        }
        if entries[key]?.readers.insert(session.id).inserted ?? false { itemCount += 1 }
    }

    /// Forgets keys at random until at most `limit` are left (0 for no limit); to their readers they count as changed.
    func evict(to limit: Int, using random: inout SeededRandom) {
        guard limit > 0 else { return }
        while keys.count > limit {
            invalidate(readersOf: keys[Int.random(in: 0..<keys.count, using: &random)], changedBy: nil)
        }
    }

    // MARK: Changes

    /// A key has changed; `author` is the client that did it.
    func changed(_ key: ByteSpan, by author: Session?) {
        let key = key.copied()
        // All of them first: a walk through the table would share it, and each change would copy all before it.
        for prefix in broadcasts.keys.filter({ key.starts(with: $0) }) {
            broadcasts[prefix]?.changes.updateValue(author?.id, forKey: key)
            hasBroadcasts = true
        }
        invalidate(readersOf: key, changedBy: author)
    }

    private func invalidate(readersOf key: [UInt8], changedBy author: Session?) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        itemCount -= entry.readers.count
        keyBytes -= key.count
        // The last key takes the place of this one.
        let last = keys.removeLast()
        if entry.place < keys.count {
            keys[entry.place] = last
            entries[last] = Entry(readers: entries[last]?.readers ?? [], place: entry.place)
        }
        for id in entry.readers {
            guard let session = clients[id], let tracking = session.tracking, !tracking.isBroadcast else { continue }
            if tracking.skipsOwnChanges, session === author { continue }
            tell(session, of: [key])
        }
    }

    /// All keys are gone.
    func changedAll() {
        guard clientCount > 0 else { return }
        removeAll()
        for session in clients.all where session.tracking != nil { tell(session, of: nil) }
    }

    /// Tells those who listen to prefixes what has changed since the last time: once a turn.
    func broadcast() {
        guard hasBroadcasts else { return }
        hasBroadcasts = false
        // In the order of bytes, as Redis does.
        let due = broadcasts.filter { !$0.value.changes.isEmpty }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (prefix, broadcast) in due {
            broadcasts[prefix]?.changes = [:]
            let all = Self.sorted(broadcast.changes.keys)
            for session in broadcast.listeners.values {
                guard session.tracking?.skipsOwnChanges ?? false else {
                    tell(session, of: all)
                    continue
                }
                let others = broadcast.changes.filter { $0.value != session.id }.keys
                if !others.isEmpty { tell(session, of: Self.sorted(others)) }
            }
        }
    }

    private static func sorted(_ keys: some Sequence<[UInt8]>) -> [[UInt8]] {
        keys.sorted { $0.lexicographicallyPrecedes($1) }
    }

    // MARK: Messages

    /// Nil for all keys.
    private func tell(_ session: Session, of keys: [[UInt8]]?) {
        guard let redirect = session.tracking?.redirect else {
            if session.version == .resp3 { session.push(Self.invalidation(of: keys).span) }
            return
        }
        guard let receiver = clients[redirect] else {
            session.tracking?.isRedirectBroken = true
            if session.version == .resp3 { session.push(Self.brokenRedirect(to: redirect).span) }
            return
        }
        switch receiver.version {
        case .resp3: receiver.push(Self.invalidation(of: keys).span)
        case .resp2:
            if receiver.isSubscriber { receiver.push(Self.message(of: keys).span) }
        }
    }

    private static func invalidation(of keys: [[UInt8]]?) -> [UInt8] {
        var reply = ReplyWriter(buffer: ReplyBuffer(), version: .resp3)
        reply.push(2)
        reply.bulk("invalidate")
        write(keys, to: &reply)
        return reply.takeBuffer().copyBytes()
    }

    /// For a client without pushes: as a message on a channel.
    private static func message(of keys: [[UInt8]]?) -> [UInt8] {
        var reply = ReplyWriter(buffer: ReplyBuffer(), version: .resp2)
        reply.push(3)
        reply.bulk("message")
        reply.bulk("__redis__:invalidate")
        write(keys, to: &reply)
        return reply.takeBuffer().copyBytes()
    }

    private static func write(_ keys: [[UInt8]]?, to reply: inout ReplyWriter) {
        guard let keys else { return reply.null() }
        reply.array(keys.count)
        for key in keys { reply.bulk(key.span) }
    }

    private static func brokenRedirect(to id: Int64) -> [UInt8] {
        var reply = ReplyWriter(buffer: ReplyBuffer(), version: .resp3)
        reply.push(2)
        reply.bulk("tracking-redir-broken")
        reply.integer(id)
        return reply.takeBuffer().copyBytes()
    }
}
