// Numbers for a monitoring system, by the names that the source documents' dashboards use, and what to be woken for.

/// What is measured. The raw values are the names of the metrics.
public enum SessionMetric: String, Sendable, CaseIterable {
    /// The longest operation of the period, in milliseconds.
    case operationDuration = "session_operation_duration"
    /// Clients connected to the server.
    case connectionCount = "redis_connection_count"
    /// The server's memory in megabytes.
    case memoryUsage = "memory_usage_mb"
    /// The same as a part of what it may use; of the machine's memory where it has no limit.
    case memoryShare = "memory_usage_share"
    /// The most that is lent of a pool, as a part of its maximum.
    case poolShare = "redis_pool_usage_share"
    /// Sessions that the server holds; see ``SessionMonitor/init(_:policy:countsSessions:)``.
    case activeSessions = "active_sessions_count"
    /// Sessions created a minute.
    case creationRate = "session_creation_rate"
    /// Sessions a minute whose time was over; counted from the first look on.
    case expirationRate = "session_expiration_rate"
    /// Connections that could not be made or broke, in the period.
    case connectionErrors = "redis_connection_errors"
    /// Answers that did not come in time, in the period.
    case timeoutErrors = "session_timeout_errors"
    /// Sections that could not be read, in the period.
    case corruptionErrors = "data_corruption_errors"
}

/// A metric beyond its threshold.
public struct SessionAlert: Sendable, Equatable {
    /// What is too much.
    public let metric: SessionMetric
    /// How much it is.
    public let value: Double
    /// How much it may be.
    public let threshold: Double
}

/// What to be woken for.
public struct SessionAlertPolicy: Sendable, Equatable {
    /// A metric above its threshold is an alert.
    public var thresholds: [SessionMetric: Double]

    /// A policy of these thresholds.
    public init(thresholds: [SessionMetric: Double]) { self.thresholds = thresholds }

    /// Operations over 50 ms, memory over 80 %, pool over 90 %, any connection failure, more than 1,000 sessions
    /// created or 500 expired a minute, any damaged data.
    public static let langPont = SessionAlertPolicy(thresholds: [
        .operationDuration: 50, .memoryShare: 0.8, .poolShare: 0.9, .connectionErrors: 0, .creationRate: 1000,
        .expirationRate: 500, .corruptionErrors: 0,
    ])

    /// What is beyond its threshold, in the order of the metrics' declaration.
    public func alerts(_ metrics: [SessionMetric: Double]) -> [SessionAlert] {
        SessionMetric.allCases.compactMap { metric in
            guard let value = metrics[metric], let threshold = thresholds[metric], value > threshold else { return nil }
            return SessionAlert(metric: metric, value: value, threshold: threshold)
        }
    }
}
