// The store against a model: what random steps do to the sessions of a few users, on a clock that stands.
//
// Two stores take turns, of which one keeps copies of what it has read and the other does not.

import Foundation
import Testing

@testable import Martlet
@testable import MartletClient
@testable import MartletSessions

struct ModelTests {
    @Test(arguments: [SessionLimit.unlimited, .evictOldest(3), .reject(3)])
    func randomSteps(limit: SessionLimit) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var model = try SessionModel(seed: seed, limit)
        for step in 0..<400 {
            try await model.step()
            let difference = try await model.difference()
            try #require(difference == nil, "seed \(seed), step \(step): \(model.latest)")
        }
        let report = try await model.stores[0].audit()
        #expect(report.withoutDeadline == 0 && report.unindexed == 0 && report.foreign == 0, "seed \(seed)")
    }
}

/// What there should be. Times are in ms.
struct SessionModel {
    struct Known {
        let principal: Principal?
        let created: Int64
        var deadline: Int64
        let absolute: Int64?
        let idle: Int64
        var list: [Int]?
        var lastUse: Int64
        var note: Note?
        var visits: Int64 = 0

        func note(at now: Int64) -> Note? {
            note.flatMap { max($0.written, lastUse) + SessionModel.noteTime > now ? $0 : nil }
        }
    }

    /// What stands in a section that slides.
    struct Note {
        let number: Int
        let written: Int64
    }

    private static let noteTime: Int64 = 300_000
    private static let note = SessionSection<Int>("note", ttl: .sliding(.milliseconds(noteTime)))

    let stores: [SessionStore]
    private let bench: Bench
    private let other: RedisClient
    private let limit: SessionLimit
    private var dice: SeededRandom
    private var now: Int64 = 1_800_000_000_000
    private var sessions: [SessionHandle: Known] = [:]
    private var aliases: [SessionHandle: (successor: SessionHandle, until: Int64)] = [:]
    /// All that ever were.
    private var ids: [SessionID] = []
    /// What the latest step was.
    private(set) var latest = ""

    private static let users: [Principal] = ["ann", "bob", "eve"]

    init(seed: UInt64, _ limit: SessionLimit) throws {
        dice = SeededRandom(seed: seed)
        self.limit = limit
        func configure(_ configuration: inout SessionStoreConfiguration, _ number: UInt64) {
            configuration.limit = limit
            configuration.random = SeededRandom(seed: seed ^ number)
        }
        bench = try Bench(standing: true) { configure(&$0, 1) }
        other = RedisClient(bench.server)
        var configuration = SessionStoreConfiguration()
        configuration.cachedSessions = 0
        configure(&configuration, 2)
        stores = [bench.store, try SessionStore(other, configuration: configuration)]
    }

    // MARK: What the model knows

    /// The session that an id leads to now.
    private func living(_ id: SessionID) -> SessionHandle? {
        var handle = id.handle
        while true {
            if let known = sessions[handle], isAlive(known) { return handle }
            guard let alias = aliases[handle], now <= alias.until else { return nil }
            handle = alias.successor
        }
    }

    private func isAlive(_ known: Known) -> Bool { now < known.deadline && now < known.absolute ?? .max }

    private func living(of user: Principal) -> [SessionHandle] {
        sessions.filter { $0.value.principal == user && isAlive($0.value) }.map(\.key)
    }

    // MARK: Steps

    mutating func step() async throws {
        let store = stores[dice.below(2)]
        let id = ids.isEmpty ? nil : ids[max(0, ids.count - 1 - dice.below(12))]
        guard let id, dice.below(12) > 2 else { return try await begin(id, store) }
        latest = "\(id.handle)"
        switch dice.below(9) {
        case 0: try await rotate(id, store)
        case 1: try await touch(id, store)
        case 2: try await extend(id, store)
        case 3, 4: try await change(id, store)
        case 5: try await end(id, store)
        case 6 where dice.below(4) == 0: try await endAll(id, store)
        default:
            let pause = Int64([1, 7000, 400_000, 1_000_000][dice.below(4)])
            latest = "advance \(pause)"
            now += pause
            bench.advance(by: .milliseconds(pause))
        }
    }

    /// A session begins, by itself or with a login.
    private mutating func begin(_ old: SessionID?, _ store: SessionStore) async throws {
        let isLogin = dice.below(3) > 0
        let user = isLogin || dice.below(2) == 0 ? Self.users[dice.below(3)] : nil
        let (idle, absolute) = [(900, 3000), (1800, nil), (600, 700)][dice.below(3)] as (Int64, Int64?)
        let lifetime = SessionLifetime(idle: .seconds(idle), absolute: absolute.map { .seconds($0) })
        let keeps = dice.below(2) == 0
        let before = isLogin ? old.flatMap { living($0) } : nil
        latest = "begin, login \(isLogin), keeps \(keeps), before \(String(describing: before))"
        let present = user.map { living(of: $0).filter { $0 != before || sessions[$0]?.principal != user } } ?? []
        let created: CreatedSession
        do throws(SessionError) {
            if isLogin, let user {
                created = try await store.promote(
                    old, to: user, keeping: keeps ? ["list", "note"] : [], lifetime: lifetime)
            } else {
                created = try await store.create(principal: user, lifetime: lifetime)
            }
        } catch {
            #expect(error.code == .sessionLimitReached && limit.policy == .reject && present.count >= limit.count)
            return
        }
        #expect(user == nil || limit.policy != .reject || present.count < limit.count)
        evict(created.evicted.map(\.id), of: present)
        let list = keeps ? before.flatMap { sessions[$0]?.list } : nil
        let note = keeps ? before.flatMap { sessions[$0]?.note(at: now) } : nil
        if let before { sessions[before] = nil }
        sessions[created.session.handle] = Known(
            principal: user, created: now, deadline: now + 1000 * min(idle, absolute ?? .max),
            absolute: absolute.map { now + 1000 * $0 }, idle: idle * 1000, list: list, lastUse: now, note: note)
        ids.append(created.session.id)
    }

