// Hearing of what happens to sessions, also of what only the server sees: that a session's time is over.

import Martlet
import MartletClient

extension SessionStore {
    /// What happens to sessions from now on. Each caller gets a sequence of its own.
    ///
    /// What this store does is told after it can be seen. That a session's time is over the server tells by its
    /// keyspace events, which are switched on here if the server lets us: each once with a Martlet in this process;
    /// elsewhere not what happens while the connection is broken, and as late as the server notices.
    ///
    /// - Throws: ``SessionError`` when the server cannot be listened to.
    public func events() async throws(SessionError) -> AsyncStream<SessionEvent> {
        let stream = state.listen()
        try await watchExpiry()
        return stream
    }

    /// Hears of sessions whose time is over from now on; once for all who ask.
    func watchExpiry() async throws(SessionError) {
        let watch = state.watch { [server, keys, weak state] in
            await Self.switchOnExpiredEvents(server.client)
            let channel = "__keyevent@\(server.client.database)__:expired"
            return try await server.client.subscribeEverywhere(to: channel).map { messages in
                Task {
                    for await message in messages {
                        if let handle = keys.handle(ofSession: message.text) { state?.tell(.expired, handle, nil) }
                    }
                }
            }
        }
        do {
            try await watch.value
        } catch {
            throw (error as? RedisError).map { SessionError($0) } ?? SessionError(.unavailable, "\(error)")
        }
    }

    /// Adds what is missing to each server's setting. Servers of others may forbid it; then whoever runs them has to
    /// set `notify-keyspace-events` to `Ex` or more.
    private static func switchOnExpiredEvents(_ client: RedisClient) async {
        let setting = "notify-keyspace-events"
        do throws(RedisError) {
            try await client.atEachServer { send async throws(RedisError) in
                let reply = try await send(RedisCommand("CONFIG", "GET", setting))
                let found = [String: String].decode(reply)?[setting] ?? ""
                var flags = found
                if !flags.contains("E") { flags.append("E") }
                // A stands for all kinds of events.
                if !flags.contains("x"), !flags.contains("A") { flags.append("x") }
                if flags != found { _ = try await send(RedisCommand("CONFIG", "SET", setting, flags)) }
            }
        } catch {
            // Forbidden or renamed: see above.
            return
        }
    }
}
