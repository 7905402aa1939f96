// An in-process connection: the same commands and the same session as over a socket, without the socket.

import Synchronization

/// A word of a request: text, bytes or a number.
public protocol RESPArgument: Sendable {
    /// Appends the word's bytes.
    func append(to bytes: inout [UInt8])
}

extension String: RESPArgument {
    /// Appends the text as UTF-8.
    public func append(to bytes: inout [UInt8]) {
        // The view's own sequence would be walked byte by byte.
        var text = self
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }
}

extension Array: RESPArgument where Element == UInt8 {
    /// Appends the bytes as they are.
    public func append(to bytes: inout [UInt8]) { bytes.append(contentsOf: self) }
}

extension Int: RESPArgument {
    /// Appends the number in decimal.
    public func append(to bytes: inout [UInt8]) { String(self).append(to: &bytes) }
}

/// The server has stopped, or the connection was closed by QUIT.
public struct ConnectionClosed: Error, Equatable, Sendable {}

/// Why a command sent in process has no reply.
package enum LocalFailure: Error, Equatable, Sendable {
    /// The server or the connection is closed.
    case closed
    /// The connection ended while the command was in execution, or behind it.
    case lost
    /// Whoever sent it no longer waits.
    case abandoned
}

/// A connection to a server in the same process, with its own session: selected database, protocol version, name.
///
/// It may be used from any thread and any task; requests are executed one at a time, in the order in which they reach
/// the server. At rest the server executes a request on the caller's own thread, so a `GET` costs about a microsecond.
/// Replies keep RESP3's types unless `HELLO 2` is sent.
public final class LocalConnection: Sendable {
    private let engine: Engine
    private let transport: LocalTransport

    init(engine: Engine, isUnseen: Bool = false) throws(ConnectionClosed) {
        self.engine = engine
        let transport = engine.loop.perform { () -> LocalTransport? in
            guard !engine.isStopped else { return nil }
            guard isUnseen || engine.server.interceptor?.admitsConnection() ?? true else { return nil }
            return LocalTransport(network: engine.network, isUnseen: isUnseen)
        }
        guard let transport else { throw ConnectionClosed() }
        self.transport = transport
    }

    deinit {
        // The last user is gone; the engine forgets the session when it comes round to it.
        engine.loop.queue.async { [transport] in transport.close() }
    }

    /// Executes one command and waits for its reply. Must not be called from the server's own log handler.
    ///
    /// - Returns: the reply; an error reply is ``RESPValue/error(_:)``.
    /// - Throws: ``ConnectionClosed`` when there is nobody to answer.
    public func send(_ words: any RESPArgument...) throws(ConnectionClosed) -> RESPValue {
        try send(words)
    }

    /// The same with the words in an array.
    public func send(_ words: [any RESPArgument]) throws(ConnectionClosed) -> RESPValue {
        let request = Self.request(words)
        let reply = engine.loop.perform { [engine, transport] in Self.run(request, engine, transport) }
        if case .later(let later) = reply { return try Self.value(later.wait()) }
        return try Self.value(reply)
    }

    /// Executes one command without blocking a thread while the server is busy with others.
    public func send(_ words: any RESPArgument...) async throws(ConnectionClosed) -> RESPValue {
        try await send(words)
    }

    /// The same with the words in an array.
    public func send(_ words: [any RESPArgument]) async throws(ConnectionClosed) -> RESPValue {
        let request = Self.request(words)
        let reply = await engine.loop.perform { [engine, transport] in Self.run(request, engine, transport) }
        if case .later(let later) = reply { return try Self.value(await later.reply) }
        return try Self.value(reply)
    }

    /// Executes commands in order, and nothing of other clients between those that need not wait. Cancelling the task
    /// gives up waiting, and so does `patience` when it returns; the commands are executed all the same.
    package func send(
        all commands: [[any RESPArgument]], patience: (@Sendable () async throws -> Void)? = nil
    ) async -> [Result<RESPValue, LocalFailure>] {
        let requests = commands.map(Self.request)
        let replies = await engine.loop.perform { [engine, transport] in
            requests.map { Self.run($0, engine, transport) }
        }
        return await Self.results(replies, patience)
    }

