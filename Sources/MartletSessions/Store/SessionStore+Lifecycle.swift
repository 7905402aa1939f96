// Beginning, reading and ending one session.

import Martlet
import MartletClient

/// Whether reading a session counts as using it.
public enum TouchMode: Sendable {
    /// It does not.
    case none
    /// It does, as often as the configuration says.
    case configured
    /// It does, each time.
    case always
}

extension SessionStore {
    /// Begins a session.
    ///
    /// - Parameters:
    ///   - principal: whose it is; nil before login.
    ///   - metadata: address, user agent and the like.
    ///   - lifetime: nil for the configuration's.
    ///   - fill: gives it its first values.
    /// - Returns: the session, and those that ended for it because of the limit.
    /// - Throws: ``SessionError``: `sessionLimitReached`, or what `fill` throws as one.
    public func create(
        principal: Principal? = nil, metadata: [String: String] = [:], lifetime: SessionLifetime? = nil,
        _ fill: @Sendable (inout SessionDraft) throws(SessionError) -> Void = { (_) throws(SessionError) in }
    ) async throws(SessionError) -> CreatedSession {
        try await counting(.create) { () async throws(SessionError) in
            let created = try await begin(principal, metadata, lifetime, fill)
            state.tell(.created, created.session.handle, principal)
            for summary in created.evicted { state.tell(.evictedByLimit, summary.id, principal) }
            return created
        }
    }

    /// `replaced`, if it is the same user's, ends with the same stroke and does not count.
    func begin(
        _ principal: Principal?, _ metadata: [String: String], _ lifetime: SessionLifetime?,
        replacing replaced: SessionHandle? = nil,
        _ fill: @Sendable (inout SessionDraft) throws(SessionError) -> Void
    ) async throws(SessionError) -> CreatedSession {
        let tag = tag(of: principal)
        let id = state.randomID(tag: tag)
        let key = keys.session(id.handle)
        let user = UserSessions(tag: tag, keys: keys)
        let watched = [key] + (principal == nil ? [] : user.watched)
        let reads = [RedisCommand("EXISTS", key)] + (principal == nil ? [] : user.reads)
        return try await server.change(watched, reading: reads, configuration.criticalDurability) {
            (reading) async throws(SessionError) -> SessionServer.Decision<CreatedSession> in
            // 256 random bits that exist already are no accident.
            guard reading.replies[0] == .integer(0) else { throw SessionError(.conflict, "The session exists") }
            let now = reading.now
            var present: UserSessions.Present?
            if principal != nil {
                present = try await user.present(reading, Array(reading.replies.dropFirst()), without: replaced)
            }
            var draft = SessionDraft(
                id.handle,
                record: SessionRecord(
                    principal: principal, lifetime: lifetime ?? configuration.lifetime, now: now,
                    epoch: present?.epoch ?? 0, metadata: metadata),
                packing: packing, now: now)
            try fill(&draft)
            let record = draft.record
            var writes = [
                RedisCommand(words: ["HSET", key] + record.words), RedisCommand("PEXPIREAT", key, Int(record.deadline)),
            ]
            var evicted: [SessionSummary] = []
            if let present {
                evicted = try present.evictions(for: configuration.limit)
                writes += user.adding(id.handle, record, to: present, without: evicted.map(\.id))
            }
            let created = CreatedSession(session: session(id, record, readAt: now), evicted: evicted)
            return .write(writes) { _ in created }
        }
    }

    /// Reads a session; nil when it is over, was revoked or never was.
    ///
    /// - Parameter touch: whether this counts as using it.
    public func get(
        _ id: SessionID, touch: TouchMode = .configured
    ) async throws(SessionError) -> Session? {
        try await counting(.get) { () async throws(SessionError) in
            try await onLiving(id) { (handle) async throws(SessionError) -> Session? in
                guard let session = try await read(id, at: handle) else { return nil }
                guard isTouchDue(session, touch) else { return session }
                guard case .extended(let header) = try await use(handle, .normal) else { return nil }
                var used = self.session(id, at: handle, session.record.touched(as: header), readAt: session.readAt)
                used.wasExtended = true
                return used
            }
        }
    }

    private func isTouchDue(_ session: Session, _ mode: TouchMode) -> Bool {
        switch mode {
        case .none: return false
        case .always: return true
        case .configured:
            guard let interval = configuration.touchThrottle.interval(idle: session.record.idle) else { return false }
            let isDue = session.readAt - session.record.accessed >= interval
            if !isDue { state.countThrottledTouch() }
            return isDue
        }
    }

