// What a session listens to.

/// The channels and patterns of one session.
struct Subscriptions {
    var channels: Set<[UInt8]> = []
    var patterns: Set<[UInt8]> = []
    var shardChannels: Set<[UInt8]> = []

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
