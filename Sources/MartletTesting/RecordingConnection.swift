// A connection that writes down what goes over it.

import Martlet
import MartletClient
import Synchronization

/// A connection whose commands and replies are recorded; see ``Recording/record(_:_:)``.
public final class RecordingConnection: Sendable {
    private let connection: RedisConnection
    private let recorded = Mutex<[Recording.Exchange]>([])

    init(_ connection: RedisConnection) { self.connection = connection }

    var exchanges: [Recording.Exchange] { recorded.withLock { $0 } }

    /// Sends one command, and records it with its reply.
    ///
    /// - Throws: ``RedisError``: also for an error reply, which is recorded.
    @discardableResult
    public func send(_ words: any RESPArgument...) async throws(RedisError) -> RESPValue {
        let command = RedisCommand(words: words)
        let reply = try await Recording.reply(to: command, over: connection)
        let bytes = words.map { word in
            var bytes: [UInt8] = []
            word.append(to: &bytes)
            return bytes
        }
        recorded.withLock { $0.append(Recording.Exchange(command: bytes, reply: reply)) }
        if case .error(let text) = reply { throw RedisError.reply(text) }
        return reply
    }
}
