// What each server says of its own keys (keyspace events) it tells nobody else: one listener at each server that holds
// keys, and at those that come to hold some later.

import Martlet

/// Messages of the same channels from all servers that hold keys, until nobody holds this any more.
package final class ServerMessages: Sendable {
    /// Each server's in the order in which they come.
    package let stream: AsyncStream<RedisMessage>
    private let listeners: ServerListeners
    private let follower: Task<Void, Never>?

    fileprivate init(_ stream: AsyncStream<RedisMessage>, _ listeners: ServerListeners, _ follower: Task<Void, Never>?)
    {
        self.stream = stream
        self.listeners = listeners
        self.follower = follower
    }

    deinit {
        follower?.cancel()
        Task { [listeners] in await listeners.end() }
    }
}

extension RedisClient {
    /// Listens at all servers that hold keys; returns when those of now have confirmed.
    ///
    /// - Parameter prepare: done with a server whenever a connection to it is made, ahead of listening: it may be
    ///   another than before, or have forgotten what it was told.
    package func messagesOfAllServers(
        on channels: [String],
        prepare: @escaping @Sendable (_ send: (RedisCommand) async throws(RedisError) -> RESPValue) async -> Void
    ) async throws(RedisError) -> ServerMessages {
        let (stream, inbox) = AsyncStream.makeStream(
            of: RedisMessage.self, bufferingPolicy: .bufferingNewest(ServerListeners.mostUnread))
        let listeners = ServerListeners(topology, configuration, Set(channels.map(MessageHub.Source.channel)), inbox) {
            link in await prepare { command async throws(RedisError) in try await link.send(command).checked() }
        }
        do throws(RedisError) {
            try await listeners.followServers()
        } catch {
            await listeners.end()
            throw error
        }
        whenClosed { [weak listeners] in Task { [listeners] in await listeners?.end() } }
        // Where there is one server at a time, its connection leads to it wherever it is.
        guard case .cluster = configuration.topology else { return ServerMessages(stream, listeners, nil) }
        let follower = Task { [clock = configuration.clock] in
            while (try? await clock.sleep(ServerListeners.period)) != nil {
                // A server that cannot be listened to now is tried again with the next round.
                try? await listeners.followServers()
            }
        }
        return ServerMessages(stream, listeners, follower)
    }
}

private actor ServerListeners {
    private struct Listener {
        let hub: MessageHub
        let reader: Task<Void, Never>
    }

    private let topology: any Topology
    private let configuration: RedisClientConfiguration
    private let sources: Set<MessageHub.Source>
    private let inbox: AsyncStream<RedisMessage>.Continuation
    private let prepare: @Sendable (any RedisLink) async -> Void
    private var listeners: [ObjectIdentifier: Listener] = [:]
    private var hasEnded = false

    /// What is not read is kept up to this number, then the oldest are dropped.
    static let mostUnread = 100_000
    /// How often it is looked which servers the client knows.
    static let period = Duration.seconds(1)

    init(
        _ topology: any Topology, _ configuration: RedisClientConfiguration, _ sources: Set<MessageHub.Source>,
        _ inbox: AsyncStream<RedisMessage>.Continuation, prepare: @escaping @Sendable (any RedisLink) async -> Void
    ) {
        self.topology = topology
        self.configuration = configuration
        self.sources = sources
        self.inbox = inbox
        self.prepare = prepare
    }

    func followServers() async throws(RedisError) {
        let nodes = try await topology.primaries()
        let present = Set(nodes.map(ObjectIdentifier.init))
        for (id, listener) in listeners where !present.contains(id) {
            listeners[id] = nil
            listener.hub.close()
            listener.reader.cancel()
        }
        var failure: RedisError?
        for node in nodes where listeners[ObjectIdentifier(node)] == nil {
            do throws(RedisError) {
                let listener = try await listen(to: node)
                guard !hasEnded else { return listener.hub.close() }
                listeners[ObjectIdentifier(node)] = listener
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    private func listen(to node: Node) async throws(RedisError) -> Listener {
        let isOneOfMany = if case .cluster = configuration.topology { true } else { false }
        let hub = MessageHub(configuration) { [prepare] () async throws(RedisError) in
            let link = try await node.openLink()
            await prepare(link)
            return link
        } missed: { [topology] error in
            // It may have no keys any more.
            if isOneOfMany, error.isTransient { await topology.doubt(because: error) }
        }
        let messages: RedisSubscription
        do throws(RedisError) {
            messages = try await hub.subscribe(to: sources)
        } catch {
            hub.close()
            throw error
        }
        return Listener(hub: hub, reader: Task { [inbox] in for await message in messages { inbox.yield(message) } })
    }

    func end() {
        hasEnded = true
        for listener in listeners.values {
            listener.hub.close()
            listener.reader.cancel()
        }
        listeners = [:]
        inbox.finish()
    }
}
