// How much memory clients take, all together and each: kept up to date as they are served, so that limits can be looked
// at before each command.

struct ClientMemory {
    /// Bytes by kind of client.
    private(set) var normal = 0
    private(set) var subscribers = 0
    /// What of these counts itself: large values that wait by reference, perhaps the same one for many clients.
    private(set) var selfCounted = 0
    /// Bytes above which those that take most are let go; 0 for none.
    var limit = 0

    var total: Int { normal + subscribers }
    /// What nobody else counts.
    var own: Int { total - selfCounted }
    var isOverLimit: Bool { limit > 0 && total > limit }

    /// A session's share is this now, with `buffers` bytes of its connection, of which `selfCounted` count themselves.
    mutating func account(_ session: Session, buffers: Int, selfCounted: Int = 0) {
        let memory = session.ownMemory + buffers
        let isSubscriber = session.isSubscriber
        if selfCounted != session.selfCountedBytes {
            self.selfCounted += selfCounted - session.selfCountedBytes
            session.selfCountedBytes = selfCounted
        }
        guard memory != session.accountedBytes || isSubscriber != session.isAccountedAsSubscriber else { return }
        add(-session.accountedBytes, isSubscriber: session.isAccountedAsSubscriber)
        add(memory, isSubscriber: isSubscriber)
        session.accountedBytes = memory
        session.isAccountedAsSubscriber = isSubscriber
    }

    /// The session is gone.
    mutating func remove(_ session: Session) {
        add(-session.accountedBytes, isSubscriber: session.isAccountedAsSubscriber)
        session.accountedBytes = 0
        selfCounted -= session.selfCountedBytes
        session.selfCountedBytes = 0
    }

    private mutating func add(_ bytes: Int, isSubscriber: Bool) {
        if isSubscriber { subscribers += bytes } else { normal += bytes }
    }
}

extension Session {
    /// Session, connection and their places in registries; measured over ten thousand idle connections.
    private static let baseMemory = 1024
    /// Of a watched key or a prefix besides the name: its array, and its places here and in the registry.
    private static let entryMemory = 128
    /// Of a subscription: the channel's audience, too. Measured with a hundred thousand.
    private static let subscriptionMemory = 304

    static func watchMemory(of key: DatabaseKey) -> Int { entryMemory + key.key.count }

    /// Bytes that the session takes besides its connection's buffers.
    var ownMemory: Int {
        var memory = Self.baseMemory + argumentBytes + watchMemory
        memory += name.utf8.count + libraryName.utf8.count + libraryVersion.utf8.count
        if let transaction { memory += transaction.memoryBytes }
        if isSubscriber {
            memory += subscriptions.nameCount * Self.subscriptionMemory + subscriptions.nameBytes
        }
        if let tracking { memory += tracking.prefixes.count * Self.entryMemory + tracking.prefixBytes }
        return memory
    }
}
