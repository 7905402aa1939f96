// Login: who somebody is changes, and the id with it.

import Martlet
import MartletClient

extension SessionStore {
    /// Login: a session of this user begins under a new id, and the one before login ends, so that an id that was known
    /// before is of no use afterwards (fixation).
    ///
    /// - Parameters:
    ///   - id: the session before login; nil, or one that is gone, when there is none.
    ///   - keeping: names of sections that the new session takes over, as they are when the one before ends, as safe as
    ///     ``SessionStoreConfiguration/criticalDurability`` asks for. All others are dropped.
    ///   - metadata: nil: that of the session before login.
    ///   - fill: gives the new session more values, on top of what it takes over. It may run several times, each time
    ///     from the start.
    /// - Throws: ``SessionError``: `sessionLimitReached`, `integrity`, `conflict` when others change the session before
    ///   login all the time. If that one cannot be ended, the new one is taken back as well as that goes; sessions that
    ///   ended because of the limit stay ended.
    public func promote(
        _ id: SessionID?, to principal: Principal, keeping: Set<String> = [], metadata: [String: String]? = nil,
        lifetime: SessionLifetime? = nil,
        _ fill: @escaping @Sendable (inout SessionDraft) throws(SessionError) -> Void = {
            (_) throws(SessionError) in
        }
    ) async throws(SessionError) -> CreatedSession {
        try await counting(.promote) { () async throws(SessionError) in
            var before: Session?
            if let id { before = try await untouched(id) }
            let heir = Heir(keeping: keeping, metadata: metadata, packing: packing, fill: fill)
            let (old, known) = (before?.handle, before?.record)
            var created = try await begin(
                Beginning(
                    principal: principal, metadata: metadata ?? known?.metadata ?? [:], lifetime: lifetime,
                    replaced: old
                ) { (draft, record) throws(SessionError) in
                    try heir.fill(&draft, from: old, record ?? known)
                })
            let now = created.session.readAt
            for summary in created.evicted { state.tell(.evictedByLimit, at: now, summary) }
            // Behind the new one: if this fails, the old one is what it was, and nobody's.
            if let before {
                created = CreatedSession(
                    session: try await end(before, for: created.session, heir), evicted: created.evicted)
            }
            state.tell(.promoted, at: created.session.readAt, SessionSummary(created.session))
            return created
        }
    }

    private func untouched(_ id: SessionID) async throws(SessionError) -> Session? {
        try await ifThere { () async throws(SessionError) in
            try await onLiving(id) { (handle) async throws(SessionError) in try await read(id, at: handle) }
        }
    }

    /// What a session takes over from the one before login.
    private struct Heir: Sendable {
        let keeping: Set<String>
        let metadata: [String: String]?
        let packing: Envelope.Packing
        let fill: @Sendable (inout SessionDraft) throws(SessionError) -> Void

        /// Nothing of what the draft held before stays.
        func fill(
            _ draft: inout SessionDraft, from old: SessionHandle?, _ record: SessionRecord?
        ) throws(SessionError) {
            for (name, _) in draft.record.sections { draft.remove(named: name) }
            if let old, let record {
                draft.metadata = metadata ?? record.metadata
                // Login is a use, which brings nothing back that is over.
                for (name, envelope) in record.sections
                where keeping.contains(name) && !record.isOver(envelope, at: draft.now) {
                    draft.adopt(
                        name,
                        try Envelope.move(
                            envelope, from: SessionDraft.context(old, name),
                            to: SessionDraft.context(draft.handle, name), packing))
                }
            }
            try fill(&draft)
        }
    }

    /// Ends the session before login, although the task may be cancelled: it may lie at another server than the new
    /// one, so that both cannot be done at one stroke.
    private func end(
        _ old: Session, for new: Session, _ heir: Heir
    ) async throws(SessionError) -> Session {
        let outcome = await Task { () -> Result<Session, SessionError> in
            do throws(SessionError) {
                return .success(try await handOver(old, to: new, heir))
            } catch {
                // Nobody has been told of it; if this fails as well, it ends unused. The same user's old one may have
                // ended with the new one's beginning.
                if old.principal != new.principal { _ = try? await remove(new.handle) }
                return .failure(error)
            }
        }.value
        do throws(SessionError) {
            return try outcome.get()
        } catch {
            throw SessionError(error.code, error.message, mayBeApplied: true, isTimeout: error.isTimeout)
        }
    }

    /// What was written to the old session up to its end is in the new one: if somebody changed it since it was copied,
    /// it is copied again before it ends.
    private func handOver(_ old: Session, to new: Session, _ heir: Heir) async throws(SessionError) -> Session {
        var (old, new) = (old, new)
        for _ in 0...max(configuration.conflictRetries, 0) {
            switch try await remove(replaced: old.handle, version: old.version) {
            case .removed, .nothing: return new
            case .alias, .changed: break
            }
            state.countConflict()
            // What has ended meanwhile is copied as well as can be.
            guard let now = try await untouched(old.id) else { return new }
            old = now
            guard let filled = try await refill(new, from: now, heir) else { return new }
            new = filled
        }
        throw SessionError(.conflict, "Others changed the session before login each time")
    }

    /// Nil when the new session was ended by others meanwhile.
    private func refill(_ new: Session, from old: Session, _ heir: Heir) async throws(SessionError) -> Session? {
        let refilled = try await ifThere { () async throws(SessionError) in
            try await withFieldTimes { (hasTimes) async throws(SessionError) in
                try await changeWhole(new.id, at: new.handle, hasTimes, configuration.criticalDurability) { draft in
                    Result { () throws(SessionError) in try heir.fill(&draft, from: old.handle, old.record) }
                        .mapError { $0 as any Error }
                }
            }
        }
        guard let (outcome, session) = refilled else { return nil }
        if case .failure(let error) = outcome {
            throw error as? SessionError ?? SessionError(.usage, "A change failed")
        }
        return session
    }
}
