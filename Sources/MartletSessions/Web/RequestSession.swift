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
        case login(Principal, keeping: Set<String>)
        case rotate(grace: Duration)
        case logout
    }

    private struct State: Sendable {
        var loading = Loading.not
        var changes: [String: Change] = [:]
        /// What was set in this request, for those who read it again.
        var values: [String: (any Sendable)?] = [:]
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
        if let value = state.withLock({ $0.values[section.name] }) { return value as? Value }
        return try await current()?.value(section)
    }

    /// Gives a section a value when the request is done.
    public func set<Value>(_ section: SessionSection<Value>, to value: Value) {
        state.withLock { state in
            state.values[section.name] = .some(value)
            state.changes[section.name] = { draft in try draft.set(section, to: value) }
        }
    }

    /// Takes a section away when the request is done.
    public func remove<Value>(_ section: SessionSection<Value>) {
        state.withLock { state in
            state.values[section.name] = .some(nil)
            state.changes[section.name] = { draft in draft.remove(section) }
        }
    }

    /// When the request is done, a session of this user takes the place of the one before, under a new id.
    public func login(_ principal: Principal, keeping: Set<String> = []) {
        state.withLock { $0.intent = .login(principal, keeping: keeping) }
    }

    /// When the request is done, the session is over.
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
        let apply: Change = { draft in for change in changes { try change(&draft) } }
        switch intent {
        case .logout:
            guard let id else { return nil }
            try await store.delete(id)
            return cookie.clearCookie()
        case .login(let principal, let keeping):
            let created = try await store.promote(id, to: principal, keeping: keeping, metadata: metadata)
            return cookie.setCookie(for: try await write(apply, changes, created.session))
        case .rotate, .keep:
            // A request that did not look at its session does not use it.
            guard wasAsked || !changes.isEmpty else { return nil }
            guard let before = try await current() else {
                // An id that leads nowhere stays: another request may just have brought the browser a new one.
                guard !changes.isEmpty else { return nil }
                let created = try await store.create(metadata: metadata) { (draft) throws(SessionError) in
                    try Self.checked(apply, &draft)
                }
                return cookie.setCookie(for: created.session)
            }
            let session = try await write(apply, changes, before)
            // Another request may have rotated it already, and the browser have been told.
            if case .rotate(let grace) = intent, session.handle == session.id.handle {
                return cookie.setCookie(for: try await store.rotate(session.id, grace: grace))
            }
            // A browser that keeps the cookie as long as the session lives has to hear that it lives longer; but not by
            // an id that was rotated: it has the new one already.
            return before.wasExtended && session.handle == session.id.handle ? cookie.setCookie(for: session) : nil
        }
    }

    private typealias Change = @Sendable (inout SessionDraft) throws -> Void

    /// Changes throw nothing but the store's errors.
    private static func checked(_ apply: Change, _ draft: inout SessionDraft) throws(SessionError) {
        do {
            try apply(&draft)
        } catch {
            throw error as? SessionError ?? SessionError(.usage, "A change failed")
        }
    }

    private func write(_ apply: @escaping Change, _ changes: [Change], _ session: Session) async throws -> Session {
        guard !changes.isEmpty else { return session }
        return try await store.mutate(session.id) { draft in try apply(&draft) }.session
    }
}
