// Changing a living session: sections, counters, metadata, deadlines. None of these brings a session back.

import Foundation
import Martlet
import MartletClient

/// What using a session came to.
public enum TouchResult: Sendable, Equatable {
    /// It lives until then unless it is used again.
    case extended(Date)
    /// There is no such session.
    case missing
}

extension SessionStore {
    /// Gives a section a value.
    ///
    /// - Parameter version: the change is made only if the session has this version still.
    /// - Returns: the session's new version.
    /// - Throws: ``SessionError``: `missing`, `conflict`, `tooLarge`.
    @discardableResult
    public func set<Value>(
        _ section: SessionSection<Value>, to value: Value, in id: SessionID, ifVersion version: Int64? = nil,
        activity: ActivityLevel = .normal
    ) async throws(SessionError) -> Int64 {
        try await change(id) { (draft) throws(SessionError) in
            guard version == nil || draft.record.version == version else {
                throw SessionError(.conflict, "The session has another version than was asked for")
            }
            draft.activity = activity
            try draft.set(section, to: value)
        }.record.version
    }

    /// Takes a section away.
    ///
    /// - Throws: ``SessionError`` with the code `missing`.
    public func remove<Value>(_ section: SessionSection<Value>, in id: SessionID) async throws(SessionError) {
        _ = try await change(id) { (draft) throws(SessionError) in draft.remove(section) }
    }

    /// Sets, changes and, where the value is nil, removes metadata; what is not named stays.
    ///
    /// - Throws: ``SessionError`` with the code `missing`.
    public func mergeMetadata(_ changes: [String: String?], in id: SessionID) async throws(SessionError) {
        _ = try await change(id) { (draft) throws(SessionError) in
            for (name, value) in changes { draft.metadata[name] = value }
        }
    }

    /// Counts up or down; many may do so at once.
    ///
    /// - Returns: the counter's new value.
    /// - Throws: ``SessionError`` with the code `missing`.
    @discardableResult
    public func increment(
        _ counter: SessionCounter, by amount: Int64 = 1, in id: SessionID
    ) async throws(SessionError) -> Int64 {
        try await counting(.change) { () async throws(SessionError) in
            let value = try await onLiving(id) { (handle) async throws(SessionError) -> Int64? in
                let key = keys.session(handle)
                return try await server.change([key], reading: headerReads(handle), configuration.durability) {
                    (reading) async throws(SessionError) -> SessionServer.Decision<Int64?> in
                    guard living(reading) != nil else { return .done(nil) }
                    let writes = [RedisCommand("HINCRBY", key, SessionField.counter(counter.name), Int(amount))]
                    return .write(writes) { Int64.decode($0[0]) }
                }
            }
            guard let value else { throw .missing }
            return value
        }
    }

    /// Reads a session, lets `body` change it, and writes what it changed; all over again when somebody was faster, so
    /// that no change of anybody gets lost. `body` may run several times.
    ///
    /// - Returns: what `body` returned, and the session as it is now.
    /// - Throws: ``SessionError``: `missing`, `conflict` when somebody was faster each time; what `body` throws.
    public func mutate<Value: Sendable>(
        _ id: SessionID, _ body: @Sendable (inout SessionDraft) throws -> Value
    ) async throws -> (value: Value, session: Session) {
        let outcome = try await changeWhole(id) { draft in Result { try body(&draft) } }
        return (try outcome.value.get(), outcome.session)
    }

    // MARK: Deadlines

    /// Uses a session: it gets a new deadline, whatever the throttle says.
    ///
    /// - Parameter activity: shortens or lengthens the idle time that is added; a deadline never moves to an earlier
    ///   time.
    public func touch(
        _ id: SessionID, activity: ActivityLevel = .normal
    ) async throws(SessionError) -> TouchResult {
        try await counting(.touch) { () async throws(SessionError) in
            let record = try await onLiving(id) { (handle) async throws(SessionError) -> SessionRecord? in
                guard case .extended(let record) = try await use(handle, activity) else { return nil }
                return record
            }
            return record.map { .extended(Date(milliseconds: $0.deadline)) } ?? .missing
        }
    }

    /// Moves the deadline to a later time; an earlier one, and what lies beyond the absolute deadline, changes nothing.
    ///
    /// - Returns: whether there is such a session.
    public func extend(_ id: SessionID, to deadline: Date) async throws(SessionError) -> Bool {
        try await counting(.touch) { () async throws(SessionError) in
            try await onLiving(id) { (handle) async throws(SessionError) -> Bool? in
                let used = try await postpone(handle) { record, _ in
                    record.deadline = min(max(record.deadline, deadline.milliseconds), record.absolute ?? .max)
                }
                if case .extended = used { return true }
                return nil
            } ?? false
        }
    }

    enum Use: Sendable {
        case extended(SessionRecord)
        case missing
    }

    func use(_ handle: SessionHandle, _ activity: ActivityLevel) async throws(SessionError) -> Use {
        let used = try await postpone(handle) { record, now in
            record.deadline = record.deadline(usedAt: now, activity)
            record.accessed = max(record.accessed, now)
        }
        if case .extended(let record) = used { state.tell(.touched, handle, record.principal) }
        return used
    }

