// Connections that go out, for the client: streams of bytes to other servers, served by a loop of their own.

import Dispatch

/// What a stream connects to.
package enum OutboundAddress: Hashable, Sendable {
    case tcp(host: String, port: UInt16)
    case unix(path: String)
}

/// Why a stream could not be made or has ended.
package struct OutboundError: Error, Equatable, Sendable {
    package let message: String

    init(_ error: SystemError) { message = error.description }
}

/// How a stream's socket is set up. Times are in seconds, except for the first.
package struct OutboundOptions: Sendable {
    package var connectMilliseconds: Int32
    package var keepAliveIdle: Int32
    package var keepAliveInterval: Int32
    package var keepAliveCount: Int32

    package init(
        connectMilliseconds: Int32, keepAliveIdle: Int32, keepAliveInterval: Int32, keepAliveCount: Int32
    ) {
        self.connectMilliseconds = connectMilliseconds
        self.keepAliveIdle = keepAliveIdle
        self.keepAliveInterval = keepAliveInterval
        self.keepAliveCount = keepAliveCount
    }
}

/// Serves the streams of one client. It holds a descriptor until it is stopped.
package final class OutboundLoop: EventLoopDelegate, Sendable {
    let loop: EventLoop

    package init() throws(OutboundError) {
        do throws(SystemError) {
            loop = try EventLoop(label: "martlet.client")
        } catch {
            throw OutboundError(error)
        }
        loop.queue.sync {
            loop.delegate = self
            loop.start()
        }
    }

    /// Connects, on another thread; name lookup is part of it.
    package func connect(
        to address: OutboundAddress, _ options: OutboundOptions
    ) async throws(OutboundError) -> OutboundStream {
        let result = await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .userInitiated).async {
                continuation.resume(returning: Self.open(address, options))
            }
        }
        do throws(SystemError) {
            return OutboundStream(try result.get(), loop: loop)
        } catch {
            throw OutboundError(error)
        }
    }

    private static func open(
        _ address: OutboundAddress, _ options: OutboundOptions
    ) -> Result<FileDescriptor, SystemError> {
        do throws(SystemError) {
            switch address {
            case .unix(let path):
                let descriptor = try Socket.connect(path: path, blocking: true)
                return .success(
                    try Socket.closing(descriptor) { descriptor throws(SystemError) in
                        try descriptor.setNonBlocking()
                        return descriptor
                    })
            case .tcp(let host, let port):
                let descriptor = try Socket.connect(
                    host: host, port: port, blocking: true, timeoutMilliseconds: options.connectMilliseconds)
                return .success(
                    try Socket.closing(descriptor) { descriptor throws(SystemError) in
                        try descriptor.setNonBlocking()
                        try descriptor.setNoDelay()
                        try descriptor.setKeepAlive(
                            idle: options.keepAliveIdle, interval: options.keepAliveInterval,
                            count: options.keepAliveCount)
                        return descriptor
                    })
            }
        } catch {
            return .failure(error)
        }
    }

    /// Gives the descriptor back. Streams are to be closed before.
    package func stop() {
        loop.queue.async { [loop] in loop.stop {} }
    }

    // MARK: EventLoopDelegate

    func endTurn() -> NextTurn { .whenever }

    func rest() {}
}
