// Sections that are gone so long after their session was last used.

import Foundation
import Martlet
import MartletClient
import Testing

@testable import MartletSessions

struct SlidingTests {
    private static let draft = SessionSection<String>("draft", ttl: .sliding(.seconds(60)))

    private func field(_ bench: Bench, _ id: SessionID) async throws -> Bool {
        try await bench.client.send("HEXISTS", bench.store.keys.session(id.handle), "s/draft", as: Int.self) == 1
    }

    /// The session's idle time is half an hour: its usual touches would come too late for the section.
    @Test(arguments: [0, 100_000], [false, true]) func useKeepsIt(cached: Int, overTCP: Bool) async throws {
        let bench = try Bench(overTCP: overTCP) { $0.cachedSessions = cached }
        let store = bench.store
        let id = try await store.create(principal: "ann") { (draft) throws(SessionError) in
            try draft.set(Self.draft, to: "text")
            try draft.set(Sections.cart, to: Cart())
        }.session.id
        let envelope = try await bench.client.send("HGET", store.keys.session(id.handle), "s/draft", as: [UInt8].self)
        for _ in 0..<40 {
            bench.advance(by: .seconds(50))
            #expect(try await store.get(id)?.value(Self.draft) == "text")
        }
        // None of these uses wrote it anew.
        let now = try await bench.client.send("HGET", store.keys.session(id.handle), "s/draft", as: [UInt8].self)
        #expect(now == envelope && envelope.starts(with: [0x1C, 0]))
        bench.advance(by: .milliseconds(59_999))
        #expect(try await store.get(id, touch: .none)?.value(Self.draft) == "text")
        bench.advance(by: .milliseconds(1))
        for touch in [TouchMode.none, .configured, .none, .always, .none] {
            let session = try await store.require(id, touch: touch)
            #expect(try session.value(Self.draft) == nil && session.value(Sections.cart) == Cart())
        }
        #expect(try await !field(bench, id))
        // Where nothing slides, touches are as rare as before.
        bench.advance(by: .seconds(100))
        let touches = store.statistics.events[.touched]
        #expect(try await store.get(id) != nil && store.statistics.events[.touched] == touches)
    }

    /// Whatever counts as a use: what had slid away before it does not come back.
    @Test func nothingSlidesBack() async throws {
        let bench = try Bench { $0.touchThrottle = .never }
        let store = bench.store
        let uses: [@Sendable (SessionID) async throws -> SessionID] = [
            { id in
                _ = try await store.touch(id)
                return id
            },
            { id in
                _ = try await store.extend(id, to: .distantFuture)
                return id
            },
            { id in
                try await store.set(Sections.cart, to: Cart(), in: id)
                return id
            },
            { id in try await store.rotate(id).id },
            { id in try await store.promote(id, to: "ann", keeping: ["draft"]).session.id },
            { id in
                try await store.revokeAll(of: "bob", except: id)
                _ = try await store.touch(id)
                return id
            },
        ]
        for use in uses {
            let id = try await store.create(principal: "bob").session.id
            try await store.set(Self.draft, to: "text", in: id)
            bench.advance(by: .milliseconds(60_001))
            let next = try await use(id)
            #expect(try await store.require(next).value(Self.draft) == nil)
            _ = try await store.touch(next)
            #expect(try await store.require(next).value(Self.draft) == nil)
            try await store.delete(next)
        }
    }

    /// It lives on under another id, and slides there.
    @Test(arguments: [false, true]) func itComesAlong(login: Bool) async throws {
        let bench = try Bench()
        let store = bench.store
        let first = try await store.create().session.id
        try await store.set(Self.draft, to: "text", in: first)
        bench.advance(by: .seconds(59))
        let id: SessionID
        if login {
            id = try await store.promote(first, to: "ann", keeping: ["draft"]).session.id
        } else {
            id = try await store.rotate(first).id
            #expect(try await store.touch(id) != .missing)
        }
        for _ in 0..<3 {
            bench.advance(by: .seconds(59))
            #expect(try await store.require(id).value(Self.draft) == "text")
        }
        bench.advance(by: .seconds(60))
        #expect(try await store.require(id).value(Self.draft) == nil)
    }

    /// Written later than the session was last used, it has its whole time from there.
    @Test func writingKeepsIt() async throws {
        let bench = try Bench { $0.touchThrottle = .never }
        let store = bench.store
        let id = try await store.create().session.id
        bench.advance(by: .seconds(100))
        try await store.set(Self.draft, to: "a", in: id)
        bench.advance(by: .milliseconds(59_999))
        #expect(try await store.require(id).value(Self.draft) == "a")
        _ = try await store.mutate(id) { draft in try draft.set(Self.draft, to: "b") }
        bench.advance(by: .milliseconds(59_999))
        #expect(try await store.require(id).value(Self.draft) == "b")
        bench.advance(by: .milliseconds(1))
        #expect(try await store.require(id).value(Self.draft) == nil)
        // The next write that reads all sections takes it away.
        _ = try await store.mutate(id) { draft in try draft.set(Sections.cart, to: Cart()) }
        #expect(try await !field(bench, id))
    }

    /// The server had been told when the section ends; now it slides, and the server is not to take it.
    @Test func aFixedSectionThatSlidesNow() async throws {
        let bench = try Bench()
        let store = bench.store
        let fixed = SessionSection<String>("draft", ttl: .fixed(.seconds(60)))
        let id = try await store.create { (draft) throws(SessionError) in try draft.set(fixed, to: "a") }.session.id
        try await store.set(Self.draft, to: "b", in: id)
        for _ in 0..<4 {
            bench.advance(by: .seconds(50))
            #expect(try await store.require(id).value(Self.draft) == "b")
        }
        try await store.set(fixed, to: "c", in: id)
        bench.advance(by: .milliseconds(60_001))
        #expect(try await !field(bench, id))
    }

    /// The session's own times stay what they are.
    @Test(arguments: [nil, .seconds(500)] as [Duration?]) func absoluteDeadlines(absolute: Duration?) async throws {
        let bench = try Bench()
        let lifetime = SessionLifetime(idle: .seconds(300), absolute: absolute)
        let created = try await bench.store.create(lifetime: lifetime).session
        try await bench.store.set(Self.draft, to: "a", in: created.id)
        let session = try await bench.store.require(created.id)
        #expect(session.absoluteExpiresAt == created.absoluteExpiresAt && session.expiresAt == created.expiresAt)
        bench.advance(by: .seconds(299))
        #expect(try await bench.store.require(created.id).timeRemaining == .seconds(absolute == nil ? 300 : 201))
    }

    /// No program wrote such bytes: a sliding time by itself, or one that is cut off; or it lasts for ever.
    @Test func strangeBytes() async throws {
        #expect(Envelope.end(of: [0x18] + [UInt8](repeating: 0, count: 20)) == nil)
        #expect(Envelope.end(of: [0x1C] + [UInt8](repeating: 0, count: 12)) == nil)
        let bench = try Bench { $0.touchThrottle = .always }
        let id = try await bench.store.create().session.id
        for (duration, lives) in [(Duration.seconds(Int64.max), true), (.zero, false), (.seconds(-5), false)] {
            let section = SessionSection<String>("note", ttl: .sliding(duration))
            try await bench.store.set(section, to: "x", in: id)
            #expect(try await (bench.store.require(id).value(section) == "x") == lives)
        }
    }
}
