// Cookies, and requests of a web application without the framework.

import Martlet
import MartletClient
import Testing

@testable import MartletSessions

struct CookieTests {
    private func id() throws -> SessionID {
        var random = SystemRandomNumberGenerator()
        return SessionID.random(tag: SessionID.randomTag(using: &random), using: &random)
    }

    @Test func cookiesAreFoundAmongOthers() throws {
        let policy = SessionCookiePolicy()
        let id = try id()
        for header in [
            "__Host-id=\(id.text)", "a=b; __Host-id=\(id.text); c=d", "  __Host-id = \"\(id.text)\" ;x",
            "__Host-id=broken; __Host-id=\(id.text)",
        ] { #expect(policy.parse(header) == .id(id)) }
        for header in [nil, "", "a=b", "__Host-idx=\(id.text)", "__Host-id"] { #expect(policy.parse(header) == .none) }
        for value in ["", "x", id.text + "x", id.text + ".sig"] {
            #expect(policy.parse("__Host-id=\(value)") == .malformed)
        }
    }

    @Test func attributes() async throws {
        let bench = try Bench(standing: true)
        let session = try await bench.store.create().session
        var policy = SessionCookiePolicy()
        #expect(
            policy.setCookie(for: session)
                == "__Host-id=\(session.id.text); Path=/; Max-Age=1800; Secure; HttpOnly; SameSite=Lax")
        #expect(policy.clearCookie() == "__Host-id=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
        policy.name = "sid"
        policy.domain = "example.org"
        policy.path = "/app"
        policy.secure = false
        policy.httpOnly = false
        policy.sameSite = .none
        policy.partitioned = true
        policy.persistence = .session
        #expect(
            policy.setCookie(for: session)
                == "sid=\(session.id.text); Path=/app; Domain=example.org; SameSite=None; Partitioned")
    }

    /// A key may be replaced while cookies signed with it are still about.
    @Test func signedCookies() async throws {
        let bench = try Bench()
        let session = try await bench.store.create().session
        let (old, new) = ([UInt8](repeating: 1, count: 32), [UInt8](repeating: 2, count: 32))
        var policy = SessionCookiePolicy()
        policy.signing = try KeyRing([old])
        let cookie = String(policy.setCookie(for: session).prefix { $0 != ";" })
        #expect(policy.parse(cookie) == .id(session.id))
        policy.signing = try KeyRing([new, old])
        #expect(policy.parse(cookie) == .id(session.id))
        policy.signing = try KeyRing([new])
        #expect(policy.parse(cookie) == .badSignature)
        #expect(policy.parse("__Host-id=\(session.id.text)") == .badSignature)
        policy.signing = try KeyRing([old])
        policy.name = "other"
        #expect(policy.parse(cookie.replacing("__Host-id", with: "other")) == .badSignature)
    }
}

struct MiddlewareTests {
    @Test func aVisitorBecomesAUserAndLeaves() async throws {
        let bench = try Bench(standing: true)
        let browser = Browser(bench.store)
        // Who only looks gets no session.
        try await browser.visit { _ in }
        #expect(try await browser.visit { try await $0.value(Sections.cart) } == nil)
        #expect(browser.cookie == nil)
        #expect(try await bench.keys() == [])
        try await browser.visit { $0.set(Sections.cart, to: Cart(items: ["a"])) }
        let anonymous = try #require(browser.cookie)
        let principal = try await browser.visit { request in
            request.login("ann", keeping: ["cart"])
            return try await request.principal()
        }
        #expect(principal == nil && browser.cookie != anonymous)
        let (name, cart) = try await browser.visit { request in
            (try await request.principal(), try await request.value(Sections.cart))
        }
        #expect(name == "ann" && cart == Cart(items: ["a"]))
        // The cookie need not be sent again while the deadline stands.
        #expect(browser.header == nil)
        bench.advance(by: .seconds(600))
        _ = try await browser.visit { try await $0.principal() }
        #expect(browser.header?.contains("Max-Age=1800") == true)
        let stranger = Browser(bench.store)
        stranger.cookie = anonymous
        #expect(try await stranger.visit { try await $0.principal() } == nil)
        // The answer to another request may have brought a new cookie, which this one must not take away.
        #expect(stranger.header == nil)
        try await browser.visit { $0.logout() }
        #expect(browser.cookie == nil)
        #expect(try await bench.store.count(of: "ann") == 0)
    }

