// What a session listens to.

/// The channels and patterns of one session.
struct Subscriptions {
    fileprivate(set) var channels: Set<[UInt8]> = []
    fileprivate(set) var patterns: Set<[UInt8]> = []
    fileprivate(set) var shardChannels: Set<[UInt8]> = []

    /// Bytes of all names.
    private(set) var nameBytes = 0

    var nameCount: Int { count + shardChannels.count }

    /// All of them, each with its kind.
    var allNames: [(name: [UInt8], kind: SubscriptionKind)] {
        SubscriptionKind.all.flatMap { kind in self[keyPath: kind.path].map { ($0, kind) } }
    }

    /// False when it was there.
    mutating func insert(_ name: [UInt8], _ kind: SubscriptionKind) -> Bool {
        guard self[keyPath: kind.path].insert(name).inserted else { return false }
        nameBytes += name.count
        return true
    }

    /// False when it was not there.
    mutating func remove(_ name: [UInt8], _ kind: SubscriptionKind) -> Bool {
        guard self[keyPath: kind.path].remove(name) != nil else { return false }
        nameBytes -= name.count
        return true
    }

    /// Channels and patterns, as the replies count them.
    var count: Int { channels.count + patterns.count }
    var isEmpty: Bool { channels.isEmpty && patterns.isEmpty && shardChannels.isEmpty }
}

/// The three kinds of subscriptions.
enum SubscriptionKind {
    case channel, pattern, shard

    static let all: [SubscriptionKind] = [.channel, .pattern, .shard]

    var path: WritableKeyPath<Subscriptions, Set<[UInt8]>> {
        switch self {
        case .channel: \.channels
        case .pattern: \.patterns
        case .shard: \.shardChannels
        }
    }

    var subscribed: String {
        switch self {
        case .channel: "subscribe"
        case .pattern: "psubscribe"
        case .shard: "ssubscribe"
        }
    }

    var unsubscribed: String {
        switch self {
        case .channel: "unsubscribe"
        case .pattern: "punsubscribe"
        case .shard: "sunsubscribe"
        }
    }

    /// What the replies count: shard channels apart from the rest.
    func count(_ subscriptions: Subscriptions) -> Int {
        self == .shard ? subscriptions.shardChannels.count : subscriptions.count
    }
}
