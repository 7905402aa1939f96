// Ending one session, and what its id leaves behind.

import Martlet
import MartletClient

extension SessionStore {
    /// Ends a session: logout. Ending one that is gone does no harm.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func delete(_ id: SessionID) async throws(SessionError) -> Bool {
        let removed = try await seeking(.delete) { () async throws(SessionError) in try await remove(id.handle) }
        guard let removed else { return false }
        state.tell(.deleted, at: removed.at, removed.summary)
        return true
    }

    /// What it was, and when it ended.
    struct Ended: Sendable {
        let summary: SessionSummary
        let at: Int64
    }

    /// What came of ending a session.
    enum Removal: Sendable {
        case nothing
        case removed(Ended)
        /// It has another id.
        case alias(String)
        /// It is not what it was.
        case changed
    }

    /// Takes a session, its aliases' target and its place in the index away; what it was, or nil.
    func remove(
        _ handle: SessionHandle, of principal: Principal? = nil
    ) async throws(SessionError) -> Ended? {
        let outcome = try await changeEnd(handle) { record in
            if let record { return principal == nil || record.principal == principal ? .remove : .leave }
            // Whoever logs out with an id that was just rotated means the session.
            return .removeAlias
        }
        switch outcome {
        case .nothing, .changed: return nil
        case .removed(let ended): return ended
        case .alias(let digest): return try await remove(SessionHandle(tag: handle.tag, digest: digest), of: principal)
        }
    }

    /// Takes away a session that a login replaces, if it is still what it was when its sections were copied.
    func remove(replaced handle: SessionHandle, version: Int64) async throws(SessionError) -> Removal {
        try await changeEnd(handle) { record in
            guard let record else { return .leave }
            return record.version == version ? .replace : .leave
        }
    }

    private enum End { case leave, remove, removeAlias, replace }

    private func changeEnd(
        _ handle: SessionHandle, _ decide: @Sendable (SessionRecord?) -> End
    ) async throws(SessionError) -> Removal {
        let (key, alias) = (keys.session(handle), keys.alias(handle))
        let reads = [RedisCommand(words: ["HMGET", key] + SessionField.header), RedisCommand("GET", alias)]
        return try await server.change([key, alias], reading: reads) {
            (reading) async throws(SessionError) -> SessionServer.Decision<Removal> in
            let record = SessionRecord(reading.replies[0])
            let digest = reading.replies[1].string.flatMap { $0.isEmpty ? nil : $0 }
            let end = decide(record)
            let durability = configuration.criticalDurability
            switch (end, record) {
            case (.remove, let record?), (.replace, let record?):
                let wasAlive = record.isAlive(at: reading.now, epoch: 0)
                let ended = Ended(summary: SessionSummary(handle, record), at: reading.now)
                var writes = ending(handle)
                if case .replace = end { writes.append(tombstone(of: handle)) }
                return .write(writes, durability) { _ in wasAlive ? .removed(ended) : .nothing }
            case (.removeAlias, nil):
                guard let digest else { return .done(.nothing) }
                return .write([RedisCommand("DEL", alias)], durability) { _ in .alias(digest) }
            case (_, nil): return .done(digest.map { .alias($0) } ?? .nothing)
            default: return .done(.changed)
            }
        }
    }

    func ending(_ handle: SessionHandle) -> [RedisCommand] {
        [
            RedisCommand("DEL", keys.session(handle)),
            RedisCommand("HDEL", keys.index(handle.tag), handle.digest),
        ]
    }

    // MARK: Tombstones

    /// For so long it is known that a browser has got another id instead of this one: longer than a request takes that
    /// left it with this one.
    private static let tombstoneMemory = Duration.seconds(60)

    func tombstone(of handle: SessionHandle) -> RedisCommand {
        RedisCommand("SET", keys.alias(handle), "", "PX", Int(Self.tombstoneMemory.milliseconds))
    }

    /// Whether login or a rotation gave the browser another id just now.
    func isReplaced(_ handle: SessionHandle) async throws(SessionError) -> Bool {
        let alias = keys.alias(handle)
        return try await server.read(near: alias, [RedisCommand("EXISTS", alias)]).1[0] == .integer(1)
    }
}
