// A cluster: commands go to the node that keeps their key, and follow it when it moves.
//
// MOVED   the slot has another owner for good: noted, and all owners are asked for anew in the background
// ASK     the slot is on its way: this command goes there, after ASKING; the next one begins here again
// TRYAGAIN, CLUSTERDOWN, a broken connection: after a pause, with the owners asked for anew

import Martlet
import Synchronization

final class ClusterTopology: Topology {
    private struct State: Sendable {
        var map: ClusterMap?
        var nodes: [RedisEndpoint: Node] = [:]
        var readers: [RedisEndpoint: Node] = [:]
        /// Those that slots are on their way to; they may have none yet.
        var importing: Set<RedisEndpoint> = []
        var refresh: Task<ClusterMap, any Error>?
        var isClosed = false
    }

    private let seeds: [RedisEndpoint]
    private let configuration: RedisClientConfiguration
    /// The nodes try nothing again: where to is decided here.
    private let nodeConfiguration: RedisClientConfiguration
    private let connector: WireConnector
    private let state = Mutex(State())

    /// More than these are not the slots' doing.
    private static let mostImporting = 64

    /// A chain of redirections longer than this is a circle.
    private static let mostRedirections = 16

    init(
        _ seeds: [RedisEndpoint], _ configuration: RedisClientConfiguration, streams: any ByteStreamProvider
    ) {
        self.seeds = seeds
        var single = configuration
        // A cluster has one database.
        single.database = 0
        self.configuration = single
        single.retry = .never
        nodeConfiguration = single
        connector = WireConnector(self.configuration, streams: streams)
    }

    deinit { close() }

    // MARK: Nodes

    private func node(at endpoint: RedisEndpoint) -> Node {
        state.withLock { state in
            if let node = state.nodes[endpoint] { return node }
            let node = Node(nodeConfiguration, connector) { endpoint }
            if state.isClosed { node.close() }
            state.nodes[endpoint] = node
            return node
        }
    }

    /// The same node for reading only, which a replica is told ahead.
    private func reader(at endpoint: RedisEndpoint) -> Node {
        state.withLock { state in
            if let node = state.readers[endpoint] { return node }
            var connector = connector
            connector.isReadOnly = true
            let node = Node(nodeConfiguration, connector) { endpoint }
            if state.isClosed { node.close() }
            state.readers[endpoint] = node
            return node
        }
    }

    func node(for key: [UInt8]?) async throws(RedisError) -> Node { node(at: try await endpoint(for: key)) }

    func venue(for key: [UInt8]?, after refusal: RedisError?) async throws(RedisError) -> Venue {
        let endpoint = try await endpoint(for: key)
        guard let refusal, refusal.serverCode == "ASK",
            let redirection = ClusterMap.redirection(refusal.message, from: endpoint)
        else { return Venue(node: node(at: endpoint)) }
        return Venue(node: importer(at: redirection.endpoint), isAsking: true)
    }

    private func importer(at endpoint: RedisEndpoint) -> Node {
        state.withLock { _ = $0.importing.insert(endpoint) }
        return node(at: endpoint)
    }

    func primaries() async throws(RedisError) -> [Node] { try await map().primaries.map(node) }

    private func endpoint(for key: [UInt8]?) async throws(RedisError) -> RedisEndpoint {
        let map = try await map()
        guard let key else {
            guard !map.primaries.isEmpty else { throw Self.noOwner }
            return map.primaries[configuration.random.below(map.primaries.count)]
        }
        guard let endpoint = map.primary(of: ClusterMap.slot(of: key)) else { throw Self.noOwner }
        return endpoint
    }

    private static let noOwner = RedisError(.server("CLUSTERDOWN"), .notExecuted, "CLUSTERDOWN Hash slot not served")

    // MARK: The map

    private func map() async throws(RedisError) -> ClusterMap {
        if let map = state.withLock(\.map) { return map }
        return try await refresh()
    }

    /// Asks the nodes until one answers. Those who want to know at the same time share one answer.
    @discardableResult
    private func refresh() async throws(RedisError) -> ClusterMap {
        let task = state.withLock { state -> Task<ClusterMap, any Error>? in
            if state.isClosed { return nil }
            if let task = state.refresh { return task }
            let task = Task { [weak self] in
                guard let self else { throw RedisError.closed(.notExecuted) }
                return try await askForMap()
            }
            state.refresh = task
            return task
        }
        guard let task else { throw .closed(.notExecuted) }
        do {
            return try await task.value
        } catch {
            // The question was ended, not those who wait for its answer.
            if state.withLock(\.isClosed) { throw .closed(.notExecuted) }
            throw error as? RedisError ?? RedisError(.connection, .notExecuted, "\(error)")
        }
    }

