// A server for tests: in process, nothing listening, its clock in the test's hand, its dice seeded.

import Testing

@testable import Martlet

final class TestServer {
    static let start: Int64 = 1_700_000_000_000

    let clock = ManualClock(wallMilliseconds: TestServer.start)
    let server: MartletServer
    let connection: LocalConnection

    init(
        seed: UInt64 = 1, configuration: Configuration = Configuration(),
        fileSystem: any FileSystem = MemoryFileSystem(), after milliseconds: Int64 = 0
    ) throws {
        clock.advance(milliseconds: milliseconds)
        var options = StartOptions()
        options.clock = clock
        options.seed = seed
        options.configuration = configuration
        options.configuration.enableDebugCommand = .yes
        options.fileSystem = fileSystem
        server = try MartletServer(options)
        connection = try server.connect()
    }

    deinit { server.stop() }

    /// Sends one command whose words are split at blanks; quotes as in redis-cli.
    @discardableResult
    func run(_ line: String) throws -> RESPValue {
        let words = try words(of: line)
        return try connection.send(words.map { $0 as any RESPArgument })
    }

    /// The same, as the bytes that a socket would carry; the session stays in that protocol version.
    func wire(_ line: String, _ version: RESPVersion = .resp2) throws -> String {
        return String(decoding: try connection.sendForBytes(try words(of: line), version: version), as: UTF8.self)
    }

    private func words(of line: String) throws -> [[UInt8]] {
        // The macro cannot take an expression with a span in it.
        let words = splitQuotedWords(Array(line.utf8).span)
        return try #require(words)
    }

    func advance(milliseconds: Int64) { clock.advance(milliseconds: milliseconds) }

    /// Lets everything happen that is due: active expiry, periodic work.
    func runDueWork() { server.runDueWork() }
}

extension RESPValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral {
    /// A bulk string.
    public init(stringLiteral text: String) { self = .bulkString(Array(text.utf8)) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
    public init(arrayLiteral elements: RESPValue...) { self = .array(elements) }

    static let ok = RESPValue.simpleString("OK")
    static let wrongType = RESPValue.error("WRONGTYPE Operation against a key holding the wrong kind of value")
}

extension RESPValue {
    /// The bytes of a bulk string.
    var bytes: [UInt8]? { if case .bulkString(let bytes) = self { bytes } else { nil } }
    var isError: Bool { if case .error = self { true } else { false } }
}