    /// What a request sets it reads again, before it is written.
    @Test func oneRequest() async throws {
        let bench = try Bench()
        let browser = Browser(bench.store)
        let seen = try await browser.visit { request -> [Cart?] in
            request.set(Sections.cart, to: Cart(items: ["a"]))
            let first = try await request.value(Sections.cart)
            request.remove(Sections.cart)
            let second = try await request.value(Sections.cart)
            request.set(Sections.cart, to: Cart(items: ["b"]))
            return [first, second]
        }
        #expect(seen == [Cart(items: ["a"]), nil])
        #expect(try await browser.visit { try await $0.value(Sections.cart) } == Cart(items: ["b"]))
        let before = browser.cookie
        try await browser.visit { $0.rotate() }
        #expect(browser.cookie == before)
        try await browser.visit { request in
            _ = try await request.current()
            request.rotate()
        }
        #expect(browser.cookie != before)
        #expect(try await browser.visit { try await $0.value(Sections.cart) } == Cart(items: ["b"]))
    }

    /// Scenario 9: what is on its way with the id before a rotation is served, and does not bring that id back.
    @Test func requestsWithTheIDBefore() async throws {
        let bench = try Bench(standing: true)
        let browser = Browser(bench.store)
        try await browser.visit { $0.set(Sections.cart, to: Cart(items: ["a"])) }
        let late = Browser(bench.store)
        late.cookie = browser.cookie
        bench.advance(by: .seconds(600))
        try await browser.visit { request in
            _ = try await request.current()
            request.rotate(grace: .seconds(900))
        }
        bench.advance(by: .seconds(600))
        #expect(try await late.visit { try await $0.value(Sections.cart) } == Cart(items: ["a"]))
        #expect(late.header == nil)
        bench.advance(by: .seconds(600))
        #expect(try await late.visit { try await $0.value(Sections.cart) } == nil)
        #expect(try await browser.visit { try await $0.value(Sections.cart) } == Cart(items: ["a"]))
    }

    /// Requests that change different sections at once do not undo each other.
    @Test func requestsAtOnce() async throws {
        let bench = try Bench()
        let browser = Browser(bench.store)
        try await browser.visit { $0.set(Sections.cart, to: Cart()) }
        let (core, cookie) = (browser.core, browser.cookie)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<10 {
                group.addTask {
                    _ = try await core.handle(cookieHeader: cookie) { request in
                        _ = try await request.current()
                        request.set(SessionSection<Int>("part\(number)"), to: number)
                    }
                }
            }
            try await group.waitForAll()
        }
        let session = try #require(try await browser.visit { try await $0.current() })
        for number in 0..<10 { #expect(try session.value(SessionSection<Int>("part\(number)")) == number) }
    }

    @Test func whatFailsIsNotWritten() async throws {
        struct Failure: Error {}
        let bench = try Bench()
        let browser = Browser(bench.store)
        await #expect(throws: Failure.self) {
            try await browser.visit { request in
                request.set(Sections.cart, to: Cart())
                throw Failure()
            }
        }
        #expect(browser.cookie == nil)
        browser.cookie = "__Host-id=broken"
        try await browser.visit { _ in }
        #expect(browser.header?.contains("Max-Age=0") == true)
        // A session that was ended while the request ran stays ended.
        try await browser.visit { $0.set(Sections.cart, to: Cart()) }
        let error = await #expect(throws: SessionError.self) {
            try await browser.visit { request in
                let session = try #require(try await request.current())
                try await bench.store.delete(session.id)
                request.set(Sections.cart, to: Cart(items: ["late"]))
            }
        }
        #expect(error?.code == .missing)
        // A21: an outage gives nobody a new session.
        await bench.server.stop()
        await #expect(throws: SessionError.self) { try await browser.visit { _ = try await $0.current() } }
    }
}
