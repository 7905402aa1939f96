// Changes of who somebody is: a new id, and login.

import Martlet
import MartletClient

extension SessionStore {
    /// Gives a session another id. The old one is of no use from then on, or after `grace`, in which requests that are
    /// on their way with it are still served.
    ///
    /// - Returns: the session under its new id.
    /// - Throws: ``SessionError`` with the code `missing`.
    public func rotate(_ id: SessionID, grace: Duration = .zero) async throws(SessionError) -> Session {
        try await counting(.rotate) { () async throws(SessionError) in
            let rotated = try await onLiving(id) { (handle) async throws(SessionError) -> Session? in
                try await move(handle, to: state.randomID(tag: handle.tag), grace)
            }
            guard let rotated else { throw .missing }
            state.tell(.rotated, rotated.handle, rotated.principal)
            return rotated
        }
    }

    private func move(
        _ old: SessionHandle, to id: SessionID, _ grace: Duration
    ) async throws(SessionError) -> Session? {
        let (oldKey, newKey, index) = (keys.session(old), keys.session(id.handle), keys.index(old.tag))
        let user = UserSessions(tag: old.tag, keys: keys)
        let reads = [RedisCommand("HGETALL", oldKey), RedisCommand("GET", keys.epoch(old.tag))]
        return try await server.change([oldKey, newKey], reading: reads, configuration.criticalDurability) {
            (reading) async throws(SessionError) -> SessionServer.Decision<Session?> in
            guard var record = living(reading) else { return .done(nil) }
            record.version += 1
            record.sections = try sections(of: record, from: old, to: id.handle)
            var writes = [
                RedisCommand(words: ["HSET", newKey] + record.words),
                RedisCommand("PEXPIREAT", newKey, Int(record.deadline)), RedisCommand("DEL", oldKey),
            ]
            if record.principal != nil {
                let present = try await user.watchedDeadline(reading)
                // In this order: an index without members would end, and its deadline with it.
                writes.append(RedisCommand("HSET", index, id.handle.digest, Int(record.created)))
                writes.append(RedisCommand("HDEL", index, old.digest))
                if let extending = user.extending(to: record.deadline, from: present) { writes.append(extending) }
            }
            if grace > .zero {
                let alias = keys.alias(old)
                writes.append(RedisCommand("SET", alias, id.handle.digest, "PX", Int(max(grace.milliseconds, 1))))
            }
            let result = session(id, record, readAt: reading.now)
            return .write(writes) { _ in result }
        }
    }

    private func sections(
        of record: SessionRecord, from old: SessionHandle, to new: SessionHandle
    ) throws(SessionError) -> SectionList {
        var moved = SectionList()
        for (name, envelope) in record.sections {
            moved.append(
                name,
                try Envelope.move(
                    envelope, from: SessionDraft.context(old, name), to: SessionDraft.context(new, name), packing))
        }
        return moved
    }

    /// Login: a session of this user begins under a new id, and the one before login ends, so that an id that was known
    /// before is of no use afterwards (fixation).
    ///
    /// - Parameters:
    ///   - id: the session before login; nil, or one that is gone, when there is none.
    ///   - keeping: names of sections that the new session takes over. All others are dropped.
    ///   - metadata: nil: that of the session before login.
    /// - Throws: ``SessionError``: `sessionLimitReached`, `integrity`. If the session before login cannot be ended, the
    ///   new one is taken back as well as that goes; sessions that ended because of the limit stay ended.
    public func promote(
        _ id: SessionID?, to principal: Principal, keeping: Set<String> = [], metadata: [String: String]? = nil,
        lifetime: SessionLifetime? = nil
    ) async throws(SessionError) -> CreatedSession {
        try await counting(.promote) { () async throws(SessionError) in
            var old: Session?
            if let id { old = try await get(id, touch: .none) }
            let before = old
            let created = try await begin(
                principal, metadata ?? before?.metadata ?? [:], lifetime, replacing: before?.handle
            ) { (draft) throws(SessionError) in
                guard let before else { return }
                for (name, envelope) in before.record.sections where keeping.contains(name) {
                    draft.adopt(
                        name,
                        try Envelope.move(
                            envelope, from: SessionDraft.context(before.handle, name),
                            to: SessionDraft.context(draft.handle, name), packing))
                }
            }
            for summary in created.evicted { state.tell(.evictedByLimit, summary.id, principal) }
            // Behind the new one: if this fails, the old one is what it was, and nobody's.
            if let before { try await end(before, for: created.session) }
            state.tell(.promoted, created.session.handle, principal)
            return created
        }
    }

    /// Ends the session before login, although the task may be cancelled: it may lie at another server than the new
    /// one, so that both cannot be done at one stroke.
    private func end(_ old: Session, for new: Session) async throws(SessionError) {
        let failure = await Task { () -> SessionError? in
            do throws(SessionError) {
                _ = try await remove(old.handle)
                return nil
            } catch {
                // Nobody has been told of it; if this fails as well, it ends unused. The same user's old one may have
                // ended with the new one's beginning.
                if old.principal != new.principal { _ = try? await remove(new.handle) }
                return error
            }
        }.value
        guard let failure else { return }
        throw SessionError(failure.code, failure.message, mayBeApplied: true, isTimeout: failure.isTimeout)
    }
}
