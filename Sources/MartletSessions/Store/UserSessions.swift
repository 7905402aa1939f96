// The index of one user's sessions: which there are, which are over, and which have to end for another to begin.
//
// Whatever adds to it or takes away watches it, so that two logins at once see each other. It lives at least as long as
// its longest member, and who reads it takes out what is dead.

import Martlet
import MartletClient

struct UserSessions: Sendable {
    let tag: String
    let keys: SessionKeys

    /// What the index says, held against the sessions themselves.
    struct Present: Sendable {
        let epoch: Int64
        /// When the index itself ends; nil when there is none.
        let deadline: Int64?
        /// In no order.
        let alive: [(handle: SessionHandle, record: SessionRecord)]
        /// In the index, and gone.
        let dead: [String]

        /// Which have to end before another may begin.
        func evictions(for limit: SessionLimit) throws(SessionError) -> [SessionSummary] {
            guard alive.count >= limit.count else { return [] }
            let ordered: [(handle: SessionHandle, record: SessionRecord)]
            switch limit.policy {
            case .reject:
                throw SessionError(.sessionLimitReached, "The user has \(alive.count) sessions, and may have no more")
            case .evictOldest: ordered = alive.sorted { $0.record.created < $1.record.created }
            case .evictLeastRecentlyUsed: ordered = alive.sorted { $0.record.accessed < $1.record.accessed }
            }
            return ordered.prefix(alive.count - max(limit.count, 1) + 1).map { SessionSummary($0.handle, $0.record) }
        }
    }

    var watched: [String] { [keys.index(tag), keys.epoch(tag)] }

    /// What `present` needs.
    var reads: [RedisCommand] {
        [
            RedisCommand("HKEYS", keys.index(tag)), RedisCommand("GET", keys.epoch(tag)),
            RedisCommand("PTTL", keys.index(tag)),
        ]
    }

    /// `replies` are those to `reads`. A session that ends anyway counts as dead.
    func present(
        _ reading: SessionServer.Reading, _ replies: [RESPValue], without ending: SessionHandle? = nil
    ) async throws(SessionError) -> Present {
        let handles = ([String].decode(replies[0]) ?? []).map { SessionHandle(tag: tag, digest: $0) }
        let epoch = Self.epoch(replies[1])
        let headers = try await reading.more(
            handles.map { RedisCommand(words: ["HMGET", keys.session($0)] + SessionField.header) })
        let (alive, dead) = Self.sort(handles, headers, at: reading.now, epoch: epoch, without: ending)
        let deadline = Self.deadline(replies[2], at: reading.now)
        return Present(epoch: epoch, deadline: deadline, alive: alive, dead: dead)
    }

    /// When the index ends, nil when there is none; and whether it names this session. It is watched from now on, so
    /// that nobody changes that meanwhile.
    func watchedPlace(
        of handle: SessionHandle, _ reading: SessionServer.Reading
    ) async throws(SessionError) -> (deadline: Int64?, isNamed: Bool) {
        let index = keys.index(tag)
        let replies = try await reading.more([
            RedisCommand("WATCH", index), RedisCommand("PTTL", index), RedisCommand("HEXISTS", index, handle.digest),
        ])
        return (Self.deadline(replies[1], at: reading.now), replies[2] == .integer(1))
    }

    /// From the reply to GET of the epoch's key: 0 when there is none. What no store has written is kept within bounds.
    static func epoch(_ reply: RESPValue) -> Int64 { min(max(Int64.decode(reply) ?? 0, 0), 1 << 60) }

    /// From the reply to PTTL: when the key ends; nil when there is none.
    static func deadline(_ reply: RESPValue, at now: Int64) -> Int64? {
        switch Int64.decode(reply) ?? -2 {
        case -2: nil
        case -1: .max
        // A clock is below 2^51.
        case let remaining: now + min(remaining, 1 << 60)
        }
    }

    /// Which of the sessions with these headers are alive.
    static func sort(
        _ handles: [SessionHandle], _ headers: [RESPValue], at now: Int64, epoch: Int64,
        without ending: SessionHandle? = nil
    ) -> (alive: [(handle: SessionHandle, record: SessionRecord)], dead: [String]) {
        var (alive, dead): ([(handle: SessionHandle, record: SessionRecord)], [String]) = ([], [])
        for (handle, header) in zip(handles, headers) {
            if handle != ending, let record = SessionRecord(header), record.isAlive(at: now, epoch: epoch) {
                alive.append((handle, record))
            } else {
                dead.append(handle.digest)
            }
        }
        return (alive, dead)
    }

    /// What adds a session, and ends those that must go.
    func adding(
        _ handle: SessionHandle, _ record: SessionRecord, to present: Present, without evicted: [SessionHandle]
    ) -> [RedisCommand] {
        let index = keys.index(tag)
        var writes = [RedisCommand("HSET", index, handle.digest, Int(record.created))]
        let gone = present.dead + evicted.map(\.digest)
        if !gone.isEmpty { writes.append(RedisCommand(words: ["HDEL", index] + gone)) }
        if !gone.isEmpty {
            let handles = gone.map { SessionHandle(tag: tag, digest: $0) }
            writes.append(RedisCommand(words: ["DEL"] + handles.map(keys.session)))
        }
        if let extending = extending(to: record.deadline, from: present.deadline) { writes.append(extending) }
        return writes
    }

    /// What makes the index live at least until `deadline`; nil when it does.
    func extending(to deadline: Int64, from present: Int64?) -> RedisCommand? {
        if let present, present >= deadline { return nil }
        return RedisCommand("PEXPIREAT", keys.index(tag), Int(deadline))
    }
}
