// One request's view of its session: read when it is first asked for, written once when the request is done.

import Martlet
import MartletClient
import Synchronization

/// The session of a request. Its tasks may use it at once; what they change is written together at the end, section by
/// section, so that requests that change different sections do not undo each other.
public final class RequestSession: Sendable {
    private enum Loading: Sendable {
        case not
        case underway(Task<Session?, any Error>)
        case done(Session?)
    }

    /// What the request wants to become of its session.
    enum Intent: Sendable {
        case keep
        case login(Principal, keeping: Set<String>, SessionLifetime?)
        case rotate(grace: Duration)
        case logout
    }

    /// What becomes of a section when the request is done.
    private struct Change: Sendable {
        /// Whether it depends on what the section was.
        let isUpdate: Bool
        let apply: @Sendable (inout SessionDraft) throws(SessionError) -> Void
        /// The value as this request has it, out of what it was.
        let preview: @Sendable ((any Sendable)?) -> (any Sendable)?
    }

    private struct State: Sendable {
        var loading = Loading.not
        /// By the names of their sections.
        var changes: [String: Change] = [:]
        var intent = Intent.keep
    }

    private let store: SessionStore
    private let id: SessionID?
    private let state = Mutex(State())

    init(_ store: SessionStore, id: SessionID?) {
        self.store = store
        self.id = id
    }

    /// The session as the server has it; nil when the request came without one.
    public func current() async throws -> Session? {
        let task = state.withLock { state -> Task<Session?, any Error>? in
            switch state.loading {
            case .done: return nil
            case .underway(let task): return task
            case .not:
                let task = Task { [store, id] in
                    guard let id else { return nil as Session? }
                    return try await store.get(id)
                }
                state.loading = .underway(task)
                return task
            }
        }
        if let task {
            let session = try await task.value
            state.withLock { $0.loading = .done(session) }
            return session
        }
        return state.withLock { if case .done(let session) = $0.loading { session } else { nil } }
    }

    /// Whose session it is; nil before login.
    public func principal() async throws -> Principal? { try await current()?.principal }

    /// A section's value, with what this request has set.
    public func value<Value>(_ section: SessionSection<Value>) async throws -> Value? {
        guard let change = state.withLock({ $0.changes[section.name] }) else {
            return try await current()?.value(section)
        }
        let before = change.isUpdate ? try await current()?.value(section) : nil
        return change.preview(before) as? Value
    }

    /// Gives a section a value when the request is done. For a value that depends on the one before there is
    /// ``update(_:_:)``: of two requests that set the same section at once the last one wins.
    public func set<Value>(_ section: SessionSection<Value>, to value: Value) {
        let change = Change(isUpdate: false) { (draft) throws(SessionError) in
            try draft.set(section, to: value)
        } preview: { _ in
            value
        }
        state.withLock { $0.changes[section.name] = change }
    }

    /// Takes a section away when the request is done.
    public func remove<Value>(_ section: SessionSection<Value>) {
        let change = Change(isUpdate: false) { (draft) throws(SessionError) in
            draft.remove(section)
        } preview: { _ in
            nil
        }
        state.withLock { $0.changes[section.name] = change }
    }

    /// Changes a section's value when the request is done, as it is then: requests that do so at once lose nothing of
    /// each other.
    ///
    /// - Parameter body: changes the value; nil is none. It may run several times, so it changes nothing else.
    public func update<Value>(_ section: SessionSection<Value>, _ body: @escaping @Sendable (inout Value?) -> Void) {
        state.withLock { state in
            let first = state.changes[section.name]
            let change = Change(isUpdate: first?.isUpdate ?? true) { (draft) throws(SessionError) in
                try first?.apply(&draft)
                var value = try draft.value(section)
                body(&value)
                if let value { try draft.set(section, to: value) } else { draft.remove(section) }
            } preview: { before in
                var value = (first.map { $0.preview(before) } ?? before) as? Value
                body(&value)
                return value.map { $0 as any Sendable }
            }
            state.changes[section.name] = change
        }
    }

