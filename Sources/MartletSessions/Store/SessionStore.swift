// The store: sessions in a server, in this process or elsewhere, behind one set of methods that never bring back what
// is gone.

import Martlet
import MartletClient
import Synchronization

/// Login sessions in Martlet, Redis or Valkey.
///
/// ```swift
/// let store = try SessionStore(RedisClient(MartletServer()))        // or RedisClient(url: "redis://…")
/// let created = try await store.create(principal: "ann")
/// let session = try await store.get(created.session.id)
/// ```
///
/// What holds for all methods: a change of one user's sessions is made as a whole or not at all; nothing recreates a
/// session that is gone; a deadline never moves to an earlier time by use, and never beyond the absolute one; time is
/// the server's; sessions are read where they were written, never from a replica; ids appear in no error, event or
/// description. All may be called from any task at once.
public struct SessionStore: Sendable {
    let server: SessionServer
    let configuration: SessionStoreConfiguration
    let keys: SessionKeys
    let packing: Envelope.Packing
    let state: SessionStoreState
    /// Nil when the server is elsewhere.
    let cache: SessionCache?

    /// A store in the server, sentinels or cluster of this client.
    ///
    /// - Throws: ``SessionError`` with the code `usage` when the prefix holds braces, which decide where a cluster
    ///   keeps keys.
    public init(
        _ client: RedisClient, configuration: SessionStoreConfiguration = SessionStoreConfiguration()
    ) throws(SessionError) {
        guard !configuration.prefix.contains(where: { $0 == "{" || $0 == "}" }) else {
            throw SessionError(.usage, "A prefix holds no braces")
        }
        self.configuration = configuration
        keys = SessionKeys(prefix: configuration.prefix)
        cache = SessionCache(client, keys, limit: configuration.cachedSessions)
        let state = SessionStoreState(configuration.random)
        self.state = state
        server = SessionServer(
            client: client, timeout: configuration.timeout, conflictRetries: configuration.conflictRetries,
            noteConflict: { state.countConflict() })
        packing = Envelope.Packing(
            codec: configuration.codec, compressionThreshold: configuration.compressionThreshold,
            cipher: configuration.cipher, largest: configuration.maximumSectionBytes,
            damaged: { state.countCorruption() })
    }

    /// What the store has done so far, by kind.
    public var statistics: SessionStatistics { state.statistics }

    func takeStatistics() -> SessionStatistics { state.takeStatistics() }

    // MARK: Pieces of all methods

    func tag(of principal: Principal?) -> String {
        principal?.tag(secret: configuration.principalSecret) ?? state.randomTag()
    }

    /// Runs an operation and counts it.
    func counting<Value>(
        _ operation: SessionOperation, _ body: () async throws(SessionError) -> Value
    ) async throws(SessionError) -> Value {
        let start = ContinuousClock.now
        do throws(SessionError) {
            let value = try await body()
            state.count(operation, nil, took: ContinuousClock.now - start)
            return value
        } catch {
            state.count(operation, error, took: ContinuousClock.now - start)
            throw error
        }
    }

    /// The same, where nil or `missing` says that there is no such session.
    func seeking<Value>(
        _ operation: SessionOperation, _ body: () async throws(SessionError) -> Value?
    ) async throws(SessionError) -> Value? {
        let start = ContinuousClock.now
        do throws(SessionError) {
            let value = try await body()
            state.count(operation, value == nil ? .missing() : nil, took: ContinuousClock.now - start)
            return value
        } catch {
            state.count(operation, error, took: ContinuousClock.now - start)
            if error.code == .missing { return nil }
            throw error
        }
    }

    /// Nil for a session that is gone.
    func ifThere<Value>(_ body: () async throws(SessionError) -> Value) async throws(SessionError) -> Value? {
        do throws(SessionError) {
            return try await body()
        } catch {
            if error.code == .missing { return nil }
            throw error
        }
    }

    func session(
        _ id: SessionID, at handle: SessionHandle? = nil, _ record: SessionRecord, readAt now: Int64
    ) -> Session {
        Session(id: id, handle: handle ?? id.handle, record: record, packing: packing, readAt: now)
    }

    /// Runs `body` for the session, or for the one that took its place if the old id is still served.
    ///
    /// - Throws: `missing` when both are gone.
    func onLiving<Value: Sendable>(
        _ id: SessionID, _ body: (SessionHandle) async throws(SessionError) -> Value
    ) async throws(SessionError) -> Value {
        var handle = id.handle
        for _ in 0...Self.mostRotations {
            do throws(SessionError) {
                return try await body(handle)
            } catch {
                guard error.code == .missing else { throw error }
                guard let digest = try await successorDigest(of: handle) else { throw error }
                guard let successor = successor(of: handle, digest: digest) else { throw .missing(.rotated) }
                handle = successor
            }
        }
        throw .missing()
    }

    /// Rotations within one grace. More than these are a circle that no store made.
    static let mostRotations = 16
}
