// Sessions for Hummingbird: all that a framework's own middleware has to add to the core.

import Hummingbird
import MartletSessions

/// A request's context with its session.
struct SessionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    var session: RequestSession?

    init(source: Source) { coreContext = .init(source: source) }

    /// The session, which the middleware has put there.
    var ownSession: RequestSession {
        get throws {
            guard let session else { throw HTTPError(.internalServerError, message: "There is no session middleware") }
            return session
        }
    }
}

/// Cookie in, session for the handler, cookie out.
struct SessionMiddleware: RouterMiddleware {
    typealias Context = SessionContext

    let core: SessionMiddlewareCore

    func handle(
        _ request: Request, context: SessionContext,
        next: (Request, SessionContext) async throws -> Response
    ) async throws -> Response {
        do {
            let metadata = ["userAgent": request.headers[.userAgent] ?? ""]
            let (answer, cookie) = try await core.handle(
                cookieHeader: request.headers[.cookie], metadata: metadata
            ) { session in
                var context = context
                context.session = session
                return try await next(request, context)
            }
            var response = answer
            response.headers[.vary] = "Cookie"
            if let cookie { response.headers[values: .setCookie].append(cookie) }
            return response
        } catch let error as SessionError {
            // Nobody becomes a stranger because of an outage.
            throw HTTPError(error.code == .unavailable ? .serviceUnavailable : .conflict)
        }
    }
}
