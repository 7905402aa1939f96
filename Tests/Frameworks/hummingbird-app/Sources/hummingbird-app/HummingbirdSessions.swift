// A web application with sessions, visited by an HTTP client: login, a cart, two devices, logout everywhere. Ends
// with 1 where something else happens than what is expected.

import AsyncHTTPClient
import Foundation
import Hummingbird
import Martlet
import MartletClient
import MartletSessions

let cart = SessionSection<[String]>("cart")

func makeRouter(_ store: SessionStore) -> Router<SessionContext> {
    var cookie = SessionCookiePolicy()
    // Plain HTTP on loopback.
    cookie.name = "sid"
    cookie.secure = false
    let router = Router(context: SessionContext.self)
    router.add(middleware: SessionMiddleware(core: SessionMiddlewareCore(store: store, cookie: cookie)))
    router.post("cart/{item}") { _, context in
        let session = try context.ownSession
        let item = try context.parameters.require("item")
        session.update(cart) { $0 = ($0 ?? []) + [item] }
        return try await session.value(cart)?.joined(separator: ",") ?? ""
    }
    router.post("login/{name}") { _, context in
        try context.ownSession.login(Principal(try context.parameters.require("name")), keeping: ["cart"])
        return HTTPResponse.Status.ok
    }
    router.get("me") { _, context -> String in
        guard let principal = try await context.ownSession.principal() else { throw HTTPError(.unauthorized) }
        return "\(principal): \(try await context.ownSession.value(cart) ?? [])"
    }
    router.post("logout") { _, context in
        try context.ownSession.logout()
        return HTTPResponse.Status.ok
    }
    router.post("logout-elsewhere") { _, context -> String in
        guard let session = try await context.ownSession.current(), let principal = session.principal else {
            throw HTTPError(.unauthorized)
        }
        return "\(try await store.revokeAll(of: principal, except: session.id))"
    }
    return router
}

/// A browser with one cookie.
final class Browser {
    private let base: String
    private(set) var cookie: String?

    init(port: Int) { base = "http://127.0.0.1:\(port)" }

    func ask(_ method: String, _ path: String, cookie other: String? = nil) async throws -> (Int, String) {
        var request = HTTPClientRequest(url: "\(base)/\(path)")
        request.method = .init(rawValue: method)
        if let cookie = other ?? cookie { request.headers.add(name: "Cookie", value: cookie) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
        for value in response.headers["Set-Cookie"] where other == nil {
            let pair = String(value.prefix { $0 != ";" })
            cookie = pair.hasSuffix("=") ? nil : pair
        }
        let body = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), String(buffer: body))
    }
}

func expect(_ holds: Bool, _ what: String) {
    print("\(holds ? "ok " : "NOT") \(what)")
    if !holds { exit(1) }
}

func visit(port: Int, _ server: MartletServer) async throws {
    let phone = Browser(port: port)
    expect(try await phone.ask("GET", "me").0 == 401 && phone.cookie == nil, "a stranger has no session")
    expect(try await phone.ask("POST", "cart/milk") == (200, "milk"), "a stranger has a cart")
    let before = phone.cookie
    expect(try await phone.ask("POST", "login/ann").0 == 200 && phone.cookie != before, "login gives a new id")
    expect(try await phone.ask("GET", "me") == (200, #"ann: ["milk"]"#), "the cart has come along")
    expect(try await phone.ask("GET", "me", cookie: before).0 == 401, "the old id is worthless")
    try await withThrowingTaskGroup(of: Int.self) { group in
        let cookie = phone.cookie
        for _ in 0..<20 { group.addTask { try await Browser(port: port).ask("GET", "me", cookie: cookie).0 } }
        let statuses = try await group.reduce(into: Set()) { $0.insert($1) }
        expect(statuses == [200], "requests at once are served")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
        let cookie = phone.cookie
        for number in 0..<10 {
            group.addTask { _ = try await Browser(port: port).ask("POST", "cart/\(number)", cookie: cookie) }
        }
        try await group.waitForAll()
    }
    let items = try await phone.ask("GET", "me").1
    expect((0..<10).allSatisfy { items.contains("\"\($0)\"") }, "and each adds to the cart")
    let laptop = Browser(port: port)
    _ = try await laptop.ask("POST", "login/ann")
    expect(try await laptop.ask("POST", "logout-elsewhere") == (200, "1"), "one other session is ended")
    expect(try await phone.ask("GET", "me").0 == 401, "the phone is logged out")
    _ = try await laptop.ask("POST", "logout")
    let after = try await laptop.ask("GET", "me").0
    expect(laptop.cookie == nil && after == 401, "and then the laptop")
    _ = try await laptop.ask("POST", "login/ann")
    await server.stop()
    expect(try await laptop.ask("GET", "me").0 == 503 && laptop.cookie != nil, "an outage logs nobody out")
}

@main
struct HummingbirdSessions {
    static func main() async throws {
        let server = try MartletServer()
        let store = try SessionStore(RedisClient(server))
        let (ports, port) = AsyncStream.makeStream(of: Int.self)
        let application = Application(
            router: makeRouter(store), configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.runService(gracefulShutdownSignals: []) }
            for await port in ports {
                try await visit(port: port, server)
                break
            }
            group.cancelAll()
        }
        print("All is well.")
    }
}