    /// The session and its user's index get the new deadline together.
    private func postpone(
        _ handle: SessionHandle, _ change: @escaping @Sendable (inout SessionRecord, _ now: Int64) -> Void
    ) async throws(SessionError) -> Use {
        let user = UserSessions(tag: handle.tag, keys: keys)
        let (key, index) = (keys.session(handle), keys.index(handle.tag))
        return try await server.change([key], reading: headerReads(handle), configuration.durability) {
            (reading) async throws(SessionError) -> SessionServer.Decision<Use> in
            guard var record = living(reading) else { return .done(.missing) }
            change(&record, reading.now)
            let changed = record
            var writes = [
                RedisCommand("HSET", key, SessionField.times, record.times),
                RedisCommand("PEXPIREAT", key, Int(record.deadline)),
            ]
            if record.principal != nil {
                let deadline = try await user.watchedDeadline(reading)
                // An index that somebody deleted is made whole again by those who are used.
                if deadline == nil { writes.append(RedisCommand("HSET", index, handle.digest, Int(record.created))) }
                if let extending = user.extending(to: record.deadline, from: deadline) { writes.append(extending) }
            }
            return .write(writes) { _ in .extended(changed) }
        }
    }

    // MARK: Pieces

    func headerReads(_ handle: SessionHandle) -> [RedisCommand] {
        [
            RedisCommand(words: ["HMGET", keys.session(handle)] + SessionField.header),
            RedisCommand("GET", keys.epoch(handle.tag)),
        ]
    }

    /// The session of the first two replies, if it is alive.
    func living(_ reading: SessionServer.Reading) -> SessionRecord? {
        guard let record = SessionRecord(reading.replies[0]) else { return nil }
        return record.isAlive(at: reading.now, epoch: UserSessions.epoch(reading.replies[1])) ? record : nil
    }

    /// Changes sections or metadata without reading the sections.
    private func change(
        _ id: SessionID, _ body: @Sendable (inout SessionDraft) throws(SessionError) -> Void
    ) async throws(SessionError) -> SessionDraft {
        try await counting(.change) { () async throws(SessionError) in
            let supportsFieldTTL = try await supportsFieldTTL()
            let draft = try await onLiving(id) { (handle) async throws(SessionError) -> SessionDraft? in
                let reads = headerReads(handle)
                return try await server.change([keys.session(handle)], reading: reads, configuration.durability) {
                    (reading) async throws(SessionError) -> SessionServer.Decision<SessionDraft?> in
                    guard let record = living(reading) else { return .done(nil) }
                    var draft = SessionDraft(handle, record: record, packing: packing, now: reading.now)
                    try body(&draft)
                    draft.nextVersion()
                    let result = draft
                    return .write(writes(of: draft, since: record.metadata, supportsFieldTTL)) { _ in result }
                }
            }
            guard let draft else { throw .missing }
            return draft
        }
    }

    private func changeWhole<Value: Sendable>(
        _ id: SessionID, _ body: @Sendable (inout SessionDraft) -> Result<Value, any Error>
    ) async throws(SessionError) -> (value: Result<Value, any Error>, session: Session) {
        try await counting(.change) { () async throws(SessionError) in
            let supportsFieldTTL = try await supportsFieldTTL()
            let outcome = try await onLiving(id) {
                (handle) async throws(SessionError) -> (Result<Value, any Error>, Session)? in
                let key = keys.session(handle)
                let reads = [RedisCommand("HGETALL", key), RedisCommand("GET", keys.epoch(handle.tag))]
                return try await server.change([key], reading: reads, configuration.durability) {
                    (reading) async throws(SessionError)
                        -> SessionServer.Decision<(Result<Value, any Error>, Session)?> in
                    guard let record = living(reading) else { return .done(nil) }
                    var draft = SessionDraft(handle, record: record, packing: packing, now: reading.now)
                    let value = body(&draft)
                    guard case .success = value, draft.isChanged(from: record) else {
                        return .done((value, session(id, at: handle, record, readAt: reading.now)))
                    }
                    draft.removeExpired()
                    draft.nextVersion()
                    let result = session(id, at: handle, draft.record, readAt: reading.now)
                    return .write(writes(of: draft, since: record.metadata, supportsFieldTTL)) { _ in (value, result) }
                }
            }
            guard let outcome else { throw .missing }
            return outcome
        }
    }

    /// HSET on a hash that is there keeps its deadline.
    private func writes(
        of draft: SessionDraft, since metadata: [String: String], _ supportsFieldTTL: Bool
    ) -> [RedisCommand] {
        let key = keys.session(draft.handle)
        var fields: [any RESPArgument] = [SessionField.times, draft.record.times]
        var writes: [RedisCommand] = []
        for name in draft.changed.sorted() {
            guard let envelope = draft.record.sections[name] else { continue }
            fields += [SessionField.section(name), envelope]
            if supportsFieldTTL, let deadline = Envelope.deadline(of: envelope) {
                // Memory comes back in time; that the section is gone stands in its bytes.
                let time = Int(min(deadline, SessionField.latestDeadline))
                writes.append(RedisCommand("HPEXPIREAT", key, time, "FIELDS", 1, SessionField.section(name)))
            }
        }
        if draft.metadata != metadata { fields += [SessionField.metadata, SessionRecord.bytes(draft.metadata)] }
        writes.insert(RedisCommand(words: ["HSET", key] + fields), at: 0)
        if !draft.removed.isEmpty {
            writes.append(RedisCommand(words: ["HDEL", key] + draft.removed.sorted().map(SessionField.section)))
        }
        return writes
    }

    /// Whether the server gives single fields a time: Redis from 7.4 on, Valkey from 9.0 on, Martlet.
    func supportsFieldTTL() async throws(SessionError) -> Bool {
        if let known = state.supportsFieldTTL { return known }
        let replies = try SessionServer.values(
            try await server.pipeline([RedisCommand("COMMAND", "INFO", "HPEXPIREAT")]))
        let isThere = replies[0].elements?.first?.elements != nil
        state.supportsFieldTTL = isThere
        return isThere
    }
}
