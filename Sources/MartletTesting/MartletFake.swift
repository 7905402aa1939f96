// The fake: a whole server for one test, in the test's own process.

import Martlet
import MartletClient

/// A Redis-compatible server for tests: starts in about a millisecond, shares nothing with other fakes, and lets a test
/// turn its clock, break it on purpose and look inside.
///
/// ```swift
/// let fake = try MartletFake()
/// let client = fake.makeClient()
/// try await client.send("SET", "session", "ann", "EX", 60)
/// fake.clock.advance(by: .seconds(61))
/// #expect(fake["session"] == nil)
/// ```
///
/// Files of the fake (AOF, RDB) are in its memory: nothing is written to disk. Dropping the last reference stops it.
public final class MartletFake: Sendable {
    /// Where clients reach a fake.
    public enum Place: Sendable, Equatable {
        /// In this process only.
        case inProcess
        /// The loopback interface, at a free port: ``MartletFake/port`` tells which.
        case tcp
        /// A unix socket, whose file goes when the fake stops.
        case unix(path: String)
    }

    /// The server itself, for whoever wants a connection of its own.
    public let server: MartletServer
    /// The fake's time: keys, TIME, idle times and waiting clients live by it.
    public let clock: FakeClock
    let place: Place
    let control: FakeControl

    /// Starts a fake.
    ///
    /// - Parameters:
    ///   - place: where clients reach it, besides in process.
    ///   - seed: for the same random keys, members and SCAN orders again; nil: others each time.
    ///   - configuration: the directives of redis.conf as values.
    ///   - offersCommand: whether clients may use the command FAKE, for tests in other languages.
    /// - Throws: ``StartError`` when it cannot listen.
    public init(
        _ place: Place = .inProcess, seed: UInt64? = nil, configuration: Configuration = Configuration(),
        offersCommand: Bool = false
    ) throws(StartError) {
        control = FakeControl(offersCommand: offersCommand)
        var options = StartOptions()
        options.configuration = configuration
        options.seed = seed
        options.fake = control
        switch place {
        case .inProcess: options.listening = .nowhere
        case .tcp: options.listening = .loopback(port: 0)
        case .unix(let path):
            options.listening = .configured
            options.configuration.port = 0
            options.configuration.unixsocket = path
        }
        self.place = place
        server = try MartletServer(options)
        clock = FakeClock(server: server, clock: control.clock)
    }

    // MARK: Reaching it

    /// The TCP port, or 0 when there is none.
    public var port: Int { server.port }

    /// What a client is pointed at; nil for a fake that is in process only.
    public var url: String? {
        switch place {
        case .inProcess: nil
        case .tcp: "redis://127.0.0.1:\(port)"
        case .unix(let path): "redis-socket://\(path)"
        }
    }

    /// A client in process.
    public func makeClient(_ configuration: RedisClientConfiguration = RedisClientConfiguration()) -> RedisClient {
        RedisClient(server, configuration: configuration)
    }

    /// A connection in process.
    ///
    /// - Throws: ``ConnectionClosed`` when the fake has stopped or refuses connections.
    public func connect() throws(ConnectionClosed) -> LocalConnection { try server.connect() }

    /// Stops the fake; nothing of it stays. Stopping twice does no harm.
    public func stop() { server.stop() }

    /// Stops the fake without blocking a thread.
    public func stop() async { await server.stop() }

    /// No data, no faults, nothing received, and the real time: as after a start. Connections stay.
    public func reset() {
        control.reset()
        clock.reset()
        removeAll()
    }
}
