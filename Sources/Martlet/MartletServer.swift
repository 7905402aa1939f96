// The public face: a server that a program starts, connects to and stops.

import Dispatch

/// A Redis-compatible server inside this process.
///
/// ```swift
/// let server = try MartletServer()
/// let connection = try server.connect()
/// try connection.send("SET", "greeting", "hello", "EX", 60)
/// print(try connection.send("GET", "greeting").string ?? "gone")
/// server.stop()
/// ```
///
/// Several servers live in one process without sharing anything. Dropping the last reference to a server stops it.
public final class MartletServer: Sendable {
    let engine: Engine
    private let fake: FakeControl?

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - listening: what it listens on besides in-process connections; nothing by default.
    ///   - configuration: the directives of redis.conf as values.
    ///   - log: where log lines go; nowhere by default.
    /// - Throws: ``StartError`` when it cannot listen or the system refuses it a descriptor.
    public convenience init(
        listening: Listening = .nowhere, configuration: Configuration = Configuration(),
        log: LogDestination = .nowhere
    ) throws(StartError) {
        let options = StartOptions(listening: listening, configuration: configuration, log: log)
        try self.init(options)
    }

    package init(_ options: StartOptions) throws(StartError) {
        fake = options.fake
        engine = try Engine(options)
        options.stopSwitch?.bind(engine)
        try engine.start(options.listening, whenListening: options.whenListening)
    }

    deinit { engine.shutdown() }

    /// The TCP port in use, or 0 when there is none.
    public var port: Int { engine.loop.perform { [engine] in engine.network.port } }

    /// A new in-process connection.
    ///
    /// - Throws: ``ConnectionClosed`` when the server has stopped.
    public func connect() throws(ConnectionClosed) -> LocalConnection { try LocalConnection(engine: engine) }

    /// Stops the server and waits until its sockets are closed and its files are gone. Stopping twice does no harm.
    public func stop() {
        engine.shutdown()
        engine.waitUntilStopped()
    }

    /// Stops the server without blocking a thread.
    public func stop() async {
        engine.shutdown()
        await withCheckedContinuation { continuation in engine.whenStopped { continuation.resume() } }
    }

    /// Writes a line to the server's log.
    package func log(_ level: LogLevel, _ message: String) { engine.log.write(level, message) }

    /// Waits until the server has stopped, asked by the program or by a client's SHUTDOWN.
    package func waitUntilStopped() { engine.waitUntilStopped() }

    // MARK: Fakes

    /// Whether each command is to be seen.
    package var isFake: Bool { fake != nil }

    /// A connection that is no client: nobody counts, lists or intercepts it.
    package func connectUnseen() throws(ConnectionClosed) -> LocalConnection {
        try LocalConnection(engine: engine, isUnseen: true)
    }

    /// Turns a fake's clock, and returns when all that came due is done.
    package func turnClock(_ turn: ClockTurn) { engine.turn(turn) }

    /// The data as an RDB file.
    ///
    /// - Throws: the error that SAVE would reply with.
    package func snapshot() throws -> [UInt8] { try engine.snapshot().get() }

    /// Replaces all data of a fake by those of an RDB file.
    ///
    /// - Throws: the error that DEBUG RELOAD would reply with.
    package func restore(_ snapshot: [UInt8]) throws {
        guard let fake else { return }
        if let error = engine.restore(snapshot, in: fake.files) { throw error }
    }

    /// Does the periodic work that is due now: for servers with a manual clock, which have no timers.
    package func runDueWork() { engine.runDueWork() }
}
