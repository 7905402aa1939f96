// Sessions read lately from a server in this process, with what was decoded of them. Nothing is guessed: the server
// ends an entry before whoever changed the session hears of it, and deadlines are looked at with the server's clock.

import Martlet
import MartletClient
import Synchronization

final class SessionCache: Sendable {
    enum Answer {
        /// With the server's clock.
        case session(SessionRecord, DecodedSections, now: Int64)
        case gone(SessionError)
        /// The server is to be asked as usual.
        case unknown
    }

    private struct Entry {
        let record: SessionRecord
        let decoded: DecodedSections
        let observer: KeyObserver
        let epoch: Int64
        /// When the session's key is gone.
        let deadline: Int64
        let readAt: Int64
        /// Tells it from what was known of the same session earlier.
        var number = 0

        /// Whether the server would answer the same at `now`. A clock that was set back proves nothing.
        func isRight(at now: Int64) -> Bool {
            observer.isValid && now >= readAt && now <= deadline && record.isAlive(at: now, epoch: epoch)
        }
    }

    private struct State {
        private(set) var entries: [SessionHandle: Entry] = [:]
        /// What was read, in that order, from `head` on; also of entries that are gone or were read again since.
        private var order: [(handle: SessionHandle, number: Int, readAt: Int64)] = []
        private var head = 0
        private var lastNumber = 0
        /// Of entries that are gone, for the server to forget with the next reading.
        var ended: [KeyObserver] = []
        private var dice = SystemRandomNumberGenerator()

        /// What is read often gets in before long; what is read once should not push that out.
        mutating func admits(limit: Int) -> Bool { entries.count < limit || Int.random(in: 0..<8, using: &dice) == 0 }

        mutating func insert(_ entry: consuming Entry, for handle: SessionHandle, limit: Int) {
            remove(handle)
            lastNumber += 1
            entry.number = lastNumber
            let readAt = entry.readAt
            entries[handle] = entry
            order.append((handle, lastNumber, readAt))
            makeRoom(limit: limit, now: readAt)
        }

        /// The oldest go when they are too many, and when they would not be used any more; a few at once, so that
        /// nobody waits for long.
        private mutating func makeRoom(limit: Int, now: Int64) {
            var steps = 0
            while head < order.count, steps < 4 || entries.count > limit {
                let (handle, number, readAt) = order[head]
                let isCurrent = entries[handle]?.number == number
                guard !isCurrent || entries.count > limit || now - readAt >= SessionCache.longestAge else { break }
                if isCurrent { remove(handle) }
                head += 1
                steps += 1
            }
            guard head > order.count / 2 else { return }
            order.removeFirst(head)
            head = 0
        }

        mutating func remove(_ handle: SessionHandle) {
            if let entry = entries.removeValue(forKey: handle) { ended.append(entry.observer) }
        }
    }

    private let connection: LocalConnection
    private let keys: SessionKeys
    private let limit: Int
    private let state = Mutex(State())

    /// After so many ms a session is read again, so that the server knows that its key is in use.
    fileprivate static let longestAge: Int64 = 10_000

    /// Nil when the server is not in this process, or nothing is to be kept. A fake shows each reading to its test.
    init?(_ client: RedisClient, _ keys: SessionKeys, limit: Int) {
        guard limit > 0, let server = client.localServer, !server.isFake, let connection = try? server.connect() else {
            return nil
        }
        if client.database != 0 {
            guard (try? connection.send(["SELECT", client.database])) == .simpleString("OK") else { return nil }
        }
        self.connection = connection
        self.keys = keys
        self.limit = limit
    }

    var count: Int { state.withLock { $0.entries.count } }

    /// The session as it is now, from the cache or from the server.
    func session(_ handle: SessionHandle) async -> Answer {
        let now = connection.wallMilliseconds
        var isAdmitted = true
        let entry = state.withLock { state -> Entry? in
            guard let entry = state.entries[handle] else {
                isAdmitted = state.admits(limit: limit)
                return nil
            }
            if entry.isRight(at: now), now - entry.readAt < Self.longestAge { return entry }
            state.remove(handle)
            return nil
        }
        if let entry { return .session(entry.record, entry.decoded, now: now) }
        return isAdmitted ? await read(handle) : .unknown
    }

    private func read(_ handle: SessionHandle) async -> Answer {
        let (key, epochKey) = (keys.session(handle), keys.epoch(handle.tag))
        let ended = state.withLock { state in
            defer { state.ended = [] }
            return state.ended
        }
        let (results, observer) = await connection.send(
            all: [["HGETALL", key], ["GET", epochKey], ["PEXPIRETIME", key]], observing: [key, epochKey],
            insteadOf: ended)
        guard let observer else { return .unknown }
        let now = connection.wallMilliseconds
        guard let replies = try? results.map({ try $0.get() }), replies.count == 3,
            let deadline = replies[2].integer
        else { return forget(observer, .unknown) }
        let epoch = UserSessions.epoch(replies[1])
        let record: SessionRecord
        do throws(SessionError) {
            record = try SessionRecord.living(replies[0], at: now, epoch: epoch)
        } catch {
            return forget(observer, .gone(error))
        }
        let entry = Entry(
            record: record, decoded: DecodedSections(), observer: observer, epoch: epoch,
            deadline: deadline < 0 ? .max : deadline, readAt: now)
        state.withLock { $0.insert(entry, for: handle, limit: limit) }
        return .session(record, entry.decoded, now: now)
    }

    private func forget(_ observer: KeyObserver, _ answer: Answer) -> Answer {
        state.withLock { $0.ended.append(observer) }
        return answer
    }
}

/// What was decoded of one state of a session.
final class DecodedSections: Sendable {
    private let values = Mutex<[(name: String, value: any Sendable)]>([])

    /// Nil as well when it was decoded as another type.
    func value<Value>(of section: SessionSection<Value>) -> Value? {
        values.withLock { values in
            for (name, value) in values where name == section.name {
                if let value = value as? Value { return value }
            }
            return nil
        }
    }

    func keep<Value>(_ value: Value, of section: SessionSection<Value>) where Value: Sendable {
        values.withLock { $0.append((section.name, value)) }
    }
}
