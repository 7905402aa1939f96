// Changing a living session: sections, counters, metadata. None of these brings a session back.

import Martlet
import MartletClient

extension SessionStore {
    /// Gives a section a value.
    ///
    /// - Parameters:
    ///   - version: the change is made only if the session has this version still.
    ///   - activity: how active the user is, for a section whose time depends on it.
    ///   - durability: how safe the change has to be, if more than the store and the section ask for.
    /// - Returns: the session's new version.
    /// - Throws: ``SessionError``: `missing`, `conflict`, `tooLarge`.
    @discardableResult
    public func set<Value>(
        _ section: SessionSection<Value>, to value: Value, in id: SessionID, ifVersion version: Int64? = nil,
        activity: ActivityLevel = .normal, durability: Durability = .memory
    ) async throws(SessionError) -> Int64 {
        try await change(id, durability) { (draft) throws(SessionError) in
            try draft.require(version)
            draft.activity = activity
            try draft.set(section, to: value)
        }.record.version
    }

    /// Takes a section away.
    ///
    /// - Parameters:
    ///   - version: the change is made only if the session has this version still.
    ///   - durability: how safe the change has to be, if more than the store and the section ask for.
    /// - Returns: the session's new version.
    /// - Throws: ``SessionError``: `missing`, `conflict`.
    @discardableResult
    public func remove<Value>(
        _ section: SessionSection<Value>, in id: SessionID, ifVersion version: Int64? = nil,
        durability: Durability = .memory
    ) async throws(SessionError) -> Int64 {
        try await change(id, durability) { (draft) throws(SessionError) in
            try draft.require(version)
            draft.remove(section)
        }.record.version
    }

    /// Sets, changes and, where the value is nil, removes metadata; what is not named stays.
    ///
    /// - Parameter durability: how safe the change has to be, if more than the store asks for.
    /// - Throws: ``SessionError`` with the code `missing`.
    public func mergeMetadata(
        _ changes: [String: String?], in id: SessionID, durability: Durability = .memory
    ) async throws(SessionError) {
        _ = try await change(id, durability) { (draft) throws(SessionError) in
            for (name, value) in changes { draft.metadata[name] = value }
        }
    }

    /// Counts up or down; many may do so at once.
    ///
    /// - Parameter durability: how safe the change has to be, if more than the store asks for.
    /// - Returns: the counter's new value.
    /// - Throws: ``SessionError`` with the code `missing`.
    @discardableResult
    public func increment(
        _ counter: SessionCounter, by amount: Int64 = 1, in id: SessionID, durability: Durability = .memory
    ) async throws(SessionError) -> Int64 {
        try await counting(.change) { () async throws(SessionError) in
            let value = try await onLiving(id) { (handle) async throws(SessionError) -> Int64? in
                let key = keys.session(handle)
                return try await server.change([key], reading: headerReads(handle)) {
                    (reading) async throws(SessionError) -> SessionServer.Decision<Int64?> in
                    _ = try living(reading)
                    let writes = [RedisCommand("HINCRBY", key, SessionField.counter(counter.name), Int(amount))]
                    return .write(writes, configuration.durability.and(durability)) { Int64.decode($0[0]) }
                }
            }
            guard let value else { throw SessionError(.server, "The server's count cannot be read") }
            return value
        }
    }

    /// Reads a session, lets `body` change it, and writes what it changed; all over again when somebody was faster, so
    /// that no change of anybody gets lost. `body` may run several times; what it changes may be made safer than the
    /// store and its sections ask for by ``SessionDraft/wait(for:)``.
    ///
    /// - Parameter version: the change is made only if the session has this version still.
    /// - Returns: what `body` returned, and the session as it is now.
    /// - Throws: ``SessionError``: `missing`, `conflict` when somebody was faster each time, or the version is another;
    ///   what `body` throws.
    public func mutate<Value: Sendable>(
        _ id: SessionID, ifVersion version: Int64? = nil, _ body: @Sendable (inout SessionDraft) throws -> Value
    ) async throws -> (value: Value, session: Session) {
        let outcome = try await changeWhole(id) { draft in
            Result {
                try draft.require(version)
                return try body(&draft)
            }
        }
        return (try outcome.value.get(), outcome.session)
    }

    // MARK: Pieces

    func headerReads(_ handle: SessionHandle) -> [RedisCommand] {
        [
            RedisCommand(words: ["HMGET", keys.session(handle)] + SessionField.header),
            RedisCommand("GET", keys.epoch(handle.tag)),
        ]
    }

