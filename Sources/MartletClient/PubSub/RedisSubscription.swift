// Messages as a sequence that a task reads.

import Martlet

/// Messages of the channels and patterns that were subscribed to. One task reads it; when it is dropped or cancelled,
/// the subscription ends, and it ends with its client: keep that while you listen. While a broken connection is made
/// again, messages are missed, as Redis keeps none; of those that are not read, the 100,000 newest are kept.
public struct RedisSubscription: AsyncSequence, Sendable {
    let stream: AsyncStream<RedisMessage>
    private let inbox: AsyncStream<RedisMessage>.Continuation

    init(stream: AsyncStream<RedisMessage>, inbox: AsyncStream<RedisMessage>.Continuation) {
        self.stream = stream
        self.inbox = inbox
    }

    /// Reads one message after the other.
    public func makeAsyncIterator() -> Iterator { Iterator(base: stream.makeAsyncIterator()) }

    /// Reads one message after the other.
    public struct Iterator: AsyncIteratorProtocol {
        var base: AsyncStream<RedisMessage>.Iterator

        /// The next message; nil when the subscription has ended.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> RedisMessage? {
            await base.next(isolation: actor)
        }
    }

    /// Ends the subscription, and with it the sequence.
    public func cancel() { inbox.finish() }
}

extension RedisClient {
    /// Subscribes to channels and patterns; returns when the server has confirmed, so that nothing published from then
    /// on is missed. When the connection breaks it is made again, and the subscription with it.
    ///
    /// - Throws: ``RedisError`` when no connection can be made.
    public func subscribe(
        to channels: [String] = [], patterns: [String] = []
    ) async throws(RedisError) -> RedisSubscription {
        let sources = channels.map(MessageHub.Source.channel) + patterns.map(MessageHub.Source.pattern)
        guard !sources.isEmpty else { throw RedisError(.usage, .notExecuted, "There is nothing to subscribe to") }
        return try await messages.subscribe(to: Set(sources))
    }

    /// Publishes a message.
    ///
    /// - Returns: how many received it; in a cluster, how many of the node that was asked.
    @discardableResult
    public func publish(_ message: any RESPArgument, to channel: String) async throws(RedisError) -> Int {
        try await send("PUBLISH", channel, message, as: Int.self)
    }
}
