// Sessions that must outlive their server: each is acknowledged when a replica or the disk has it. Some are read and
// changed again.

import MartletClient
import MartletSessions
import Synchronization

/// Begins sessions, remembers those that were acknowledged, and uses them.
final class SessionLoad: Sendable {
    private let store: SessionStore
    private let client: RedisClient
    private let account: Account
    private let ids = Mutex<[SessionID]>([])

    init(_ client: RedisClient, _ account: Account, _ durability: Durability) throws {
        var configuration = SessionStoreConfiguration()
        configuration.criticalDurability = durability
        store = try SessionStore(client, configuration: configuration)
        self.client = client
        self.account = account
    }

    private static let note = SessionSection<Int>("note")

    func step(_ task: Int) async {
        let key = "sessions of \(task)"
        do throws(SessionError) {
            switch Int.random(in: 0..<8) {
            case 0: try await readMany()
            case 1: try await read()
            case 2, 3: try await change()
            default:
                let created = try await store.create(principal: Principal("user \(task)-\(Int.random(in: 0..<1000))"))
                ids.withLock { $0.append(created.session.id) }
            }
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

    private var anyID: SessionID? { ids.withLock { $0.randomElement() } }

    /// A session that was acknowledged is there.
    private func read() async throws(SessionError) {
        guard let id = anyID, try await store.get(id) == nil else { return }
        account.state.withLock { $0.staleReads += 1 }
    }

    /// So are many, at different servers perhaps: one that is gone does not keep the others from being read.
    private func readMany() async throws(SessionError) {
        let ids = ids.withLock { ids in (0..<20).compactMap { _ in ids.randomElement() } }
        let results = try await store.get(ids)
        var failures: [SessionError] = []
        var absent = 0
        for result in results {
            do throws(SessionError) {
                if try result.get() == nil { absent += 1 }
            } catch {
                failures.append(error)
            }
        }
        account.state.withLock { state in
            state.staleReads += absent
            if !failures.isEmpty, failures.count < results.count { state.partial += 1 }
        }
        if let first = failures.first { throw first }
    }

    private func change() async throws(SessionError) {
        guard let id = anyID else { return }
        do throws(SessionError) {
            try await store.set(Self.note, to: Int.random(in: 0..<1000), in: id)
        } catch {
            guard error.code == .missing else { throw error }
            account.state.withLock { $0.staleReads += 1 }
        }
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
