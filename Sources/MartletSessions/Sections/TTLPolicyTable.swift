// How long data lives by how much it matters and how active its user is.

/// How active a user is.
public enum ActivityLevel: String, Codable, Sendable, CaseIterable {
    /// Nothing was done for long.
    case inactive
    /// The usual.
    case normal
    /// More than usual.
    case active
    /// Much more.
    case superActive

    /// Half, once, one and a half times, twice.
    public static let usualPercentages = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.percentage) })

    /// What the usual time is multiplied by, in percent.
    var percentage: Int {
        switch self {
        case .inactive: 50
        case .normal: 100
        case .active: 150
        case .superActive: 200
        }
    }
}

/// A base by priority, a priority for each category, and a factor by activity.
public struct TTLPolicyTable: Equatable, Codable, Sendable {
    /// How much it matters.
    public enum Priority: String, Codable, Sendable, CaseIterable {
        /// Authentication and security.
        case critical
        /// Work in progress.
        case high
        /// Settings and statistics.
        case medium
        /// What can be had again.
        case low
    }

    /// Whole milliseconds by priority.
    public var bases: [Priority: Duration]
    /// Categories that are not named count as medium.
    public var priorities: [String: Priority]
    /// Categories with a base of their own, whatever their priority.
    public var overrides: [String: Duration]
    /// In percent, so that a time is a whole number of milliseconds again.
    public var percentages: [ActivityLevel: Int]

    /// A table of these parts.
    public init(
        bases: [Priority: Duration], priorities: [String: Priority], overrides: [String: Duration] = [:],
        percentages: [ActivityLevel: Int] = ActivityLevel.usualPercentages
    ) {
        self.bases = bases
        self.priorities = priorities
        self.overrides = overrides
        self.percentages = percentages
    }

    /// The table of a translation service: authentication and security 1 hour, translations 30 minutes, their analysis
    /// 15 minutes, settings and statistics a day, anything temporary a week.
    public static let langPont = TTLPolicyTable(
        bases: [.critical: .seconds(3600), .high: .seconds(1800), .medium: .seconds(86400), .low: .seconds(604_800)],
        priorities: [
            "auth": .critical, "security": .critical, "translation": .high, "analysis": .high, "ui": .medium,
            "stats": .medium,
        ],
        overrides: ["analysis": .seconds(900)])

    /// How long data of this category lives.
    public func duration(category: String, activity: ActivityLevel = .normal) -> Duration {
        let base = overrides[category] ?? bases[priorities[category] ?? .medium] ?? .seconds(86400)
        // A time is at most 10^14 ms; a hundred times that is still a number.
        let percentage = min(max(percentages[activity] ?? 100, 0), 10_000)
        return .milliseconds(max(base.milliseconds, 0) * Int64(percentage) / 100)
    }
}
