// Hearing of what happens to sessions, also of what only the server sees: that a session's time is over.

import Foundation
import Martlet
import MartletClient

extension SessionStore {
    /// What happens to sessions from now on. Each caller gets a sequence of its own.
    ///
    /// What this store does is told after it can be seen. That a session's time is over, or that it had to go because
    /// memory was short, the server tells by its keyspace events, which are switched on here if the server lets us:
    /// each once with a Martlet in this process; elsewhere not what happens while the connection is broken, and as late
    /// as the server notices. A server that takes the place of another is listened to from then on.
    ///
    /// - Throws: ``SessionError`` when the server cannot be listened to.
    public func events() async throws(SessionError) -> AsyncStream<SessionEvent> {
        let stream = state.listen()
        try await watchServer()
        return stream
    }

    /// Whether the session of this handle is, or was, one of this user's: also of one that is gone. Asks nobody; the
    /// handle tells who knows the store's ``SessionStoreConfiguration/principalSecret``.
    public func belongs(_ handle: SessionHandle, to principal: Principal) -> Bool {
        handle.tag == tag(of: principal)
    }

    /// Hears of sessions that the server ends from now on; once for all who ask.
    func watchServer() async throws(SessionError) {
        let watch = state.watch { [server, keys, weak state] in
            let channel = "__keyevent@\(server.client.database)__:"
            let kinds: [String: SessionEvent.Kind] = [
                channel + "expired": .expired, channel + "evicted": .evictedByMemory,
            ]
            let messages = try await server.client.messagesOfAllServers(on: Array(kinds.keys)) { send in
                await Self.switchOnEvents(send)
            }
            // Nil: the server is elsewhere, and its clock is not at hand.
            let local = try? server.client.localServer?.connectUnseen()
            return Task {
                for await message in messages.stream {
                    guard let kind = kinds[message.channel], let handle = keys.handle(ofSession: message.text) else {
                        continue
                    }
                    let now = local?.wallMilliseconds ?? Date().milliseconds
                    state?.tell(kind, at: now, handle, local == nil ? .bestEffort : .exact)
                }
            }
        }
        do {
            try await watch.value
        } catch {
            throw (error as? RedisError).map { SessionError($0) } ?? SessionError(.unavailable, "\(error)")
        }
    }

    /// Adds what is missing to a server's setting. Servers of others may forbid it; then whoever runs them has to set
    /// `notify-keyspace-events` to `Exe` or more.
    private static func switchOnEvents(_ send: (RedisCommand) async throws(RedisError) -> RESPValue) async {
        let setting = "notify-keyspace-events"
        do throws(RedisError) {
            let reply = try await send(RedisCommand("CONFIG", "GET", setting))
            let found = [String: String].decode(reply)?[setting] ?? ""
            var flags = found
            if !flags.contains("E") { flags.append("E") }
            // A stands for all kinds of events.
            for kind in ["x", "e"] where !flags.contains(kind) && !flags.contains("A") { flags.append(kind) }
            if flags != found { _ = try await send(RedisCommand("CONFIG", "SET", setting, flags)) }
        } catch {
            // Forbidden or renamed: see above.
            return
        }
    }
}