    /// The session of the first two replies.
    ///
    /// - Throws: `missing` unless it is alive.
    func living(_ reading: SessionServer.Reading) throws(SessionError) -> SessionRecord {
        try SessionRecord.living(
            reading.replies[0], at: reading.now, epoch: UserSessions.epoch(reading.replies[1]))
    }

    /// Changes sections or metadata without reading the sections.
    private func change(
        _ id: SessionID, _ durability: Durability,
        _ body: @Sendable (inout SessionDraft) throws(SessionError) -> Void
    ) async throws(SessionError) -> SessionDraft {
        try await counting(.change) { () async throws(SessionError) in
            try await withFieldTimes { (hasTimes) async throws(SessionError) in
                try await onLiving(id) { (handle) async throws(SessionError) -> SessionDraft in
                    try await change(handle, hasTimes, configuration.durability.and(durability), body)
                }
            }
        }
    }

    private func change(
        _ handle: SessionHandle, _ hasTimes: Bool, _ durability: Durability,
        _ body: @Sendable (inout SessionDraft) throws(SessionError) -> Void
    ) async throws(SessionError) -> SessionDraft {
        try await server.change([keys.session(handle)], reading: headerReads(handle)) {
            (reading) async throws(SessionError) -> SessionServer.Decision<SessionDraft> in
            let record = try living(reading)
            var draft = SessionDraft(handle, record: record, packing: packing, now: reading.now)
            try body(&draft)
            draft.nextVersion()
            let result = draft
            let writes = writes(of: draft, since: record.metadata, hasTimes)
            return .write(writes, durability.and(draft.durability)) { _ in result }
        }
    }

    private func changeWhole<Value: Sendable>(
        _ id: SessionID, _ body: @Sendable (inout SessionDraft) -> Result<Value, any Error>
    ) async throws(SessionError) -> (value: Result<Value, any Error>, session: Session) {
        try await counting(.change) { () async throws(SessionError) in
            try await withFieldTimes { (hasTimes) async throws(SessionError) in
                try await onLiving(id) { (handle) async throws(SessionError) -> (Result<Value, any Error>, Session) in
                    try await changeWhole(id, at: handle, hasTimes, configuration.durability, body)
                }
            }
        }
    }

    /// Nothing is counted.
    func changeWhole<Value: Sendable>(
        _ id: SessionID, at handle: SessionHandle, _ hasTimes: Bool, _ durability: Durability,
        _ body: @Sendable (inout SessionDraft) -> Result<Value, any Error>
    ) async throws(SessionError) -> (Result<Value, any Error>, Session) {
        let key = keys.session(handle)
        let reads = [RedisCommand("HGETALL", key), RedisCommand("GET", keys.epoch(handle.tag))]
        return try await server.change([key], reading: reads) {
            (reading) async throws(SessionError) -> SessionServer.Decision<(Result<Value, any Error>, Session)> in
            let record = try living(reading)
            var draft = SessionDraft(handle, record: record, packing: packing, now: reading.now)
            let value = body(&draft)
            guard case .success = value, draft.isChanged(from: record) else {
                return .done((value, session(id, at: handle, record, readAt: reading.now)))
            }
            draft.removeExpired()
            draft.nextVersion()
            let result = session(id, at: handle, draft.record, readAt: reading.now)
            let writes = writes(of: draft, since: record.metadata, hasTimes)
            return .write(writes, durability.and(draft.durability)) { _ in (value, result) }
        }
    }

    /// HSET on a hash that is there keeps its deadline.
    private func writes(
        of draft: SessionDraft, since metadata: [String: String], _ hasTimes: Bool
    ) -> [RedisCommand] {
        let key = keys.session(draft.handle)
        var fields: [any RESPArgument] = [SessionField.times, draft.record.times]
        var changed = SectionList()
        for name in draft.changed.sorted() {
            guard let envelope = draft.record.sections[name] else { continue }
            fields += [SessionField.section(name), envelope]
            changed.append(name, envelope)
        }
        if draft.metadata != metadata { fields += [SessionField.metadata, SessionRecord.bytes(draft.metadata)] }
        var writes = [RedisCommand(words: ["HSET", key] + fields)]
        if hasTimes { writes += fieldTimes(of: changed, in: key) }
        if !draft.removed.isEmpty {
            writes.append(RedisCommand(words: ["HDEL", key] + draft.removed.sorted().map(SessionField.section)))
        }
        return writes
    }
}
