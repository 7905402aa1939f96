// A blocking client over a real socket, and servers to try it on. Small on purpose: what it does wrong must be plain.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Nothing came for so long that the test is lost.
struct NoAnswer: Error {}

final class SocketClient {
    let descriptor: FileDescriptor
    private var received: [UInt8] = []
    private var position = 0
    private var isClosed = false

    init(port: Int) throws {
        descriptor = try Socket.connect(host: "127.0.0.1", port: UInt16(port), blocking: true)
        limitWaiting()
    }

    init(path: String) throws {
        descriptor = try Socket.connect(path: path, blocking: true)
        limitWaiting()
    }

    deinit { close() }

    func close() {
        if !isClosed { descriptor.close() }
        isClosed = true
    }

    /// Closes with a reset instead of a farewell.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor.rawValue, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    private func limitWaiting() {
        var limit = timeval(tv_sec: 3600, tv_usec: 0)
        setsockopt(descriptor.rawValue, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Keeps the receiving window small, so that replies pile up at the server; much smaller, and TCP would crawl.
    func readSlowly() {
        var size: Int32 = 128 * 1024
        setsockopt(descriptor.rawValue, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    // MARK: Sending

    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch rest.withUnsafeBytes({ descriptor.send($0) }) {
            case .bytes(let count): rest = rest.dropFirst(count)
            case .wouldBlock, .endOfStream: throw NoAnswer()
            case .failed(let error): throw error
            }
        }
    }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func request(_ words: String...) throws { try send(encodedRequest(words.map { Array($0.utf8) })) }

    /// Sends one request and waits for its reply.
    func call(_ words: String...) throws -> RESPValue { try call(words: words) }

    func call(words: [String]) throws -> RESPValue {
        try send(encodedRequest(words.map { Array($0.utf8) }))
        return try reply()
    }

    // MARK: Receiving

    /// More bytes; false at the end.
    private func receive(atMost count: Int = 1 << 16) throws -> Bool {
        var block = [UInt8](repeating: 0, count: count)
        switch block.withUnsafeMutableBytes({ descriptor.read(into: $0) }) {
        case .bytes(let count):
            received += block[..<count]
            return true
        case .endOfStream: return false
        case .wouldBlock: throw NoAnswer()
        case .failed(let error): throw error
        }
    }

    private func next() throws -> RESPValue? {
        let bytes = received
        return try RESPReader.read(bytes.span, at: &position)
    }

    func reply() throws -> RESPValue {
        while true {
            if let value = try next() {
                if position > 1 << 20 {
                    received.removeFirst(position)
                    position = 0
                }
                return value
            }
            guard try receive() else { throw ConnectionClosed() }
        }
    }

    /// Exactly `count` bytes.
    func bytes(_ count: Int) throws -> [UInt8] {
        while received.count - position < count {
            guard try receive(atMost: 1 << 20) else { throw ConnectionClosed() }
        }
        defer {
            received.removeFirst(position + count)
            position = 0
        }
        return Array(received[position..<(position + count)])
    }

    /// All bytes until the server closes; a reset is an end, too.
    func rest() throws -> String {
        do {
            while try receive() {}
        } catch let error as SystemError where error.errno == ECONNRESET {}
        defer { position = received.count }
        return String(decoding: received[position...], as: UTF8.self)
    }
}

/// A server that listens on a free port of the loopback interface, on the system's clock.
final class ListeningServer {
    let server: MartletServer
    let port: Int

    init(_ change: (inout StartOptions) -> Void = { _ in }) throws {
        var options = StartOptions()
        options.listening = .loopback(port: 0)
        change(&options)
        server = try MartletServer(options)
        port = server.port
    }

    deinit { server.stop() }

    func client() throws -> SocketClient { try SocketClient(port: port) }

    /// Looks at the network from within.
    func inspect<Result: Sendable>(_ body: @Sendable @escaping (Network) -> Result) -> Result {
        let engine = server.engine
        return engine.loop.perform { body(engine.network) }
    }
}

/// Asks again and again, politely, until `condition` holds; false when it does not come to hold.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
    for _ in 0..<3_600_000 {
        if try condition() { return true }
        usleep(1000)
    }
    return false
}

/// The same, leaving the thread to other tasks.
func soon(_ condition: () throws -> Bool) async rethrows -> Bool {
    for _ in 0..<3_600_000 {
        if try condition() { return true }
        try? await Task.sleep(nanoseconds: 1_000_000)
    }
    return false
}