    /// Primaries first, not always the same one: it may be the one that does not answer.
    private var nodesToAsk: [RedisEndpoint] {
        let map = state.withLock(\.map)
        let primaries = map?.primaries ?? []
        let turn = configuration.random.below(primaries.count)
        var endpoints = Array(primaries[turn...] + primaries[..<turn])
        var known = Set(endpoints)
        for endpoint in (map?.replicas.values.flatMap(\.self) ?? []) + seeds where known.insert(endpoint).inserted {
            endpoints.append(endpoint)
        }
        return endpoints
    }

    private func askForMap() async throws(RedisError) -> ClusterMap {
        defer { state.withLock { $0.refresh = nil } }
        let ask = RedisCommand("CLUSTER", "SLOTS")
        let map = try await Inquiry(clock: configuration.clock).answer(from: nodesToAsk) {
            [self] endpoint async throws(RedisError) in
            let reply = try await node(at: endpoint).run(ask, timeout: configuration.readTimeout).checked()
            guard let map = ClusterMap(slots: reply, askedAt: endpoint), !map.primaries.isEmpty else {
                throw RedisError(.connection, .notExecuted, "It knows no slots")
            }
            return map
        }
        keep(map)
        return map
    }

    /// Nodes that are no longer part of the cluster are let go of, and nobody waits for those that lead no more.
    private func keep(_ map: ClusterMap) {
        let wanted = Set(map.primaries).union(map.replicas.values.joined()).union(seeds)
        let (gone, demoted) = state.withLock { state -> ([Node], [Node]) in
            let demoted = Set(state.map?.primaries ?? []).subtracting(map.primaries).compactMap { state.nodes[$0] }
            state.map = map
            if state.importing.count > Self.mostImporting { state.importing = [] }
            let wanted = wanted.union(state.importing)
            state.importing.subtract(map.primaries)
            let gone =
                state.nodes.filter { !wanted.contains($0.key) }.map(\.value)
                + state.readers.filter { !wanted.contains($0.key) }.map(\.value)
            state.nodes = state.nodes.filter { wanted.contains($0.key) }
            state.readers = state.readers.filter { wanted.contains($0.key) }
            return (gone, demoted)
        }
        for node in gone { node.retire() }
        for node in demoted { node.stopConnecting() }
    }

    func doubt(because error: RedisError) async {
        // The command that is tried again asks once more if this fails.
        _ = try? await refresh()
        // Whom we asked may know less than who sent us elsewhere.
        follow(error)
    }

    /// Notes a slot's new owner.
    private func follow(_ error: RedisError, from asked: RedisEndpoint? = nil) {
        guard error.serverCode == "MOVED", let asked = asked ?? seeds.first,
            let (slot, endpoint) = ClusterMap.redirection(error.message, from: asked)
        else { return }
        state.withLock { $0.map?.move(slot, to: endpoint) }
    }

    // MARK: Commands

    func transact(_ commands: [RedisCommand], timeout: Duration?) async throws(RedisError) -> [RESPValue]? {
        let key = commands.lazy.compactMap(\.firstKey).first
        var asking: RedisEndpoint?
        var redirections = 0
        while true {
            let endpoint: RedisEndpoint
            if let asking { endpoint = asking } else { endpoint = try await self.endpoint(for: key) }
            do throws(RedisError) {
                let node = asking == nil ? node(at: endpoint) : importer(at: endpoint)
                return try await node.transact(commands, timeout: timeout, isAsking: asking != nil)
            } catch {
                guard redirections < Self.mostRedirections,
                    let redirection = ClusterMap.redirection(error.message, from: endpoint)
                else { throw error }
                redirections += 1
                follow(error, from: endpoint)
                asking = error.serverCode == "ASK" ? redirection.endpoint : nil
            }
        }
    }

    func run(_ command: RedisCommand, timeout: Duration?) async -> RedisResult {
        await run([command], timeout: timeout).first ?? .failure(.closed(.notExecuted))
    }

    func run(_ commands: [RedisCommand], timeout: Duration?) async -> [RedisResult] {
        var journeys = commands.map { Journey(command: $0) }
        var (redirections, retries) = (0, 0)
        while true {
            await advance(&journeys, timeout)
            let next = journeys.lazy.map(\.next).max() ?? .arrived
            switch next {
            case .arrived: return journeys.map { $0.result ?? .failure(.closed(.notExecuted)) }
            case .redirected:
                redirections += 1
                guard redirections <= Self.mostRedirections else { return journeys.map(\.lastResult) }
            case .later:
                guard retries < configuration.retry.retries, await configuration.pause(before: retries) else {
                    return journeys.map(\.lastResult)
                }
                retries += 1
                await doubt(because: Self.noOwner)
            }
        }
    }

