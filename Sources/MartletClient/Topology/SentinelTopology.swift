// A primary that moves: sentinels are asked where it is whenever a connection is made, and tell when it changes.
// Source: Redis's "Guidelines for Redis clients with support for Redis Sentinel".

import Martlet
import Synchronization

final class SentinelTopology: Topology {
    private let name: String
    private let primary: Node
    private let replica: Node?
    private let sentinels: Sentinels
    private let watch: Task<Void, Never>

    init(
        _ endpoints: [RedisEndpoint], name: String, _ configuration: RedisClientConfiguration,
        streams: any ByteStreamProvider
    ) {
        self.name = name
        let sentinels = Sentinels(endpoints, name: name, configuration, streams: streams)
        self.sentinels = sentinels
        let connector = WireConnector(configuration, streams: streams)
        let primary = Node(configuration, PrimaryConnector(base: connector) { sentinels.doubtPreferred() }) {
            () async throws(RedisError) in try await sentinels.primary()
        }
        self.primary = primary
        var brief = configuration
        // The primary answers as well.
        brief.retry.retries = min(configuration.retry.retries, 1)
        replica =
            configuration.reads == .primary
            ? nil
            : Node(brief, connector) {
                () async throws(RedisError) in
                if let replica = try await sentinels.replica() { return replica }
                return try await sentinels.primary()
            }
        // The old primary may well be reachable, and take writes that will be lost.
        watch = Task {
            await sentinels.watch { [weak primary] in primary?.dropConnections() }
        }
    }

    deinit { close() }

    func run(_ command: RedisCommand, timeout: Duration?) async -> RedisResult {
        await run([command], timeout: timeout).first ?? .failure(.closed(.notExecuted))
    }

    /// Commands that are sent together stay together, unless all of them read. What no replica answers, the primary
    /// does.
    func run(_ commands: [RedisCommand], timeout: Duration?) async -> [RedisResult] {
        guard let replica, commands.allSatisfy(\.suitsReplica) else {
            return await primary.run(commands, timeout: timeout)
        }
        var results = await replica.run(commands, timeout: timeout)
        let missed = results.indices.filter { Node.mayBeRetried(commands[$0], results[$0]) }
        guard !missed.isEmpty else { return results }
        for (place, result) in zip(missed, await primary.run(missed.map { commands[$0] }, timeout: timeout)) {
            results[place] = result
        }
        return results
    }

    func transact(_ commands: [RedisCommand], timeout: Duration?) async throws(RedisError) -> [RESPValue]? {
        try await primary.transact(commands, timeout: timeout)
    }

    func node(for key: [UInt8]?) async throws(RedisError) -> Node { primary }

    func primaries() async throws(RedisError) -> [Node] { [primary] }

    /// Who else has a connection that works keeps it: each new one leads to where the primary is. A node leaves a
    /// server that takes no writes by itself.
    func doubt(because error: RedisError) async {
        switch error.code {
        case .server("MASTERDOWN"): primary.dropConnections()
        case .connection: primary.pool.dropIdle()
        default: return
        }
    }

    func close() {
        watch.cancel()
        primary.close()
        replica?.close()
        sentinels.close()
    }
}

/// Connects only to a server that is a primary: a sentinel may not know better yet.
private struct PrimaryConnector: Connector {
    let base: WireConnector
    /// Called when it is none, or is not there.
    let misled: @Sendable () -> Void

    func connect(to endpoint: RedisEndpoint) async throws(RedisError) -> any RedisLink {
        let link: any RedisLink
        do throws(RedisError) {
            link = try await base.connect(to: endpoint)
        } catch {
            misled()
            throw error
        }
        let reply = await link.send(RedisCommand("ROLE"))
        if case .success(.array(let parts)) = reply, parts.first?.string == "master" { return link }
        link.close()
        misled()
        throw RedisError(.connection, .notExecuted, "\(endpoint) is not the primary")
    }
}

/// The sentinels as one: whichever answers.
private final class Sentinels: Sendable {
    private let name: String
    private let endpoints: [RedisEndpoint]
    private let nodes: [RedisEndpoint: Node]
    private let hubs: [RedisEndpoint: MessageHub]
    private let configuration: RedisClientConfiguration
    /// The place of the one that is asked first: it answered last, or told of a failover.
    private let preferred = Atomic<Int>(0)

