// Who listens to what, and sending messages to them.
//
// Messages that go to the same listeners one after the other are gathered and handed to each of them in one piece, when
// other messages or the end of the turn come: what a message costs for each listener is then mostly the write.

/// Those who listen to a channel or a pattern.
final class Audience {
    private(set) var sessions: [Session] = []
    private var places: [Int64: Int] = [:]

    var count: Int { sessions.count }

    func add(_ session: Session) {
        guard places[session.id] == nil else { return }
        places[session.id] = sessions.count
        sessions.append(session)
    }

    func remove(_ session: Session) {
        guard let place = places.removeValue(forKey: session.id) else { return }
        // The last one takes the place.
        let last = sessions.removeLast()
        guard place < sessions.count else { return }
        sessions[place] = last
        places[last.id] = place
    }
}

final class PubSub {
    private(set) var channels: [[UInt8]: Audience] = [:]
    private(set) var patterns: [[UInt8]: Audience] = [:]
    private(set) var shardChannels: [[UInt8]: Audience] = [:]
    /// Sessions with any subscription.
    private(set) var subscriberCount = 0
    /// Messages on their way, all to one audience.
    private var gathered = GatheredMessages()
    /// Whether there are any: asked in every turn, so that it stands by itself.
    private var hasGathered = false

    private static func path(_ kind: SubscriptionKind) -> ReferenceWritableKeyPath<PubSub, [[UInt8]: Audience]> {
        switch kind {
        case .channel: \.channels
        case .pattern: \.patterns
        case .shard: \.shardChannels
        }
    }

    // MARK: Subscribing

    func subscribe(_ session: Session, to name: [UInt8], _ kind: SubscriptionKind) {
        deliver()
        let wasSubscriber = session.isSubscriber
        guard session.subscriptions.insert(name, kind) else { return }
        let path = Self.path(kind)
        let audience = self[keyPath: path][name] ?? Audience()
        audience.add(session)
        self[keyPath: path][name] = audience
        if !wasSubscriber { subscriberCount += 1 }
    }

    func unsubscribe(_ session: Session, from name: [UInt8], _ kind: SubscriptionKind) {
        deliver()
        guard session.subscriptions.remove(name, kind) else { return }
        let path = Self.path(kind)
        if let audience = self[keyPath: path][name] {
            audience.remove(session)
            if audience.count == 0 { self[keyPath: path][name] = nil }
        }
        if !session.isSubscriber { subscriberCount -= 1 }
    }

    func unsubscribeAll(_ session: Session) {
        guard session.isSubscriber else { return }
        for kind in SubscriptionKind.all {
            for name in session.subscriptions[keyPath: kind.path] { unsubscribe(session, from: name, kind) }
        }
    }

    // MARK: Publishing

    /// Sends a message to all who listen and returns how many that are.
    @discardableResult
    func publish(_ message: ByteSpan, on channel: ByteSpan) -> Int {
        guard !channels.isEmpty || !patterns.isEmpty else { return 0 }
        var receivers = 0
        if !channels.isEmpty, let audience = channels[channel.copied()] {
            send("message", nil, channel, message, to: audience)
            receivers += audience.count
        }
        for (pattern, audience) in patterns where globMatches(pattern: pattern.span, string: channel) {
            send("pmessage", pattern, channel, message, to: audience)
            receivers += audience.count
        }
        return receivers
    }

    /// The same for shard channels.
    func publishShard(_ message: ByteSpan, on channel: ByteSpan) -> Int {
        guard !shardChannels.isEmpty, let audience = shardChannels[channel.copied()] else { return 0 }
        send("smessage", nil, channel, message, to: audience)
        return audience.count
    }

    private func send(
        _ kind: String, _ pattern: [UInt8]?, _ channel: ByteSpan, _ message: ByteSpan, to audience: Audience
    ) {
        if !gathered.takes(audience) { deliver() }
        gathered.append(kind, pattern, channel, message, for: audience)
        hasGathered = true
    }

    /// Hands over what is gathered: at the end of the turn, and ahead of anything else that a listener is sent.
    func deliver() {
        guard hasGathered else { return }
        hasGathered = false
        gathered.deliver()
    }
}

/// A run of messages to one audience, in RESP2's form; RESP3's differs in the first byte of each message.
private struct GatheredMessages: ~Copyable {
    private var audience: Audience?
    private var bytes = ByteBuffer()
    /// Where each message begins.
    private var starts: [Int] = []

    /// A run that is this long is not made longer.
    private static let longest = 64 * 1024

    func takes(_ other: Audience) -> Bool { audience === other && bytes.count < Self.longest }

    mutating func append(
        _ kind: String, _ pattern: [UInt8]?, _ channel: ByteSpan, _ message: ByteSpan, for audience: Audience
    ) {
        self.audience = audience
        starts.append(bytes.count)
        var reply = ReplyWriter(buffer: ReplyBuffer(), version: .resp2)
        swap(&reply.buffer.tail, &bytes)
        reply.push(pattern == nil ? 3 : 4)
        reply.bulk(kind)
        if let pattern { reply.bulk(pattern.span) }
        reply.bulk(channel)
        reply.bulk(message)
        swap(&reply.buffer.tail, &bytes)
    }

    mutating func deliver() {
        guard let audience else { return }
        self.audience = nil
        // One copy for all listeners: who does not read holds no memory of his own.
        let resp2 = Keyspace.copy(bytes.bytes)
        let resp3 = audience.sessions.contains { $0.version == .resp3 } ? pushes() : resp2
        bytes.clear()
        if bytes.capacity > 4 * Self.longest { bytes.release() }
        starts.removeAll(keepingCapacity: true)
        let sessions = audience.sessions
        for (index, session) in sessions.enumerated() {
            Self.lookAhead(sessions, from: index + 1)
            session.push(session.version == .resp2 ? resp2 : resp3)
        }
    }

    /// Each send goes through so much of the kernel that what belongs to the next listeners has left the nearest cache:
    /// the session of the one behind the next is asked for, and the connection of the next.
    @inline(__always)
    private static func lookAhead(_ sessions: [Session], from next: Int) {
        if next + 1 < sessions.count { CacheLine.prefetchHead(sessions[next + 1]) }
        if next < sessions.count, let transport = sessions[next].transport { CacheLine.prefetchHead(transport) }
    }

    /// The run in RESP3's form.
    private func pushes() -> LargeBytes {
        let copy = Keyspace.copy(bytes.bytes)
        let sign: [UInt8] = [UInt8(ascii: ">")]
        for start in starts { copy.write(sign.span, at: start) }
        return copy
    }
}
