// All sessions of a user: what a page of devices shows, and what ends them.

import Foundation
import Martlet
import MartletClient

/// What was taken away with a user.
public struct ErasureReport: Sendable, Equatable {
    /// Sessions that were ended.
    public let sessions: Int
}

/// Everything that is stored of a session, for the user who asks for it.
public struct SessionExport: Sendable {
    /// Times, metadata, handle.
    public let summary: SessionSummary
    /// Sections by name, as the codec wrote them: JSON unless the store was told otherwise.
    public let sections: [String: [UInt8]]
    /// Counters by name.
    public let counters: [String: Int64]
}

extension SessionStore {
    /// The longest time for which a browser keeps a cookie (RFC 6265bis): no session can be older than that without
    /// having been used.
    private static let epochMemory = Duration.seconds(400 * 86400)

    /// The user's sessions, the newest first.
    ///
    /// - Parameters:
    ///   - limit: at most so many.
    ///   - last: those behind this one in the list: the last of the page before.
    public func sessions(
        of principal: Principal, limit: Int = 50, after last: SessionHandle? = nil
    ) async throws(SessionError) -> [SessionSummary] {
        try await counting(.list) { () async throws(SessionError) in
            let all = try await living(of: principal).map { SessionSummary($0.handle, $0.record) }.sorted {
                ($1.createdAt, $0.id.digest) < ($0.createdAt, $1.id.digest)
            }
            let start = last.flatMap { last in all.firstIndex { $0.id == last }.map { $0 + 1 } } ?? 0
            return Array(all.dropFirst(start).prefix(max(limit, 0)))
        }
    }

    /// How many sessions the user has.
    public func count(of principal: Principal) async throws(SessionError) -> Int {
        try await counting(.list) { () async throws(SessionError) in try await living(of: principal).count }
    }

    /// Reads the index and the headers it leads to, and takes the dead out of the index: none comes to life again.
    private func living(
        of principal: Principal
    ) async throws(SessionError) -> [(handle: SessionHandle, record: SessionRecord)] {
        let tag = tag(of: principal)
        let user = UserSessions(tag: tag, keys: keys)
        let index = keys.index(tag)
        let (now, replies) = try await server.read(near: index, user.reads)
        let handles = ([String].decode(replies[0]) ?? []).map { SessionHandle(tag: tag, digest: $0) }
        guard !handles.isEmpty else { return [] }
        let epoch = UserSessions.epoch(replies[1])
        let headers = try SessionServer.values(
            try await server.pipeline(
                handles.map { RedisCommand(words: ["HMGET", keys.session($0)] + SessionField.header) }))
        let (living, dead) = UserSessions.sort(handles, headers, at: now, epoch: epoch)
        if !dead.isEmpty {
            _ = try await server.pipeline([RedisCommand(words: ["HDEL", index] + dead)])
        }
        return living
    }

    // MARK: Ending

    /// Ends one of the user's sessions: what a page of devices does.
    ///
    /// - Returns: false when there is no such session, or it is another user's.
    @discardableResult
    public func revoke(_ handle: SessionHandle, of principal: Principal) async throws(SessionError) -> Bool {
        let removed = try await seeking(.revoke) { () async throws(SessionError) in
            guard handle.tag == tag(of: principal) else { return nil as Ended? }
            return try await remove(handle, of: principal)
        }
        guard let removed else { return false }
        state.tell(.revoked, at: removed.at, removed.summary)
        return true
    }

    /// Ends all sessions of the user, but one if wanted: logout everywhere. Those that nobody can find are ended, too:
    /// they are of an earlier epoch from now on.
    ///
    /// - Returns: how many were ended.
    @discardableResult
    public func revokeAll(
        of principal: Principal, except survivor: SessionID? = nil
    ) async throws(SessionError) -> Int {
        try await counting(.revoke) { () async throws(SessionError) in
            var spared: SessionHandle?
            if let survivor {
                spared = try await ifThere { () async throws(SessionError) in
                    try await onLiving(survivor) { (handle) async throws(SessionError) in
                        try await read(survivor, at: handle).handle
                    }
                }
            }
            let ended = try await endAll(of: principal, except: spared)
            for ended in ended { state.tell(.revoked, at: ended.at, ended.summary) }
            return ended.count
        }
    }

    private func endAll(
        of principal: Principal, except survivor: SessionHandle?
    ) async throws(SessionError) -> [Ended] {
        let tag = tag(of: principal)
        let user = UserSessions(tag: tag, keys: keys)
        let spared = survivor.flatMap { $0.tag == tag ? $0 : nil }
        let watched = user.watched + (spared.map { [keys.session($0)] } ?? [])
        let reads = user.reads + (spared.map { Array(headerReads($0).prefix(1)) } ?? [])
        return try await server.change(watched, reading: reads) {
            (reading) async throws(SessionError) -> SessionServer.Decision<[Ended]> in
            let present = try await user.present(reading, Array(reading.replies.prefix(3)))
            let ended = present.alive.filter { $0.handle != spared }.map { handle, record in
                Ended(summary: SessionSummary(handle, record), at: reading.now)
            }
            let index = keys.index(tag)
            var writes = [
                RedisCommand("INCR", keys.epoch(tag)),
                RedisCommand("PEXPIRE", keys.epoch(tag), Int(Self.epochMemory.milliseconds)),
                RedisCommand("DEL", index),
            ]
            let gone =
                ended.map { keys.session($0.summary.id) }
                + present.dead.map { keys.session(SessionHandle(tag: tag, digest: $0)) }
            if !gone.isEmpty { writes.append(RedisCommand(words: ["DEL"] + gone)) }
            if let spared, reading.replies.count > 3, var record = SessionRecord(reading.replies[3]),
                record.principal == principal, record.isAlive(at: reading.now, epoch: present.epoch)
            {
                record.epoch = present.epoch + 1
                writes += [
                    RedisCommand("HSET", keys.session(spared), SessionField.times, record.times),
                    RedisCommand("HSET", index, spared.digest, Int(record.created)),
                    RedisCommand("PEXPIREAT", index, Int(record.deadline)),
                ]
            }
            return .write(writes, configuration.criticalDurability) { _ in ended }
        }
    }

    /// Ends all sessions of the user and forgets what is stored of them. What stays is a number under a key derived
    /// from the user's id, which keeps sessions that nobody can find from being used.
    public func erase(_ principal: Principal) async throws(SessionError) -> ErasureReport {
        ErasureReport(sessions: try await revokeAll(of: principal))
    }

    /// Everything that is stored of the user's sessions.
    public func export(_ principal: Principal) async throws(SessionError) -> [SessionExport] {
        let handles = try await living(of: principal).map(\.handle)
        let records = try SessionServer.values(
            try await server.pipeline(handles.map { RedisCommand("HGETALL", keys.session($0)) }))
        var exports: [SessionExport] = []
        for (handle, reply) in zip(handles, records) {
            guard let record = SessionRecord(reply) else { continue }
            var sections: [String: [UInt8]] = [:]
            for (name, envelope) in record.sections {
                sections[name] = try Envelope.payload(
                    of: envelope, context: SessionDraft.context(handle, name), packing)
            }
            exports.append(
                SessionExport(
                    summary: SessionSummary(handle, record), sections: sections, counters: record.counters))
        }
        return exports
    }
}