    /// When the request is done, a session of this user takes the place of the one before, under a new id.
    ///
    /// - Parameters:
    ///   - keeping: names of sections that it takes over.
    ///   - lifetime: nil for the store's; a longer one for "remember me".
    public func login(_ principal: Principal, keeping: Set<String> = [], lifetime: SessionLifetime? = nil) {
        state.withLock { $0.intent = .login(principal, keeping: keeping, lifetime) }
    }

    /// When the request is done, the session is over, also when its handler throws.
    public func logout() { state.withLock { $0.intent = .logout } }

    /// When the request is done, the session has another id.
    ///
    /// - Parameter grace: for so long requests that left the browser with the old id are served all the same.
    public func rotate(grace: Duration = .seconds(10)) {
        state.withLock { state in
            if case .keep = state.intent { state.intent = .rotate(grace: grace) }
        }
    }

    // MARK: The end of the request

    /// Writes what the request changed, and says what cookie to send; nil: none.
    func finish(_ cookie: SessionCookiePolicy, metadata: [String: String]) async throws -> String? {
        let (intent, changes, wasAsked) = state.withLock { state -> (Intent, [Change], Bool) in
            let isLoaded = if case .not = state.loading { false } else { true }
            return (state.intent, state.changes.sorted { $0.key < $1.key }.map(\.value), isLoaded)
        }
        let apply: Fill = { (draft) throws(SessionError) in for change in changes { try change.apply(&draft) } }
        switch intent {
        case .logout:
            guard let id else { return nil }
            try await store.delete(id)
            return cookie.clearCookie()
        case .login(let principal, let keeping, let lifetime):
            // With its values at once: a login that fails leaves nothing, and the session before it as it was.
            let created = try await store.promote(
                id, to: principal, keeping: keeping, metadata: metadata, lifetime: lifetime, apply)
            return cookie.setCookie(for: created.session)
        case .rotate, .keep:
            // A request that did not look at its session does not use it.
            guard wasAsked || !changes.isEmpty else { return nil }
            guard let before = try await current() else {
                return try await begin(changes.isEmpty ? nil : apply, metadata).map(cookie.setCookie)
            }
            let session = changes.isEmpty ? before : try await write(apply, before)
            let news =
                if case .rotate(let grace) = intent {
                    try await rotated(session, grace)
                } else {
                    try await extended(session, before)
                }
            return news.map(cookie.setCookie)
        }
    }

    /// What the handler wanted in any case, although it failed.
    func finishAfterFailure() async {
        guard let id, case .logout = state.withLock(\.intent) else { return }
        // Also of a task that is cancelled. The error to tell is the handler's.
        await Task { [store] in _ = try? await store.delete(id) }.value
    }

    private typealias Fill = @Sendable (inout SessionDraft) throws(SessionError) -> Void

    /// The session that begins with a request that has none and wants one.
    private func begin(_ fill: Fill?, _ metadata: [String: String]) async throws -> Session? {
        // An id that leads nowhere stays: another request may just have brought the browser a new one.
        guard let fill else { return nil }
        // One that is known to have does not get another on top, in which its user would be nobody.
        if let id, try await store.isReplaced(id.handle) { throw SessionError.missing(.rotated) }
        return try await store.create(metadata: metadata, fill).session
    }

    private func write(_ fill: @escaping Fill, _ session: Session) async throws -> Session {
        try await store.mutate(session.id) { draft in try fill(&draft) }.session
    }

    /// Nil when another request has rotated it already: that one tells the browser.
    private func rotated(_ session: Session, _ grace: Duration) async throws -> Session? {
        guard session.handle == session.id.handle else { return nil }
        return try await store.rotateOnce(session.id, grace: grace)
    }

    /// A browser that keeps the cookie as long as the session lives has to hear that it lives longer; but not by an id
    /// that was rotated or left at login meanwhile: it has the new one already.
    private func extended(_ session: Session, _ before: Session) async throws -> Session? {
        guard before.wasExtended, session.handle == session.id.handle else { return nil }
        return try await store.ifThere { () async throws(SessionError) in
            _ = try await store.read(session.id, at: session.handle)
            return session
        }
    }
}
