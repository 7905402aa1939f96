// Beginning and reading one session.

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
        _ fill: @escaping @Sendable (inout SessionDraft) throws(SessionError) -> Void = {
            (_) throws(SessionError) in
        }
    ) async throws(SessionError) -> CreatedSession {
        try await counting(.create) { () async throws(SessionError) in
            let created = try await begin(
                Beginning(principal: principal, metadata: metadata, lifetime: lifetime) {
                    (draft, _) throws(SessionError) in try fill(&draft)
                })
            let now = created.session.readAt
            state.tell(.created, at: now, SessionSummary(created.session))
            for summary in created.evicted { state.tell(.evictedByLimit, at: now, summary) }
            return created
        }
    }

    /// A session that begins.
    struct Beginning: Sendable {
        let principal: Principal?
        let metadata: [String: String]
        let lifetime: SessionLifetime?
        /// If it is the same user's, it ends with the same stroke and does not count.
        var replaced: SessionHandle?
        /// Told what `replaced` is at that moment, if it ends with the same stroke.
        let fill: @Sendable (inout SessionDraft, SessionRecord?) throws(SessionError) -> Void
    }

    func begin(_ beginning: Beginning) async throws(SessionError) -> CreatedSession {
        let tag = tag(of: beginning.principal)
        let id = state.randomID(tag: tag)
        return try await withFieldTimes { (hasTimes) async throws(SessionError) in
            try await begin(beginning, as: id, hasTimes)
        }
    }

    private func begin(
        _ beginning: Beginning, as id: SessionID, _ hasTimes: Bool
    ) async throws(SessionError) -> CreatedSession {
        let (key, principal) = (keys.session(id.handle), beginning.principal)
        let user = principal.map { _ in UserSessions(tag: id.handle.tag, keys: keys) }
        let replaced = beginning.replaced.flatMap { $0.tag == id.handle.tag ? $0 : nil }
        let old = replaced.map { keys.session($0) }
        let watched = [key] + (user?.watched ?? []) + (old.map { [$0] } ?? [])
        let reads =
            [RedisCommand("EXISTS", key)] + (user?.reads ?? []) + (old.map { [RedisCommand("HGETALL", $0)] } ?? [])
        return try await server.change(watched, reading: reads) {
            (reading) async throws(SessionError) -> SessionServer.Decision<CreatedSession> in
            // 256 random bits that exist already are no accident.
            guard reading.replies[0] == .integer(0) else { throw SessionError(.conflict, "The session exists") }
            let now = reading.now
            let present = try await user?.present(reading, Array(reading.replies.dropFirst()), without: replaced)
            let before = old == nil ? nil : SessionRecord(reading.replies[reading.replies.count - 1])
            var draft = SessionDraft(
                id.handle,
                record: SessionRecord(
                    principal: principal, lifetime: beginning.lifetime ?? configuration.lifetime, now: now,
                    epoch: present?.epoch ?? 0, metadata: beginning.metadata),
                packing: packing, now: now)
            try beginning.fill(&draft, before)
            let record = draft.record
            var writes = [
                RedisCommand(words: ["HSET", key] + record.words), RedisCommand("PEXPIREAT", key, Int(record.deadline)),
            ]
            if hasTimes { writes += fieldTimes(of: record.sections, in: key) }
            var evicted: [SessionSummary] = []
            if let user, let present {
                evicted = try present.evictions(for: configuration.limit)
                writes += user.adding(id.handle, record, to: present, without: evicted.map(\.id))
            }
            if let replaced, before != nil { writes += ending(replaced) + [tombstone(of: replaced)] }
            let created = CreatedSession(session: session(id, record, readAt: now), evicted: evicted)
            return .write(writes, configuration.criticalDurability.and(draft.durability)) { _ in created }
        }
    }

    /// Reads a session; nil when it is over, was revoked or never was.
    ///
    /// - Parameter touch: whether this counts as using it.
    public func get(
        _ id: SessionID, touch: TouchMode = .configured
    ) async throws(SessionError) -> Session? {
        try await seeking(.get) { () async throws(SessionError) in try await find(id, touch) }
    }

    private func find(_ id: SessionID, _ touch: TouchMode) async throws(SessionError) -> Session {
        try await onLiving(id) { (handle) async throws(SessionError) -> Session in
            let session = try await read(id, at: handle)
            switch touch {
            case .none: return session
            case .always: return try await used(session, unlessWithin: nil)
            case .configured:
                guard let interval = configuration.touchThrottle.interval(idle: session.record.shortestIdle) else {
                    return session
                }
                guard session.readAt - session.record.accessed >= interval else {
                    state.countThrottledTouch()
                    return session
                }
                return try await used(session, unlessWithin: interval)
            }
        }
    }

    /// The session with its new deadline, or as it was read when the server refuses to write that down.
    private func used(
        _ session: Session, unlessWithin interval: Int64?
    ) async throws(SessionError) -> Session {
        let use: Use
        do throws(SessionError) {
            use = try await self.use(session.handle, .normal, unlessWithin: interval)
        } catch {
            // No memory, no disk, too few replicas, too many others: no reason to log anybody out.
            guard [.server, .conflict, .notDurable].contains(error.code) else { throw error }
            state.countFailedTouch()
            return session
        }
        let header: SessionRecord
        switch use {
        case .recent(let record):
            state.countThrottledTouch()
            header = record
        case .extended(let record, _): header = record
        }
        var used = self.session(
            session.id, at: session.handle, session.record.touched(as: header), readAt: session.readAt)
        if case .extended = use { used.wasExtended = true }
        return used
    }

    /// One exchange: clock, session, epoch.
    func read(_ id: SessionID, at handle: SessionHandle) async throws(SessionError) -> Session {
        switch await cache?.session(handle) {
        case .session(let record, let decoded, let now):
            var session = session(id, at: handle, record, readAt: now)
            // What is stored encrypted does not lie about in the clear.
            if packing.cipher == nil { session.decoded = decoded }
            return session
        case .gone(let error): throw error
        case .unknown, nil: break
        }
        let key = keys.session(handle)
        let (now, replies) = try await server.read(
            near: key, [RedisCommand("HGETALL", key), RedisCommand("GET", keys.epoch(handle.tag))])
        let record = try SessionRecord.living(replies[0], at: now, epoch: UserSessions.epoch(replies[1]))
        return session(id, at: handle, record, readAt: now)
    }

    /// Of the session that took the place of this one, while the old id is still served; empty for a tombstone.
    func successorDigest(of handle: SessionHandle) async throws(SessionError) -> String? {
        let alias = keys.alias(handle)
        return try await server.read(near: alias, [RedisCommand("GET", alias)]).1[0].string
    }

    /// Nil for a tombstone.
    func successor(of handle: SessionHandle, digest: String) -> SessionHandle? {
        digest.isEmpty ? nil : SessionHandle(tag: handle.tag, digest: digest)
    }

    /// Reads a session that must be there.
    ///
    /// - Throws: ``SessionError`` with the code `missing`, and with a reason where that is known.
    public func require(_ id: SessionID, touch: TouchMode = .configured) async throws(SessionError) -> Session {
        try await counting(.get) { () async throws(SessionError) in try await find(id, touch) }
    }

    /// Whether the session is alive; this does not count as using it.
    public func exists(_ id: SessionID) async throws(SessionError) -> Bool {
        try await get(id, touch: .none) != nil
    }

    /// How long the session lives unless it is used; nil when it is gone.
    public func timeToLive(_ id: SessionID) async throws(SessionError) -> Duration? {
        try await get(id, touch: .none)?.timeRemaining
    }
}