    /// The oldest, and no more than have to.
    private mutating func evict(_ evicted: [SessionHandle], of present: [SessionHandle]) {
        let excess = limit.policy == .reject ? 0 : max(0, present.count - limit.count + 1)
        #expect(evicted.count == excess && Set(evicted).isSubset(of: present))
        let youngest = evicted.compactMap { sessions[$0]?.created }.max() ?? 0
        let kept = Set(present).subtracting(evicted).compactMap { sessions[$0]?.created }
        #expect(kept.allSatisfy { youngest <= $0 })
        for handle in evicted { sessions[handle] = nil }
    }

    private mutating func rotate(_ id: SessionID, _ store: SessionStore) async throws {
        let grace = Int64(dice.below(2) * 10_000)
        latest = "rotate \(id.handle), grace \(grace)"
        guard let old = living(id) else {
            await #expect(throws: SessionError.self) { _ = try await store.rotate(id) }
            return
        }
        let rotated = try await store.rotate(id, grace: .milliseconds(grace))
        sessions[rotated.handle] = sessions.removeValue(forKey: old)
        if grace > 0 { aliases[old] = (rotated.handle, now + grace) }
        ids.append(rotated.id)
    }

    private mutating func touch(_ id: SessionID, _ store: SessionStore) async throws {
        latest = "touch \(id.handle)"
        let result = try await store.touch(id)
        guard let handle = living(id), let known = sessions[handle] else {
            #expect(result == .missing)
            return
        }
        let deadline = min(max(known.deadline, now + known.idle), known.absolute ?? .max)
        #expect(result == .extended(Date(milliseconds: deadline)))
        sessions[handle]?.deadline = deadline
        sessions[handle]?.note = known.note(at: now)
        sessions[handle]?.lastUse = now
    }

    private mutating func extend(_ id: SessionID, _ store: SessionStore) async throws {
        let wanted = now + Int64(dice.below(5000)) * 1000
        latest = "extend \(id.handle) to \(wanted)"
        let isThere = try await store.extend(id, to: Date(milliseconds: wanted))
        let handle = living(id)
        #expect(isThere == (handle != nil))
        guard let handle, let known = sessions[handle] else { return }
        sessions[handle]?.deadline = min(max(known.deadline, wanted), known.absolute ?? .max)
    }

    private mutating func change(_ id: SessionID, _ store: SessionStore) async throws {
        let handle = living(id)
        let number = dice.below(1000)
        latest = "change \(id.handle)"
        do throws(SessionError) {
            if number < 250 {
                try await store.set(Self.note, to: number, in: id)
                if let handle { sessions[handle]?.note = Note(number: number, written: now) }
            } else if number < 500 {
                try await store.set(Sections.list, to: [number], in: id)
                if let handle { sessions[handle]?.list = [number] }
            } else {
                let value = try await store.increment(Sections.visits, by: Int64(number), in: id)
                if let handle { sessions[handle]?.visits += Int64(number) }
                #expect(value == handle.flatMap { sessions[$0]?.visits })
            }
            #expect(handle != nil)
        } catch {
            #expect(error.code == .missing && handle == nil)
        }
    }

    private mutating func end(_ id: SessionID, _ store: SessionStore) async throws {
        latest = "delete \(id.handle)"
        let handle = living(id)
        #expect(try await store.delete(id) == (handle != nil))
        if let handle { sessions[handle] = nil }
    }

    private mutating func endAll(_ id: SessionID, _ store: SessionStore) async throws {
        let user = Self.users[dice.below(3)]
        let isSpared = dice.below(2) == 0
        latest = "end all of \(user), spare \(isSpared ? "\(id.handle)" : "none")"
        let spared = isSpared ? living(id) : nil
        let ended = living(of: user).filter { $0 != spared }
        #expect(try await store.revokeAll(of: user, except: isSpared ? id : nil) == ended.count)
        for handle in ended { sessions[handle] = nil }
    }

    // MARK: Looking

    /// What is not as it should be; nil: all is.
    func difference() async throws -> String? {
        for id in ids.suffix(8) {
            for store in stores {
                let session = try await store.get(id, touch: .none)
                let handle = living(id)
                guard session?.handle == handle else { return "\(id.handle) leads to \(String(describing: session))" }
                guard let session, let known = handle.flatMap({ sessions[$0] }) else { continue }
                guard session.principal == known.principal,
                    session.expiresAt == Date(milliseconds: known.deadline),
                    try session.value(Sections.list) == known.list,
                    try session.value(Self.note) == known.note(at: now)?.number,
                    session.value(Sections.visits) == known.visits
                else { return "\(session) is not \(known)" }
            }
        }
        for user in Self.users {
            let found = try await stores[1].sessions(of: user, limit: 1000)
            let expected = living(of: user)
            guard Set(found.map(\.id)) == Set(expected) else { return "\(user) has \(found)" }
            let index = stores[0].keys.index(stores[0].tag(of: user))
            let rest = try await bench.client.send("PTTL", index, as: Int64.self)
            let wanted = expected.compactMap { sessions[$0]?.deadline }.max()
            // Both are of a clock that stands.
            guard rest == -2 ? wanted == nil : rest >= (wanted ?? now) - now else { return "\(index) has \(rest) ms" }
        }
        return nil
    }
}
