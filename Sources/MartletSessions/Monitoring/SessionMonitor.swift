// Looks at a store now and then, and says what has changed since it last did.

import Martlet
import MartletClient

/// What was seen at one look.
public struct SessionSample: Sendable, Equatable {
    /// By name. What the server did not say is missing.
    public let metrics: [SessionMetric: Double]
    /// What is beyond its threshold.
    public let alerts: [SessionAlert]
}

/// Looks at a store now and then. Rates and counts are those of the time since the look before.
public actor SessionMonitor {
    private let store: SessionStore
    private let policy: SessionAlertPolicy
    private let countsSessions: Bool
    private let clock: ContinuousClock
    private var last: (statistics: SessionStatistics, at: ContinuousClock.Instant)

    /// A monitor of this store.
    ///
    /// - Parameter countsSessions: whether each look counts the sessions, for which it walks over all of the server's
    ///   keys. Keys of other kinds do not count.
    public init(_ store: SessionStore, policy: SessionAlertPolicy = .langPont, countsSessions: Bool = false) {
        self.store = store
        self.policy = policy
        self.countsSessions = countsSessions
        clock = ContinuousClock()
        last = (store.statistics, clock.now)
    }

    /// Looks once.
    public func sample() async -> SessionSample {
        // A server that cannot be listened to shows below.
        try? await store.watchServer()
        let (statistics, now) = (store.takeStatistics(), clock.now)
        let (before, start) = last
        last = (statistics, now)
        var metrics = Self.metrics(statistics, since: before, over: start.duration(to: now))
        await addServer(to: &metrics)
        if countsSessions, let count = try? await sessionCount() { metrics[.activeSessions] = Double(count) }
        return SessionSample(metrics: metrics, alerts: policy.alerts(metrics))
    }

    /// Looks again and again, until whoever reads it stops.
    public nonisolated func samples(every period: Duration = .seconds(60)) -> AsyncStream<SessionSample> {
        AsyncStream { continuation in
            let task = Task {
                while !Task.isCancelled {
                    // Cancelled means that nobody reads any more.
                    try? await Task.sleep(for: period)
                    continuation.yield(await sample())
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    static func metrics(
        _ now: SessionStatistics, since before: SessionStatistics, over period: Duration
    ) -> [SessionMetric: Double] {
        let minutes = max(period / .seconds(60), 1e-9)
        func created(_ statistics: SessionStatistics) -> Int {
            (statistics.events[.created] ?? 0) + (statistics.events[.promoted] ?? 0)
        }
        func expired(_ statistics: SessionStatistics) -> Int { statistics.events[.expired] ?? 0 }
        return [
            .operationDuration: now.longestOperation / .milliseconds(1),
            .creationRate: Double(created(now) - created(before)) / minutes,
            .expirationRate: Double(expired(now) - expired(before)) / minutes,
            .connectionErrors: Double(now.connectionErrors - before.connectionErrors),
            .timeoutErrors: Double(now.timeoutErrors - before.timeoutErrors),
            .corruptionErrors: Double(now.corruptionErrors - before.corruptionErrors),
        ]
    }

    private func sessionCount() async throws -> Int {
        var seen: Set<String> = []
        for try await found in store.server.client.scan(matching: store.keys.sessionPattern, batch: 1000) {
            seen.formUnion(found)
        }
        return seen.count
    }

    /// A server that cannot be asked is missing here, and counted as a connection error.
    private func addServer(to metrics: inout [SessionMetric: Double]) async {
        let client = store.server.client
        if let use = await client.poolUse() { metrics[.poolShare] = use }
        do throws(RedisError) {
            try await client.atEachServer { send async throws(RedisError) in
                Self.add(Self.fields(try await send(RedisCommand("INFO"))), to: &metrics)
            }
        } catch {
            metrics[.connectionErrors, default: 0] += 1
        }
    }

    /// INFO's numbers by name.
    private static func fields(_ reply: RESPValue) -> [Substring: Double] {
        var fields: [Substring: Double] = [:]
        for line in (reply.string ?? "").split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            if parts.count == 2, let value = Double(parts[1]) { fields[parts[0]] = value }
        }
        return fields
    }

    /// Counts and sizes of several servers are summed up; of shares the largest is what matters.
    private static func add(_ fields: [Substring: Double], to metrics: inout [SessionMetric: Double]) {
        metrics[.connectionCount, default: 0] += fields["connected_clients"] ?? 0
        guard let used = fields["used_memory"] else { return }
        metrics[.memoryUsage, default: 0] += used / 1_048_576
        let limit = fields["maxmemory"].flatMap { $0 > 0 ? $0 : nil } ?? fields["total_system_memory"]
        if let limit, limit > 0 { metrics[.memoryShare] = max(metrics[.memoryShare] ?? 0, used / limit) }
    }
}
