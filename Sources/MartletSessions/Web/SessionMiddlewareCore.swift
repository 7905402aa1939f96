// What a middleware for any HTTP framework does, without the framework: cookie in, session for the handler, cookie out.

/// Sessions for requests, whatever framework serves them.
///
/// If the store cannot be reached, the request fails: nobody gets a new, empty session because of an outage.
public struct SessionMiddlewareCore: Sendable {
    private let store: SessionStore
    private let cookie: SessionCookiePolicy

    /// A core on this store.
    public init(store: SessionStore, cookie: SessionCookiePolicy = SessionCookiePolicy()) {
        self.store = store
        self.cookie = cookie
    }

    /// Runs a request's handler with its session, then writes what it changed.
    ///
    /// - Parameters:
    ///   - cookieHeader: the request's `Cookie` header.
    ///   - metadata: of a session that begins with this request: address, user agent and the like.
    /// - Returns: what the handler returned, and the `Set-Cookie` header to send, if any. Responses that depend on the
    ///   session should carry `Vary: Cookie`.
    /// - Throws: what the handler throws, and then nothing is written, but a logout is carried out; ``SessionError``:
    ///   `missing` when the session that it changed was ended meanwhile, by a login of the same browser for example.
    public func handle<Response>(
        cookieHeader: String?, metadata: [String: String] = [:],
        _ handler: (RequestSession) async throws -> Response
    ) async throws -> (response: Response, setCookie: String?) {
        var id: SessionID?
        var isUnreadable = false
        switch cookie.parse(cookieHeader) {
        case .id(let found): id = found
        case .none: break
        case .malformed, .badSignature: isUnreadable = true
        }
        let session = RequestSession(store, id: id)
        let response: Response
        do {
            response = try await handler(session)
        } catch {
            await session.finishAfterFailure()
            throw error
        }
        let header = try await session.finish(cookie, metadata: metadata)
        return (response, header ?? (isUnreadable ? cookie.clearCookie() : nil))
    }
}
