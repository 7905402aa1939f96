// Pub/Sub: what a session listens to, and who listens to what.

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

final class PubSub {
    private(set) var channels: [[UInt8]: [Int64: Session]] = [:]
    private(set) var patterns: [[UInt8]: [Int64: Session]] = [:]
    private(set) var shardChannels: [[UInt8]: [Int64: Session]] = [:]
    /// Sessions with any subscription.
    private(set) var subscriberCount = 0

    private static func path(
        _ kind: SubscriptionKind
    ) -> ReferenceWritableKeyPath<PubSub, [[UInt8]: [Int64: Session]]> {
        switch kind {
        case .channel: \.channels
        case .pattern: \.patterns
        case .shard: \.shardChannels
        }
    }

    // MARK: Subscribing

    func subscribe(_ session: Session, to name: [UInt8], _ kind: SubscriptionKind) {
        let wasEmpty = session.subscriptions.isEmpty
        guard session.subscriptions[keyPath: kind.path].insert(name).inserted else { return }
        self[keyPath: Self.path(kind)][name, default: [:]][session.id] = session
        if wasEmpty { subscriberCount += 1 }
    }

    func unsubscribe(_ session: Session, from name: [UInt8], _ kind: SubscriptionKind) {
        guard session.subscriptions[keyPath: kind.path].remove(name) != nil else { return }
        let path = Self.path(kind)
        self[keyPath: path][name]?[session.id] = nil
        if self[keyPath: path][name]?.isEmpty ?? false { self[keyPath: path][name] = nil }
        if session.subscriptions.isEmpty { subscriberCount -= 1 }
    }

    func unsubscribeAll(_ session: Session) {
        guard !session.subscriptions.isEmpty else { return }
        for kind in [SubscriptionKind.channel, .pattern, .shard] {
            for name in session.subscriptions[keyPath: kind.path] { unsubscribe(session, from: name, kind) }
        }
    }

    // MARK: Publishing

    /// Sends a message to all who listen and returns how many that are.
    @discardableResult
    func publish(_ message: ByteSpan, on channel: ByteSpan) -> Int {
        guard !channels.isEmpty || !patterns.isEmpty else { return 0 }
        var receivers = 0
        if !channels.isEmpty, let sessions = channels[channel.copied()] {
            let form = Message("message", pattern: nil, channel, message)
            for session in sessions.values { form.send(to: session) }
            receivers += sessions.count
        }
        for (pattern, sessions) in patterns where globMatches(pattern: pattern.span, string: channel) {
            let form = Message("pmessage", pattern: pattern, channel, message)
            for session in sessions.values { form.send(to: session) }
            receivers += sessions.count
        }
        return receivers
    }

    /// The same for shard channels.
    func publishShard(_ message: ByteSpan, on channel: ByteSpan) -> Int {
        guard !shardChannels.isEmpty, let sessions = shardChannels[channel.copied()] else { return 0 }
        let form = Message("smessage", pattern: nil, channel, message)
        for session in sessions.values { form.send(to: session) }
        return sessions.count
    }

    /// A message in the form of each protocol version; they differ in the first byte alone.
    private struct Message {
        private let resp2: [UInt8]
        private let resp3: [UInt8]

        init(_ kind: String, pattern: [UInt8]?, _ channel: ByteSpan, _ message: ByteSpan) {
            var reply = ReplyWriter(buffer: ReplyBuffer(), version: .resp2)
            reply.push(pattern == nil ? 3 : 4)
            reply.bulk(kind)
            if let pattern { reply.bulk(pattern.span) }
            reply.bulk(channel)
            reply.bulk(message)
            resp2 = reply.takeBuffer().copyBytes()
            resp3 = [UInt8(ascii: ">")] + resp2.dropFirst()
        }

        func send(to session: Session) {
            switch session.version {
            case .resp2: session.push(resp2.span)
            case .resp3: session.push(resp3.span)
            }
        }
    }
}
