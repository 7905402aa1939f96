// The seam below the protocol: whoever brings a stream of bytes brings a connection. TLS is made this way, with the
// library that the application trusts.

import Martlet

/// A connected, two-way stream of bytes.
public protocol ByteStream: Sendable {
    /// Begins to deliver, once and ahead of everything else: `received` is called with bytes in their order, then once
    /// `ended` with the reason, nil when this side closed it. One call at a time.
    func start(
        received: @escaping @Sendable ([UInt8]) -> Void, ended: @escaping @Sendable (String?) -> Void)

    /// Sends bytes in the order of calls, without waiting. What cannot be sent any more is dropped.
    func send(_ bytes: [UInt8])

    /// Ends the stream; `ended` follows.
    func close()
}

/// Makes streams: a TLS library behind a few lines, or a test's own.
public protocol ByteStreamProvider: Sendable {
    /// A stream to `endpoint` that is ready to be used, encrypted if `usesTLS`. Cancelling the task gives up.
    func connect(to endpoint: RedisEndpoint, usesTLS: Bool) async throws -> any ByteStream
}

/// Plain sockets, served by one loop.
final class SocketProvider: ByteStreamProvider {
    private let loop: OutboundLoop
    private let options: OutboundOptions

    init(_ configuration: RedisClientConfiguration) throws(RedisError) {
        do throws(OutboundError) {
            loop = try OutboundLoop()
        } catch {
            throw RedisError(.connection, .notExecuted, error.message)
        }
        options = OutboundOptions(
            connectMilliseconds: Self.number(configuration.connectTimeout / .milliseconds(1)),
            keepAliveIdle: Self.number(configuration.keepAlive.idle / .seconds(1)),
            keepAliveInterval: Self.number(configuration.keepAlive.interval / .seconds(1)),
            keepAliveCount: Self.number(Double(configuration.keepAlive.count)))
    }

    deinit { loop.stop() }

    /// Home-made TLS would be worse than none.
    static let noTLS = RedisError(
        .usage, .notExecuted,
        "TLS needs a library of yours: set RedisClientConfiguration.streams to a ByteStreamProvider that brings it")

    /// Within what the system takes.
    private static func number(_ value: Double) -> Int32 { Int32(min(max(value.rounded(.up), 1), 30_000_000)) }

    func connect(to endpoint: RedisEndpoint, usesTLS: Bool) async throws(RedisError) -> any ByteStream {
        guard !usesTLS else { throw Self.noTLS }
        let address: OutboundAddress =
            switch endpoint {
            case .tcp(let host, let port): .tcp(host: host, port: port)
            case .unix(let path): .unix(path: path)
            }
        do throws(OutboundError) {
            return SocketStream(stream: try await loop.connect(to: address, options), provider: self)
        } catch {
            throw RedisError(.connection, .notExecuted, "\(endpoint): \(error.message)")
        }
    }
}

private struct SocketStream: ByteStream {
    let stream: OutboundStream
    /// The loop lives as long as its streams.
    let provider: SocketProvider

    func start(received: @escaping @Sendable ([UInt8]) -> Void, ended: @escaping @Sendable (String?) -> Void) {
        stream.start(
            OutboundHandler(received: received) { [provider] error in
                ended(error?.message)
                withExtendedLifetime(provider) {}
            })
    }

    func send(_ bytes: [UInt8]) { stream.send(bytes) }

    func close() { stream.close() }
}
