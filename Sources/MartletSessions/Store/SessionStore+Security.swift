// A new id for a session.

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
            let rotated = try await onLiving(id) { (handle) async throws(SessionError) -> Session in
                try await move(handle, grace)
            }
            state.tell(.rotated, at: rotated.readAt, SessionSummary(rotated))
            return rotated
        }
    }

    /// The same, unless somebody has rotated it meanwhile: then nil, and the browser hears of the new id from there.
    func rotateOnce(_ id: SessionID, grace: Duration) async throws(SessionError) -> Session? {
        try await counting(.rotate) { () async throws(SessionError) in
            do throws(SessionError) {
                let rotated = try await move(id.handle, grace)
                state.tell(.rotated, at: rotated.readAt, SessionSummary(rotated))
                return rotated
            } catch {
                guard error.code == .missing, try await isReplaced(id.handle) else { throw error }
                return nil
            }
        }
    }

    private func move(_ old: SessionHandle, _ grace: Duration) async throws(SessionError) -> Session {
        let id = state.randomID(tag: old.tag)
        return try await withFieldTimes { (hasTimes) async throws(SessionError) in
            try await move(old, to: id, grace, hasTimes)
        }
    }

    private func move(
        _ old: SessionHandle, to id: SessionID, _ grace: Duration, _ hasTimes: Bool
    ) async throws(SessionError) -> Session {
        let (oldKey, newKey, index) = (keys.session(old), keys.session(id.handle), keys.index(old.tag))
        let user = UserSessions(tag: old.tag, keys: keys)
        let reads = [RedisCommand("HGETALL", oldKey), RedisCommand("GET", keys.epoch(old.tag))]
        return try await server.change([oldKey, newKey], reading: reads) {
            (reading) async throws(SessionError) -> SessionServer.Decision<Session> in
            var record = try living(reading)
            record.version += 1
            _ = record.dropSections(overAt: reading.now)
            record.sections = try sections(of: record, from: old, to: id.handle)
            var writes = [
                RedisCommand(words: ["HSET", newKey] + record.words),
                RedisCommand("PEXPIREAT", newKey, Int(record.deadline)), RedisCommand("DEL", oldKey),
            ]
            if hasTimes { writes += fieldTimes(of: record.sections, in: newKey) }
            if record.principal != nil {
                let present = try await user.watchedPlace(of: old, reading).deadline
                // In this order: an index without members would end, and its deadline with it.
                writes.append(RedisCommand("HSET", index, id.handle.digest, Int(record.created)))
                writes.append(RedisCommand("HDEL", index, old.digest))
                if let extending = user.extending(to: record.deadline, from: present) { writes.append(extending) }
            }
            if grace > .zero {
                let alias = keys.alias(old)
                writes.append(RedisCommand("SET", alias, id.handle.digest, "PX", Int(max(grace.milliseconds, 1))))
            } else {
                writes.append(tombstone(of: old))
            }
            let result = session(id, record, readAt: reading.now)
            return .write(writes, configuration.criticalDurability) { _ in result }
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
}
