// Further clients of a test's server, and what they are sent without asking.

import Testing

@testable import Martlet

/// A client in process whose messages are read as they come.
final class TestClient {
    let connection: LocalConnection
    private var iterator: AsyncStream<RESPValue>.AsyncIterator

    init(_ server: TestServer) throws {
        connection = try server.server.connect()
        iterator = connection.messages.makeAsyncIterator()
    }

    @discardableResult
    func run(_ line: String) throws -> RESPValue {
        try connection.send(line.split(separator: " ").map { String($0) as any RESPArgument })
    }

    /// The next message; nil when the connection is closed.
    func message() async -> RESPValue? { await iterator.next() }
}

extension TestServer {
    /// Sends the lines in one go, as a pipeline over a socket would.
    func client() throws -> TestClient { try TestClient(self) }
}