    init(
        _ endpoints: [RedisEndpoint], name: String, _ configuration: RedisClientConfiguration,
        streams: any ByteStreamProvider
    ) {
        self.name = name
        self.endpoints = endpoints
        self.configuration = configuration
        let connector = WireConnector(sentinelsOf: configuration, streams: streams)
        var single = configuration
        // Instead of being asked again one leaves it to the others.
        single.retry = .never
        let nodes = Dictionary(
            endpoints.map { endpoint in (endpoint, Node(single, connector) { endpoint }) }, uniquingKeysWith: { $1 })
        self.nodes = nodes
        hubs = nodes.mapValues { node in
            MessageHub(configuration) { () async throws(RedisError) in try await node.openLink() }
        }
    }

    func primary() async throws(RedisError) -> RedisEndpoint {
        let ask = RedisCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", name)
        return try await answer(to: ask) { [name] reply throws(RedisError) in
            guard let address = [String].decode(reply), address.count == 2, let port = UInt16(address[1]) else {
                throw RedisError(.connection, .notExecuted, "It knows no primary of the name \(name)")
            }
            return .tcp(host: address[0], port: port)
        }
    }

    /// One that is up and follows its primary; nil when there is none.
    func replica() async throws(RedisError) -> RedisEndpoint? {
        let reply = try await answer(to: RedisCommand("SENTINEL", "REPLICAS", name)) { $0 }
        let replicas = (reply.elements ?? []).compactMap([String: String].decode).filter { replica in
            let flags = (replica["flags"] ?? "").split(separator: ",")
            return replica["master-link-status"] == "ok" && !flags.contains("s_down") && !flags.contains("o_down")
                && !flags.contains("disconnected")
        }
        guard !replicas.isEmpty else { return nil }
        let chosen = replicas[configuration.random.below(replicas.count)]
        guard let host = chosen["ip"], let port = chosen["port"].flatMap({ UInt16($0) }) else { return nil }
        return .tcp(host: host, port: port)
    }

    /// What `read` makes of the first reply that it can read.
    private func answer<Answer: Sendable>(
        to command: RedisCommand, _ read: @escaping @Sendable (RESPValue) throws(RedisError) -> Answer
    ) async throws(RedisError) -> Answer {
        guard !endpoints.isEmpty else { throw RedisError(.usage, .notExecuted, "There is no sentinel to ask") }
        let turn = preferred.load(ordering: .relaxed)
        let (answer, endpoint) = try await Inquiry(clock: configuration.clock).answer(
            from: Array(endpoints[turn...] + endpoints[..<turn])
        ) { [nodes, configuration] endpoint async throws(RedisError) in
            guard let node = nodes[endpoint] else { throw .closed(.notExecuted) }
            let reply = try await node.run(command, timeout: configuration.readTimeout).checked()
            return (try read(reply), endpoint)
        }
        prefer(endpoint)
        return answer
    }

    /// Where it led there is no primary: the next may know better. One that is cut off from the others answers as
    /// quickly as before, and wrongly.
    func doubtPreferred() {
        let place = preferred.load(ordering: .relaxed)
        preferred.store((place + 1) % max(endpoints.count, 1), ordering: .relaxed)
    }

    private func prefer(_ endpoint: RedisEndpoint) {
        preferred.store(endpoints.firstIndex(of: endpoint) ?? 0, ordering: .relaxed)
    }

    /// Calls `moved` whenever a sentinel says that the primary is another server, until the task is cancelled. Each is
    /// listened to, because the one that sees to the change knows seconds before the others.
    func watch(_ moved: @escaping @Sendable () -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            for (endpoint, hub) in hubs {
                group.addTask { [self] in
                    await watch(hub) {
                        prefer(endpoint)
                        moved()
                    }
                }
            }
        }
    }

    private func watch(_ hub: MessageHub, _ moved: @Sendable () -> Void) async {
        var retry = 0
        while !Task.isCancelled {
            guard let switches = try? await hub.subscribe(to: [.channel("+switch-master")]) else {
                // Cancelled means closed, which the loop sees.
                _ = await configuration.pause(before: retry)
                retry += 1
                continue
            }
            retry = 0
            for await message in switches where message.text.split(separator: " ").first.map(String.init) == name {
                moved()
            }
        }
    }

    func close() {
        for hub in hubs.values { hub.close() }
        for node in nodes.values { node.close() }
    }
}