    /// Sends all commands that have not arrived, those of one node together and all nodes at once.
    private func advance(_ journeys: inout [Journey], _ timeout: Duration?) async {
        var parties: [Target: [Int]] = [:]
        for index in journeys.indices where journeys[index].next != .arrived {
            do throws(RedisError) {
                parties[try await target(of: journeys[index]), default: []].append(index)
            } catch {
                journeys[index].finish(.failure(error), mayTryAgain: error.isTransient)
            }
        }
        let commands = journeys.map(\.command)
        await withTaskGroup(of: (Target, [Int], [RedisResult]).self) { group in
            for (target, places) in parties {
                group.addTask { [self] in
                    (target, places, await send(places.map { commands[$0] }, to: target, timeout))
                }
            }
            for await (target, places, results) in group {
                for (place, result) in zip(places, results) { settle(&journeys[place], result, at: target) }
            }
        }
    }

    private func target(of journey: Journey) async throws(RedisError) -> Target {
        if let endpoint = journey.asking { return Target(endpoint: endpoint, isAsking: true, reads: false) }
        let endpoint = try await endpoint(for: journey.command.firstKey)
        guard configuration.reads == .replica, journey.command.suitsReplica, !journey.avoidsReplicas,
            let replicas = try await map().replicas[endpoint], !replicas.isEmpty
        else { return Target(endpoint: endpoint, isAsking: false, reads: false) }
        return Target(
            endpoint: replicas[configuration.random.below(replicas.count)], isAsking: false, reads: true)
    }

    private func send(_ commands: [RedisCommand], to target: Target, _ timeout: Duration?) async -> [RedisResult] {
        guard target.isAsking else {
            let node = target.reads ? reader(at: target.endpoint) : node(at: target.endpoint)
            return await node.run(commands, timeout: timeout)
        }
        let pairs = commands.flatMap { [RedisCommand("ASKING"), $0] }
        let results = await importer(at: target.endpoint).run(pairs, timeout: timeout)
        return stride(from: 1, to: results.count, by: 2).map { results[$0] }
    }

    private func settle(_ journey: inout Journey, _ result: RedisResult, at target: Target) {
        guard let error = result.error else { return journey.finish(result, mayTryAgain: false) }
        // Whatever is wrong with a replica, its primary answers as well.
        if target.reads { journey.avoidsReplicas = true }
        guard let (_, endpoint) = ClusterMap.redirection(error.message, from: target.endpoint) else {
            let mayTryAgain = Node.mayBeRetried(journey.command, result)
            if target.reads, mayTryAgain { return leave(&journey, result, error) }
            // Who tries again asks for the map itself.
            if !mayTryAgain, [.connection, .timeout].contains(error.code) { askAnew(because: error) }
            return journey.finish(result, mayTryAgain: mayTryAgain)
        }
        if error.serverCode == "ASK" { return journey.redirect(result, asking: endpoint) }
        follow(error, from: target.endpoint)
        leave(&journey, result, error)
    }

    /// At once to where the map leads now, which is asked for anew.
    private func leave(_ journey: inout Journey, _ result: RedisResult, _ error: RedisError) {
        journey.redirect(result, asking: nil)
        askAnew(because: error)
    }

    private func askAnew(because error: RedisError) {
        Task { [weak self] in await self?.doubt(because: error) }
    }

    func close() {
        let nodes = state.withLock { state -> [Node] in
            state.isClosed = true
            state.refresh?.cancel()
            return Array(state.nodes.values) + Array(state.readers.values)
        }
        for node in nodes { node.close() }
    }
}

/// Where commands are sent together.
private struct Target: Hashable, Sendable {
    let endpoint: RedisEndpoint
    /// Each command is announced by ASKING.
    let isAsking: Bool
    let reads: Bool
}

/// One command on its way through the cluster.
private struct Journey: Sendable {
    enum Next: Comparable, Sendable {
        case arrived
        /// To be sent elsewhere at once.
        case redirected
        /// To be sent again after a pause.
        case later
    }

    let command: RedisCommand
    private(set) var next = Next.redirected
    private(set) var asking: RedisEndpoint?
    var avoidsReplicas = false
    private var last: RedisResult?

    init(command: RedisCommand) { self.command = command }

    var result: RedisResult? { next == .arrived ? last : nil }
    var lastResult: RedisResult { last ?? .failure(.closed(.notExecuted)) }

    mutating func finish(_ result: RedisResult, mayTryAgain: Bool) {
        last = result
        asking = nil
        next = mayTryAgain ? .later : .arrived
    }

    mutating func redirect(_ result: RedisResult, asking endpoint: RedisEndpoint?) {
        last = result
        asking = endpoint
        next = .redirected
    }
}
