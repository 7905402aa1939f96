// The public face: one client for one server, for a primary that sentinels find, for a cluster, or for a server in this
// process.

import Martlet
import Synchronization

/// A client of Redis, Valkey or Martlet. It may be used from any task; plain commands of all tasks share one connection
/// to each server, and answers come back to whoever asked.
///
/// ```swift
/// let client = try RedisClient(url: "redis://127.0.0.1:6379")
/// try await client.send("SET", "greeting", "hello", "EX", 60)
/// let greeting = try await client.send("GET", "greeting", as: String?.self)
/// ```
///
/// Connections are made when they are needed and again when they break. A command that was not executed is tried again
/// as ``RetryPolicy`` says; one that may have been executed is sent again only if it does nothing but read. Otherwise
/// its error says so: ``RedisError/outcome-swift.property`` is `unknown`.
public final class RedisClient: Sendable {
    let topology: any Topology
    let configuration: RedisClientConfiguration
    let messages: MessageHub
    private let closings = Mutex<[@Sendable () -> Void]>([])
    /// The server when it is in this process.
    package let localServer: MartletServer?

    /// A client of the server, sentinels or cluster that the URL names; see
    /// ``RedisClientConfiguration/init(url:)`` for the forms.
    ///
    /// - Throws: ``RedisError`` with the code `usage` for a URL that cannot be understood.
    public convenience init(url: String) throws(RedisError) {
        try self.init(RedisClientConfiguration(url: url))
    }

    /// A client of what the configuration names. Nothing is connected yet.
    ///
    /// - Throws: ``RedisError`` when TLS is wanted and nobody brings it, or the system refuses a descriptor.
    public init(_ configuration: RedisClientConfiguration) throws(RedisError) {
        if configuration.usesTLS, configuration.streams == nil { throw SocketProvider.noTLS }
        let streams = if let streams = configuration.streams { streams } else { try SocketProvider(configuration) }
        self.configuration = configuration
        localServer = nil
        switch configuration.topology {
        case .single(let endpoint):
            topology = SingleNode(Node(configuration, WireConnector(configuration, streams: streams)) { endpoint })
        case .sentinel(let sentinels, let name):
            topology = SentinelTopology(sentinels, name: name, configuration, streams: streams)
        case .cluster(let seeds):
            topology = ClusterTopology(seeds, configuration, streams: streams)
        }
        messages = Self.hub(topology, configuration)
    }

    /// A client of a server in this process: no sockets, no copies of bytes, about a microsecond for a command.
    public init(
        _ server: MartletServer, configuration: RedisClientConfiguration = RedisClientConfiguration()
    ) {
        self.configuration = configuration
        localServer = server
        let nowhere = RedisEndpoint.unix(path: "in-process")
        let connector = LocalConnector(server: server, configuration: configuration)
        topology = SingleNode(Node(configuration, connector) { nowhere })
        messages = Self.hub(topology, configuration)
    }

    /// For messages that are the same at all servers.
    private static func hub(_ topology: any Topology, _ configuration: RedisClientConfiguration) -> MessageHub {
        MessageHub(configuration) { () async throws(RedisError) in
            try await topology.node(for: nil).openLink()
        } missed: { error in
            // In a cluster the servers that were known may all be gone.
            if error.isTransient { await topology.doubt(because: error) }
        }
    }

    deinit { close() }

    /// The database that every connection selects.
    package var database: Int { if case .cluster = configuration.topology { 0 } else { configuration.database } }

    /// How much of a pool is lent, at most, as a part of its maximum; nil when the servers are not known.
    package func poolUse() async -> Double? {
        let nodes = try? await topology.primaries()
        let most = Double(max(configuration.pool.maximum, 1))
        return nodes?.map { Double($0.pool.counts.all - $0.pool.counts.idle) / most }.max()
    }

    /// Closes all connections. Whoever waits for an answer gets an error.
    public func close() {
        messages.close()
        topology.close()
        let ends = closings.withLock { closings in
            defer { closings = [] }
            return closings
        }
        for end in ends { end() }
    }

    /// What else ends with the client.
    func whenClosed(_ end: @escaping @Sendable () -> Void) { closings.withLock { $0.append(end) } }

    // MARK: Commands

    /// Sends one command and waits for its answer.
    ///
    /// Commands that wait (BLPOP, XREAD BLOCK ...) get a connection of their own. Those that change what later commands
    /// of the connection mean (SELECT, MULTI, SUBSCRIBE ...) are refused here, and so are WAIT and WAITAOF, which are
    /// about what their own connection wrote: ``withConnection(for:_:)`` lends one.
    ///
    /// - Parameter timeout: how long to wait for the answer once the command is on its way; nil: as long as the server
    ///   lives, and for a command that waits as long as it says and ``RedisClientConfiguration/readTimeout`` more. To
    ///   connect has a limit of its own.
    /// - Returns: the reply, which is never ``RESPValue/error(_:)``.
    /// - Throws: ``RedisError``, which also says what is known of the command's fate.
    @discardableResult
    public func send(_ words: any RESPArgument..., timeout: Duration? = nil) async throws(RedisError) -> RESPValue {
        try await send(RedisCommand(words: words), timeout: timeout)
    }

    /// The same, and the reply as the type that is asked for.
    ///
    /// - Throws: ``RedisError`` with the code `unexpectedReply` when the reply is of another type.
    public func send<Reply: RESPDecodable>(
        _ words: any RESPArgument..., as type: Reply.Type, timeout: Duration? = nil
    ) async throws(RedisError) -> Reply {
        try await send(RedisCommand(words: words), timeout: timeout).decoded(as: type)
    }

    /// Sends one command and waits for its answer.
    @discardableResult
    public func send(_ command: RedisCommand, timeout: Duration? = nil) async throws(RedisError) -> RESPValue {
        try Self.check(command)
        return try await topology.run(command, timeout: timeout).checked()
    }

    /// Sends commands without waiting for one answer before the next command leaves. They are executed in order, on
    /// each server; commands of others may come in between.
    ///
    /// - Returns: for each command its reply or its error.
    /// - Throws: ``RedisError`` with the code `usage` when one of them needs a connection of its own.
    public func pipeline(
        _ commands: [RedisCommand], timeout: Duration? = nil
    ) async throws(RedisError) -> [Result<RESPValue, RedisError>] {
        for command in commands {
            try Self.check(command)
            guard !command.isBlocking else {
                throw RedisError(.usage, .notExecuted, "\(command.name) waits: send it by itself")
            }
        }
        return await topology.run(commands, timeout: timeout).map { result in
            result.error.map { .failure($0) } ?? result
        }
    }

    private static func check(_ command: RedisCommand) throws(RedisError) {
        guard !command.words.isEmpty else { throw RedisError(.usage, .notExecuted, "A command has a name") }
        if command.concernsOwnWrites {
            throw RedisError(
                .usage, .notExecuted,
                "\(command.name) is about what its own connection wrote: send both within withConnection")
        }
        guard command.needsOwnConnection else { return }
        throw RedisError(
            .usage, .notExecuted, "\(command.name) concerns one connection: send it within withConnection")
    }
}

extension RESPValue {
    /// The reply as another type; in a cluster a reply is what a server said.
    func decoded<Reply: RESPDecodable>(as type: Reply.Type) throws(RedisError) -> Reply {
        guard let value = type.decode(self) else {
            throw RedisError(.unexpectedReply, .executed, "The reply is not of the type \(type)")
        }
        return value
    }
}
