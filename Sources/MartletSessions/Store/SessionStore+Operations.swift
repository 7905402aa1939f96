// What operators ask: all sessions, how many users, whether the store works, whether its keys are as they should be.

import Foundation
import Martlet
import MartletClient

/// Whether the store works, and how well.
public struct SessionHealth: Sendable, Equatable {
    /// In one word.
    public enum Status: String, Sendable { case healthy, degraded, unavailable }

    /// In one word.
    public let status: Status
    /// Why it is not healthy.
    public let detail: String?
}

/// What an audit found.
public struct AuditReport: Sendable, Equatable {
    /// Keys of the store that were looked at.
    public var keys = 0
    /// Sessions among them.
    public var sessions = 0
    /// Keys that would never go away.
    public var withoutDeadline = 0
    /// Keys of the store's kinds that hold something else than the store writes there, or have no name that it gives.
    public var foreign = 0
    /// Sessions of users whose index does not name them.
    public var unindexed = 0
    /// Bytes of the largest section.
    public var largestSection = 0
}

extension SessionStore {
    /// All sessions, in no order, each once; those that begin or end meanwhile may or may not be among them.
    ///
    /// - Parameter batch: about so many are read at once.
    public func allSessions(batch: Int = 100) -> AsyncThrowingStream<SessionSummary, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task {
                do {
                    var seen: Set<SessionHandle> = []
                    for try await found in server.client.scan(matching: keys.sessionPattern, batch: batch) {
                        let handles = found.compactMap(keys.handle).filter { seen.insert($0).inserted }
                        for summary in try await summaries(handles) { continuation.yield(summary) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: (error as? RedisError).map { SessionError($0) } ?? error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func summaries(_ handles: [SessionHandle]) async throws(SessionError) -> [SessionSummary] {
        let replies = try SessionServer.values(
            try await server.pipeline(
                handles.flatMap { [RedisCommand("TIME").near(keys.session($0))] + headerReads($0) }))
        var summaries: [SessionSummary] = []
        for (index, handle) in handles.enumerated() {
            let now = try SessionServer.milliseconds(replies[3 * index])
            guard let record = SessionRecord(replies[3 * index + 1]),
                record.isAlive(at: now, epoch: UserSessions.epoch(replies[3 * index + 2]))
            else { continue }
            summaries.append(SessionSummary(handle, record))
        }
        return summaries
    }

    /// How many users have a session that was touched in this time. Reads the headers of all sessions.
    public func activePrincipals(since period: Duration) async throws -> Int {
        let (now, _) = try await server.read(near: keys.prefix, [])
        let start = Date(milliseconds: now - period.milliseconds)
        var principals: Set<Principal> = []
        for try await summary in allSessions(batch: 500) where summary.lastAccessedAt >= start {
            if let principal = summary.principal { principals.insert(principal) }
        }
        return principals.count
    }

    // MARK: Health

    /// Whether all servers that hold sessions answer, and with `deep`, whether one can be written to. Never throws, and
    /// says no more than what was tried.
    public func health(deep: Bool = false) async -> SessionHealth {
        let key = "\(keys.prefix)h:{\(state.randomTag())}"
        do throws(SessionError) {
            _ = try await server.read(near: key, [RedisCommand("EXISTS", key)])
        } catch {
            return SessionHealth(status: .unavailable, detail: "It cannot be read: \(error.message)")
        }
        do throws(RedisError) {
            try await server.client.atEachServer { send async throws(RedisError) in
                _ = try await send(RedisCommand("PING"))
            }
        } catch {
            return SessionHealth(status: .degraded, detail: "Not all servers answer: \(error.message)")
        }
        guard deep else { return SessionHealth(status: .healthy, detail: nil) }
        do throws(SessionError) {
            let replies = try SessionServer.values(
                try await server.pipeline([
                    RedisCommand("SET", key, "1", "PX", 10_000), RedisCommand("GET", key), RedisCommand("DEL", key),
                ]))
            guard replies[1].string == "1" else {
                return SessionHealth(status: .degraded, detail: "What was written is not what is read")
            }
        } catch {
            return SessionHealth(status: .degraded, detail: "It can be read and not written: \(error.message)")
        }
        return SessionHealth(status: .healthy, detail: nil)
    }

    /// Looks at all keys of the store.
    public func audit() async throws -> AuditReport {
        var report = AuditReport()
        for try await found in server.client.scan(matching: keys.pattern, batch: 500) {
            report.keys += found.count
            let facts = try SessionServer.values(
                try await server.pipeline(found.flatMap { [RedisCommand("PTTL", $0), RedisCommand("TYPE", $0)] }))
            for (index, key) in found.enumerated() {
                if facts[2 * index] == .integer(-1) { report.withoutDeadline += 1 }
                // Keys of other kinds are nothing to the store; those that are gone since they were found, too.
                guard let kind = keys.kind(of: key), let type = facts[2 * index + 1].string, type != "none" else {
                    continue
                }
                let handle = keys.handle(ofSession: key)
                guard type == kind.type, kind != .session || handle != nil else {
                    report.foreign += 1
                    continue
                }
                if let handle { try await audit(handle, &report) }
            }
        }
        return report
    }

    private func audit(_ handle: SessionHandle, _ report: inout AuditReport) async throws(SessionError) {
        let results = try await server.pipeline([
            RedisCommand("HGETALL", keys.session(handle)),
            RedisCommand("HEXISTS", keys.index(handle.tag), handle.digest),
        ])
        let reply = try SessionServer.values([results[0]])[0]
        guard let record = SessionRecord(reply) else {
            if reply.pairs?.isEmpty == false { report.foreign += 1 }
            return
        }
        report.sessions += 1
        // An index of another type names nobody, and is counted by itself.
        var isNamed = false
        if case .failure(let error) = results[1], error.serverCode == "WRONGTYPE" {
        } else {
            isNamed = try SessionServer.values([results[1]])[0] == .integer(1)
        }
        if record.principal != nil, !isNamed { report.unindexed += 1 }
        report.largestSection = max(report.largestSection, record.sections.map(\.envelope.count).max() ?? 0)
    }
}