    /// One exchange: clock, session, epoch.
    func read(_ id: SessionID, at handle: SessionHandle) async throws(SessionError) -> Session? {
        switch await cache?.session(handle) {
        case .session(let record, let decoded, let now):
            var session = session(id, at: handle, record, readAt: now)
            // What is stored encrypted does not lie about in the clear.
            if packing.cipher == nil { session.decoded = decoded }
            return session
        case .gone: return nil
        case .unknown, nil: break
        }
        let key = keys.session(handle)
        let (now, replies) = try await server.read(
            near: key, [RedisCommand("HGETALL", key), RedisCommand("GET", keys.epoch(handle.tag))])
        guard let record = SessionRecord(replies[0]), record.isAlive(at: now, epoch: UserSessions.epoch(replies[1]))
        else { return nil }
        return session(id, at: handle, record, readAt: now)
    }

    /// The session that took the place of this one, while the old id is still served.
    func successor(of handle: SessionHandle) async throws(SessionError) -> SessionHandle? {
        let alias = keys.alias(handle)
        let (_, replies) = try await server.read(near: alias, [RedisCommand("GET", alias)])
        return replies[0].string.map { SessionHandle(tag: handle.tag, digest: $0) }
    }

    /// Reads a session that must be there.
    ///
    /// - Throws: ``SessionError`` with the code `missing`.
    public func require(_ id: SessionID, touch: TouchMode = .configured) async throws(SessionError) -> Session {
        guard let session = try await get(id, touch: touch) else { throw .missing }
        return session
    }

    /// Whether the session is alive; this does not count as using it.
    public func exists(_ id: SessionID) async throws(SessionError) -> Bool {
        try await get(id, touch: .none) != nil
    }

    /// How long the session lives unless it is used; nil when it is gone.
    public func timeToLive(_ id: SessionID) async throws(SessionError) -> Duration? {
        try await get(id, touch: .none)?.timeRemaining
    }

    /// Reads many sessions in one exchange with each server. This does not count as using them.
    ///
    /// - Returns: in the order of `ids`, nil for those that are gone.
    public func get(_ ids: [SessionID]) async throws(SessionError) -> [Session?] {
        try await counting(.get) { () async throws(SessionError) in
            let commands = ids.flatMap { id -> [RedisCommand] in
                let key = keys.session(id.handle)
                return [
                    RedisCommand("TIME").near(key), RedisCommand("HGETALL", key),
                    RedisCommand("GET", keys.epoch(id.handle.tag)),
                ]
            }
            let replies = try SessionServer.values(try await server.pipeline(commands))
            var sessions: [Session?] = []
            for (index, id) in ids.enumerated() {
                let now = try SessionServer.milliseconds(replies[3 * index])
                let epoch = UserSessions.epoch(replies[3 * index + 2])
                let record = SessionRecord(replies[3 * index + 1])
                sessions.append(
                    record.flatMap { $0.isAlive(at: now, epoch: epoch) ? session(id, $0, readAt: now) : nil })
            }
            return sessions
        }
    }

    /// Ends a session: logout. Ending one that is gone does no harm.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func delete(_ id: SessionID) async throws(SessionError) -> Bool {
        try await counting(.delete) { () async throws(SessionError) in
            guard let record = try await remove(id.handle) else { return false }
            state.tell(.deleted, id.handle, record.principal)
            return true
        }
    }

    /// Takes a session, its aliases' target and its place in the index away; what it was, or nil.
    func remove(
        _ handle: SessionHandle, of principal: Principal? = nil
    ) async throws(SessionError) -> SessionRecord? {
        let key = keys.session(handle)
        let reads = [
            RedisCommand(words: ["HMGET", key] + SessionField.header), RedisCommand("GET", keys.alias(handle)),
        ]
        let outcome = try await server.change(
            [key, keys.alias(handle)], reading: reads, configuration.criticalDurability
        ) {
            (reading) async throws(SessionError) -> SessionServer.Decision<Removal> in
            if let record = SessionRecord(reading.replies[0]) {
                guard principal == nil || record.principal == principal else { return .done(.nothing) }
                let writes = [
                    RedisCommand("DEL", key), RedisCommand("HDEL", keys.index(handle.tag), handle.digest),
                ]
                let wasAlive = record.isAlive(at: reading.now, epoch: 0)
                return .write(writes) { _ in wasAlive ? .removed(record) : .nothing }
            }
            // Whoever logs out with an id that was just rotated means the session.
            guard let digest = reading.replies[1].string else { return .done(.nothing) }
            return .write([RedisCommand("DEL", keys.alias(handle))]) { _ in .alias(digest) }
        }
        switch outcome {
        case .nothing: return nil
        case .removed(let record): return record
        case .alias(let digest): return try await remove(SessionHandle(tag: handle.tag, digest: digest), of: principal)
        }
    }

    private enum Removal: Sendable {
        case nothing
        case removed(SessionRecord)
        case alias(String)
    }
}

extension SessionRecord {
    /// The same with the times of the header that a touch wrote.
    func touched(as header: SessionRecord) -> SessionRecord {
        var record = self
        record.accessed = header.accessed
        record.deadline = header.deadline
        return record
    }
}
