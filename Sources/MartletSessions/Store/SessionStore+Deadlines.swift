// Using a session: its deadline moves, and that of its user's index with it.

import Foundation
import Martlet
import MartletClient

/// What using a session came to.
public enum TouchResult: Sendable, Equatable {
    /// It lives until then unless it is used again.
    case extended(Date)
    /// There is no such session.
    case missing
}

extension SessionStore {
    /// Uses a session: it gets a new deadline, whatever the throttle says.
    ///
    /// - Parameters:
    ///   - activity: shortens or lengthens the idle time that is added; a deadline never moves to an earlier time.
    ///   - durability: how safe the new deadline has to be, if more than the store asks for.
    public func touch(
        _ id: SessionID, activity: ActivityLevel = .normal, durability: Durability = .memory
    ) async throws(SessionError) -> TouchResult {
        let record = try await seeking(.touch) { () async throws(SessionError) in
            try await onLiving(id) { (handle) async throws(SessionError) -> SessionRecord in
                switch try await use(handle, activity, durability) {
                case .extended(let record, _), .recent(let record): return record
                }
            }
        }
        return record.map { .extended(Date(milliseconds: $0.deadline)) } ?? .missing
    }

    /// Moves the deadline to a later time; an earlier one, and what lies beyond the absolute deadline, changes nothing.
    ///
    /// - Returns: whether there is such a session.
    public func extend(_ id: SessionID, to deadline: Date) async throws(SessionError) -> Bool {
        let isThere = try await seeking(.touch) { () async throws(SessionError) in
            try await onLiving(id) { (handle) async throws(SessionError) -> Bool in
                _ = try await postpone(handle) { record, _ in
                    record.deadline = min(max(record.deadline, deadline.milliseconds), record.absolute ?? .max)
                    return true
                }
                return true
            }
        }
        return isThere ?? false
    }

    enum Use: Sendable {
        case extended(SessionRecord, at: Int64)
        /// Somebody else used it just now.
        case recent(SessionRecord)
    }

    /// - Parameter interval: nothing is written when it was used within so many ms; nil: it is in any case.
    func use(
        _ handle: SessionHandle, _ activity: ActivityLevel, _ durability: Durability = .memory,
        unlessWithin interval: Int64? = nil
    ) async throws(SessionError) -> Use {
        let used = try await postpone(handle, durability) { record, now in
            // Of many that found it due at once one writes.
            if let interval, now - record.accessed < interval { return false }
            record.deadline = record.deadline(usedAt: now, activity)
            record.accessed = max(record.accessed, now)
            return true
        }
        if case .extended(let record, let now) = used { state.tell(.touched, at: now, SessionSummary(handle, record)) }
        return used
    }

    /// The session and its user's index get the new deadline together, unless `change` says that it need not be.
    private func postpone(
        _ handle: SessionHandle, _ durability: Durability = .memory,
        _ change: @escaping @Sendable (inout SessionRecord, _ now: Int64) -> Bool
    ) async throws(SessionError) -> Use {
        let user = UserSessions(tag: handle.tag, keys: keys)
        let (key, index) = (keys.session(handle), keys.index(handle.tag))
        return try await server.change([key], reading: headerReads(handle)) {
            (reading) async throws(SessionError) -> SessionServer.Decision<Use> in
            var record = try living(reading)
            let lastUse = record.accessed
            guard change(&record, reading.now) else { return .done(.recent(record)) }
            var writes: [RedisCommand] = []
            if record.accessed > lastUse { writes = try await endSlidden(&record, key, reading) }
            let changed = record
            writes += [
                RedisCommand("HSET", key, SessionField.times, record.times),
                RedisCommand("PEXPIREAT", key, Int(record.deadline)),
            ]
            if record.principal != nil {
                let place = try await user.watchedPlace(of: handle, reading)
                // An index that lost it, or was deleted, is made whole again by those who are used.
                if !place.isNamed { writes.append(RedisCommand("HSET", index, handle.digest, Int(record.created))) }
                if let extending = user.extending(to: record.deadline, from: place.deadline) {
                    writes.append(extending)
                }
            }
            return .write(writes, configuration.durability.and(durability)) { _ in .extended(changed, at: reading.now) }
        }
    }

    // MARK: Deadlines of sections

    /// A use brings no section back that had slid away before it: they go with it. Others need no looking at.
    private func endSlidden(
        _ record: inout SessionRecord, _ key: String, _ reading: SessionServer.Reading
    ) async throws(SessionError) -> [RedisCommand] {
        guard record.sliding != nil else { return [] }
        guard var whole = SessionRecord(try await reading.more([RedisCommand("HGETALL", key)])[0]) else { return [] }
        let over = whole.dropSections(overAt: reading.now)
        record.sliding = whole.sliding
        return over.isEmpty ? [] : [RedisCommand(words: ["HDEL", key] + over.map(SessionField.section))]
    }

    /// Memory comes back in time; that a section is gone stands in its bytes. One that slides has no time at the
    /// server, which every use would have to move: its memory comes back with the next use or write.
    func fieldTimes(of sections: SectionList, in key: String) -> [RedisCommand] {
        sections.compactMap { name, envelope in
            guard let end = Envelope.end(of: envelope), end.sliding == nil else { return nil }
            let time = Int(min(end.deadline, SessionField.latestDeadline))
            return RedisCommand("HPEXPIREAT", key, time, "FIELDS", 1, SessionField.section(name))
        }
    }

    /// Runs `body` with whether the server gives single fields a time. The server may be another one since it was
    /// asked, or forbid what it has: then `body` runs again without.
    func withFieldTimes<Value>(
        _ body: (_ hasTimes: Bool) async throws(SessionError) -> Value
    ) async throws(SessionError) -> Value {
        guard try await supportsFieldTTL() else { return try await body(false) }
        do throws(SessionError) {
            return try await body(true)
        } catch {
            // What is unknown or forbidden is refused before anything is done.
            guard error.code == .server, error.message.uppercased().contains("HPEXPIREAT") else { throw error }
            state.supportsFieldTTL = false
            return try await body(false)
        }
    }

    /// Redis from 7.4 on, Valkey from 9.0 on, Martlet. Who may not ask does without.
    private func supportsFieldTTL() async throws(SessionError) -> Bool {
        if let known = state.supportsFieldTTL { return known }
        var isThere = false
        do throws(SessionError) {
            let replies = try SessionServer.values(
                try await server.pipeline([RedisCommand("COMMAND", "INFO", "HPEXPIREAT")]))
            isThere = replies[0].elements?.first?.elements != nil
        } catch {
            guard error.code == .server else { throw error }
        }
        state.supportsFieldTTL = isThere
        return isThere
    }
}
