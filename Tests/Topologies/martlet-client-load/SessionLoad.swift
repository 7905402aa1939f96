// Sessions that must outlive their primary: each is acknowledged when a replica has it.

import MartletClient
import MartletSessions
import Synchronization

/// Begins sessions and remembers those that were acknowledged.
final class SessionLoad: Sendable {
    private let store: SessionStore
    private let client: RedisClient
    private let account: Account
    private let ids = Mutex<[SessionID]>([])

    init(_ client: RedisClient, _ account: Account) throws {
        var configuration = SessionStoreConfiguration()
        configuration.criticalDurability = .replicas(1, timeout: .seconds(2))
        store = try SessionStore(client, configuration: configuration)
        self.client = client
        self.account = account
    }

    func step(_ task: Int) async {
        let key = "sessions of \(task)"
        do throws(SessionError) {
            let created = try await store.create(principal: Principal("user \(task)-\(Int.random(in: 0..<1000))"))
            ids.withLock { $0.append(created.session.id) }
            account.note(key) { $0.acknowledged += 1 }
        } catch {
            if error.mayBeApplied { return account.note(key) { $0.unknown += 1 } }
            account.fail(error)
            // Nobody is there; a short while later somebody may be.
            try? await Task.sleep(for: .milliseconds(20))
        }
        // The load is watched by its messages, too; one that is not delivered is not missed.
        _ = try? await client.publish("session", to: "news")
    }

    func verify() async -> [String: Any] {
        var (lost, unread) = (0, 0)
        for id in ids.withLock({ $0 }) {
            do throws(SessionError) {
                if try await store.get(id, touch: .none) == nil { lost += 1 }
            } catch {
                unread += 1
            }
        }
        return ["lost": lost, "doubled": 0, "unread": unread, "isLast": true]
    }
}