    /// Executes commands that read `keys`, which are observed from before that; nil as `observer`: the server has
    /// stopped.
    ///
    /// - Parameter ended: observers that nobody will ask any more.
    package func send(
        all commands: [[any RESPArgument]], observing keys: [String], insteadOf ended: [KeyObserver]
    ) async -> (results: [Result<RESPValue, LocalFailure>], observer: KeyObserver?) {
        let requests = commands.map(Self.request)
        let (replies, observer) = await engine.loop.perform { [engine, transport] in
            guard !engine.isStopped else { return ([LocalReply.closed], nil as KeyObserver?) }
            engine.server.forget(ended)
            let observer = engine.server.observe(keys.map { Array($0.utf8) }, in: transport.session.database)
            return (requests.map { Self.run($0, engine, transport) }, observer)
        }
        return (await Self.results(replies, nil), observer)
    }

    /// The server's time of day, in ms since 1970.
    package var wallMilliseconds: Int64 { engine.server.clock.wallMilliseconds() }

    private static func results(
        _ replies: [LocalReply], _ patience: (@Sendable () async throws -> Void)?
    ) async -> [Result<RESPValue, LocalFailure>] {
        var results: [Result<RESPValue, LocalFailure>] = []
        results.reserveCapacity(replies.count)
        for reply in replies {
            if case .later(let later) = reply {
                results.append(result(await later.reply(patience: patience)))
            } else {
                results.append(result(reply))
            }
        }
        return results
    }

    private static func result(_ reply: LocalReply) -> Result<RESPValue, LocalFailure> {
        if case .abandoned = reply { return .failure(.abandoned) }
        if case .lost = reply { return .failure(.lost) }
        do throws(ConnectionClosed) {
            return .success(try value(reply))
        } catch {
            if case .bytes = reply { return .failure(.lost) }
            return .failure(.closed)
        }
    }

    /// The reply's bytes as a socket would carry them, in this protocol version from now on. Not for commands that
    /// wait.
    func sendForBytes(_ words: [any RESPArgument], version: RESPVersion) throws(ConnectionClosed) -> [UInt8] {
        let request = Self.request(words)
        let bytes = engine.loop.perform { [engine, transport] () -> [UInt8]? in
            guard !engine.isStopped, !transport.session.closesAfterReplies, !request.words.isEmpty else { return nil }
            transport.session.version = version
            return transport.execute(request).copyBytes()
        }
        guard let bytes else { throw ConnectionClosed() }
        return bytes
    }

    /// Messages that are no replies: those of subscribed channels and patterns, as `RESPValue.push`. One reader at a
    /// time. They wait here until they are read; when 100,000 wait, the connection is closed, as the server closes a
    /// subscriber's socket that is not read. Ends when the connection is closed.
    public var messages: AsyncStream<RESPValue> { transport.pushes }

    // MARK: Pieces

    private static func request(_ words: [any RESPArgument]) -> LocalRequest {
        var request = LocalRequest()
        for word in words { request.append(word.append) }
        return request
    }

    /// On the engine's queue.
    private static func run(_ request: LocalRequest, _ engine: Engine, _ transport: LocalTransport) -> LocalReply {
        engine.isStopped ? .closed : transport.answer(request)
    }

    private static func value(_ reply: LocalReply) throws(ConnectionClosed) -> RESPValue {
        switch reply {
        case .value(let value): return value
        case .closed, .lost, .later, .abandoned: throw ConnectionClosed()
        case .bytes(let bytes):
            var position = 0
            // What the server wrote is complete and well formed.
            guard let value = try? RESPReader.read(bytes.span, at: &position) else { throw ConnectionClosed() }
            return value
        }
    }
}
