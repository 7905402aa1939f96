// Login and rotation while other requests of the same browser are on their way.

import Martlet
import MartletClient
import Synchronization
import Testing

@testable import MartletSessions

struct LoginTests {
    /// B5: of two requests that rotate one does; the other's answer brings no id that would die with the grace.
    @Test func twoRequestsThatRotate() async throws {
        let bench = try Bench()
        let browser = Browser(bench.store)
        try await browser.visit { $0.set(Sections.cart, to: Cart()) }
        let late = Browser(bench.store, cookie: browser.cookie)
        try await late.visit { request in
            _ = try await request.current()
            request.rotate()
            try await browser.visit { other in
                _ = try await other.current()
                other.rotate()
            }
        }
        #expect(late.header == nil && browser.header != nil)
        bench.advance(by: .seconds(11))
        #expect(try await browser.visit { try await $0.current() } != nil)
        // A session that is gone is not rotated, and that is told.
        let error = await #expect(throws: SessionError.self) {
            try await browser.visit { request in
                let session = try #require(try await request.current())
                request.rotate()
                try await bench.store.delete(session.id)
            }
        }
        #expect(error?.code == .missing)
    }

    /// B7: what was written to the session before login up to its end is in the new one.
    @Test(arguments: [nil, "ann"] as [Principal?]) func noUpdateIsLostAtLogin(before: Principal?) async throws {
        let bench = try Bench { $0.conflictRetries = 1000 }
        let store = bench.store
        for number in 0..<40 {
            let old = try await store.create(principal: before).session.id
            async let promoted = store.promote(old, to: "ann", keeping: ["list"]).session.id
            async let written = {
                do throws(SessionError) {
                    try await store.set(Sections.list, to: [number], in: old)
                    return true
                } catch {
                    return false
                }
            }()
            let (new, isWritten) = try await (promoted, written)
            if isWritten { #expect(try await store.require(new).value(Sections.list) == [number]) }
            try await store.delete(new)
        }
        #expect(try await bench.keys().filter { $0.hasPrefix("mt:s:") } == [])
    }

    /// B7: somebody changes the session before login after it was copied, twice; what the login adds comes on top.
    @Test func aLoginBehindChanges() async throws {
        let bench = try Bench()
        let store = bench.store
        let old = try await store.create(metadata: ["ip": "1"]).session.id
        try await store.set(Sections.list, to: [1], in: old)
        try await store.set(Sections.csrf, to: "old", in: old)
        let key = store.keys.session(old.handle)
        let other = try await store.create { (draft) throws(SessionError) in
            try draft.set(Sections.list, to: [1, 2])
        }.session.id
        let list = try await bench.client.send("HGET", store.keys.session(other.handle), "s/list", as: [UInt8].self)
        let times = try await bench.client.send("HGET", key, "@t", as: String.self)
        let others = try bench.server.connect()
        let runs = Mutex(0)
        let new = try await store.promote(old, to: "ann", keeping: ["list"]) { (draft) throws(SessionError) in
            let run = runs.withLock { count -> Int in
                count += 1
                return count
            }
            let version = "\(10 + run)" + times.drop { $0 != " " }
            if run < 3 { _ = try? others.send("HSET", key, "@t", version, "s/list", list) }
            try draft.set(Sections.list, to: (draft.value(Sections.list) ?? []) + [9])
        }.session
        #expect(try runs.withLock(\.self) == 3 && new.value(Sections.list) == [1, 2, 9])
        let session = try await store.require(new.id)
        #expect(try session.value(Sections.list) == [1, 2, 9] && session.value(Sections.csrf) == nil)
        #expect(session.metadata == ["ip": "1"] && session.principal == "ann")
        #expect(try await store.get(old) == nil)
    }

    /// B7: who is overtaken each time gives up, and the session before login is what it was.
    @Test func aLoginThatIsOvertakenEachTime() async throws {
        let bench = try Bench { $0.conflictRetries = 2 }
        let store = bench.store
        let old = try await store.create().session.id
        let key = store.keys.session(old.handle)
        let times = try await bench.client.send("HGET", key, "@t", as: String.self)
        let others = try bench.server.connect()
        let runs = Mutex(0)
        let error = await #expect(throws: SessionError.self) {
            try await store.promote(old, to: "ann") { (draft) throws(SessionError) in
                let run = runs.withLock { count -> Int in
                    count += 1
                    return count
                }
                _ = try? others.send("HSET", key, "@t", "\(10 + run)" + times.drop { $0 != " " })
                try draft.set(Sections.list, to: [run])
            }
        }
        #expect(error?.code == .conflict)
        #expect(try await store.count(of: "ann") == 0)
        #expect(try await store.get(old) != nil)
    }

    /// B9: a request that left the browser before login does not log its user out.
    @Test(arguments: [false, true]) func requestsWithTheIDBeforeLogin(again: Bool) async throws {
        let bench = try Bench()
        let browser = Browser(bench.store)
        try await browser.visit { $0.set(Sections.cart, to: Cart()) }
        if again { try await browser.visit { $0.login("ann") } }
        let late = Browser(bench.store, cookie: browser.cookie)
        try await browser.visit { $0.login("ann", keeping: ["cart"]) }
        let error = await #expect(throws: SessionError.self) {
            try await late.visit { $0.set(Sections.cart, to: Cart(items: ["late"])) }
        }
        #expect(error?.code == .missing && late.header == nil)
        #expect(try await bench.keys().count { $0.hasPrefix("mt:s:") } == 1)
        #expect(try await browser.visit { try await $0.principal() } == "ann")
        // After a while nobody remembers, as with any id that leads nowhere.
        bench.advance(by: .seconds(61))
        try await late.visit { $0.set(Sections.cart, to: Cart(items: ["new"])) }
        #expect(late.header != nil)
        #expect(try await bench.store.audit().withoutDeadline == 0)
    }

    /// An id that was left at login is not sent again because its session's deadline had moved.
    @Test func anExtensionBehindALogin() async throws {
        let bench = try Bench()
        let browser = Browser(bench.store)
        try await browser.visit { $0.set(Sections.cart, to: Cart()) }
        bench.advance(by: .seconds(600))
        let late = Browser(bench.store, cookie: browser.cookie)
        try await late.visit { request in
            #expect(try await request.current()?.wasExtended == true)
            try await browser.visit { $0.login("ann") }
        }
        #expect(late.header == nil)
    }

    /// B24: a login whose values cannot be written leaves no session that nobody knows of, and the old one as it was.
    @Test func aLoginWithValuesThatAreRefused() async throws {
        let bench = try Bench()
        let small = SessionSection<String>("small", maximumEncodedBytes: 4)
        let browser = Browser(bench.store)
        try await browser.visit { $0.set(Sections.cart, to: Cart(items: ["a"])) }
        let error = await #expect(throws: SessionError.self) {
            try await browser.visit { request in
                request.login("ann")
                request.set(small, to: "too long")
            }
        }
        #expect(error?.code == .tooLarge)
        #expect(try await bench.store.count(of: "ann") == 0)
        #expect(try await browser.visit { try await $0.value(Sections.cart) } == Cart(items: ["a"]))
        try await browser.visit { request in
            request.login(
                "ann", keeping: ["cart"], lifetime: SessionLifetime(idle: .seconds(30 * 86400), absolute: nil))
            request.set(small, to: "ok")
            request.update(Sections.cart) { $0?.items.append("b") }
        }
        #expect(browser.header?.contains("Max-Age=2592000;") == true)
        let session = try #require(try await browser.visit { try await $0.current() })
        #expect(try session.value(small) == "ok" && session.value(Sections.cart) == Cart(items: ["a", "b"]))
    }

    /// Who logs out is logged out, whatever becomes of the answer.
    @Test func aLogoutWhoseHandlerFails() async throws {
        struct Failure: Error {}
        let bench = try Bench()
        let browser = Browser(bench.store)
        try await browser.visit { $0.login("ann") }
        await #expect(throws: Failure.self) {
            try await browser.visit { request in
                request.logout()
                throw Failure()
            }
        }
        #expect(try await bench.store.count(of: "ann") == 0)
    }

    /// B8: requests that change the same section at once lose nothing of each other.
    @Test func updatesOfOneSection() async throws {
        let bench = try Bench()
        let browser = Browser(bench.store)
        func add(_ number: Int, _ request: RequestSession) {
            request.update(Sections.list) { $0 = ($0 ?? []) + [number] }
        }
        let first = try await browser.visit { request in
            add(1, request)
            return try await request.value(Sections.list)
        }
        #expect(first == [1])
        let other = Browser(bench.store, cookie: browser.cookie)
        try await browser.visit { request in
            add(2, request)
            #expect(try await request.value(Sections.list) == [1, 2])
            try await other.visit { add(3, $0) }
            add(4, request)
        }
        #expect(try await browser.visit { try await $0.value(Sections.list) } == [1, 3, 2, 4])
        let seen = try await browser.visit { request -> [[Int]?] in
            request.set(Sections.list, to: [7])
            add(8, request)
            let first = try await request.value(Sections.list)
            request.remove(Sections.list)
            request.update(Sections.list) { $0?.append(9) }
            return [first, try await request.value(Sections.list)]
        }
        #expect(seen == [[7, 8], nil])
        #expect(try await browser.visit { try await $0.value(Sections.list) } == nil)
    }
}
