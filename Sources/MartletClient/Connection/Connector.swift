// Makes links: connects, then says who we are and what we want. RESP3 where the server knows it, RESP2 where not.

import Martlet
import Synchronization

/// Opens links to servers, all in the same way.
protocol Connector: Sendable {
    func connect(to endpoint: RedisEndpoint) async throws(RedisError) -> any RedisLink
}

/// Over streams of bytes.
struct WireConnector: Connector {
    let streams: any ByteStreamProvider
    let configuration: RedisClientConfiguration
    let credentials: RedisCredentials?
    let database: Int
    /// Whether the node is to answer reads although it is a replica in a cluster.
    var isReadOnly = false

    init(_ configuration: RedisClientConfiguration, streams: any ByteStreamProvider) {
        self.streams = streams
        self.configuration = configuration
        credentials = configuration.credentials
        database = configuration.database
    }

    /// To the sentinels, which know no databases.
    init(sentinelsOf configuration: RedisClientConfiguration, streams: any ByteStreamProvider) {
        self.streams = streams
        self.configuration = configuration
        credentials = configuration.sentinelCredentials
        database = 0
    }

    func connect(to endpoint: RedisEndpoint) async throws(RedisError) -> any RedisLink {
        let race = LinkRace()
        let attempt = Task {
            do throws(RedisError) {
                race.finish(.success(try await open(endpoint)))
            } catch {
                race.finish(.failure(error))
            }
        }
        let limit = Task { [configuration] in
            try await configuration.clock.sleep(configuration.connectTimeout)
            race.finish(
                .failure(
                    RedisError(
                        .connection, .notExecuted, "\(endpoint): no connection within \(configuration.connectTimeout)"))
            )
        }
        let result = await withTaskCancellationHandler {
            await race.result
        } onCancel: {
            race.finish(.failure(RedisError(.cancelled, .notExecuted, "The task was cancelled")))
        }
        attempt.cancel()
        limit.cancel()
        return try result.get()
    }

    private func open(_ endpoint: RedisEndpoint) async throws(RedisError) -> any RedisLink {
        let stream: any ByteStream
        do {
            stream = try await streams.connect(to: endpoint, usesTLS: configuration.usesTLS)
        } catch let error as RedisError {
            throw error
        } catch {
            throw RedisError(.connection, .notExecuted, "\(endpoint): \(error)")
        }
        let link = WireLink(
            stream, to: endpoint, readTimeout: configuration.readTimeout, clock: configuration.clock)
        do throws(RedisError) {
            try await greet(link)
        } catch {
            link.close()
            throw RedisError(error.code, .notExecuted, error.message)
        }
        return link
    }

    // MARK: Greeting

    private func greet(_ link: any RedisLink) async throws(RedisError) {
        var hello: [any RESPArgument] = ["HELLO", 3]
        if let credentials { hello += ["AUTH", credentials.username ?? "default", credentials.password] }
        if let name = configuration.clientName { hello += ["SETNAME", name] }
        let results = await link.send([RedisCommand(words: hello)] + introduction, .usual)
        guard let first = results.first else { throw .closed(.notExecuted) }
        guard let error = first.error else { return try check(results) }
        // Servers before 6.0, and those that were told not to speak RESP3.
        guard error.message.hasPrefix("ERR unknown command") || error.serverCode == "NOPROTO" else { throw error }
        var older: [RedisCommand] = []
        if let credentials {
            older.append(
                RedisCommand(words: ["AUTH"] + (credentials.username.map { [$0] } ?? []) + [credentials.password]))
        }
        if let name = configuration.clientName { older.append(RedisCommand("CLIENT", "SETNAME", name)) }
        try check(await link.send(older + introduction, .usual))
    }

    /// The server may not know what the client is called and does not have to.
    private var introduction: [RedisCommand] {
        var commands = [
            RedisCommand("CLIENT", "SETINFO", "LIB-NAME", "martlet-client"),
            RedisCommand("CLIENT", "SETINFO", "LIB-VER", ServerVersion.martlet),
        ]
        if isReadOnly { commands.append(RedisCommand("READONLY")) }
        if database != 0 { commands.append(RedisCommand("SELECT", database)) }
        return commands
    }

    private func check(_ results: [RedisResult]) throws(RedisError) {
        let optional = 2
        let count = introduction.count
        for (index, result) in results.enumerated() {
            let place = index - (results.count - count)
            if place >= 0, place < optional, case .success = result { continue }
            _ = try result.checked()
        }
    }
}

/// Who is first decides. Nobody waits for the others, because looking up a name cannot be ended.
private final class LinkRace: Sendable {
    private struct State: Sendable {
        var result: Result<any RedisLink, RedisError>?
        var waiting: CheckedContinuation<Result<any RedisLink, RedisError>, Never>?
    }

    private let state = Mutex(State())

    /// Asked for once.
    var result: Result<any RedisLink, RedisError> {
        get async {
            await withCheckedContinuation { continuation in
                let result = state.withLock { state in
                    if state.result == nil { state.waiting = continuation }
                    return state.result
                }
                if let result { continuation.resume(returning: result) }
            }
        }
    }

    /// A link that comes too late is closed.
    func finish(_ result: Result<any RedisLink, RedisError>) {
        let (isFirst, waiting) = state.withLock { state in
            guard state.result == nil else {
                return (false, nil as CheckedContinuation<Result<any RedisLink, RedisError>, Never>?)
            }
            state.result = result
            return (true, state.waiting.take())
        }
        waiting?.resume(returning: result)
        if !isFirst, case .success(let link) = result { link.close() }
    }
}

/// To a server in this process, wherever it is asked for.
struct LocalConnector: Connector {
    let server: MartletServer
    let configuration: RedisClientConfiguration

    func connect(to endpoint: RedisEndpoint) async throws(RedisError) -> any RedisLink {
        let connection: LocalConnection
        do throws(ConnectionClosed) {
            connection = try server.connect()
        } catch {
            throw RedisError(.connection, .notExecuted, "The server has stopped")
        }
        let link = LocalLink(connection, clock: configuration.clock)
        var commands: [RedisCommand] = []
        if let name = configuration.clientName { commands.append(RedisCommand("CLIENT", "SETNAME", name)) }
        if configuration.database != 0 { commands.append(RedisCommand("SELECT", configuration.database)) }
        for result in await link.send(commands, .usual) { _ = try result.checked() }
        return link
    }
}
