// Typed parts of a session, each with a time of its own.

/// When a section is gone although its session lives.
public struct SectionTTL: Equatable, Sendable {
    enum Rule: Equatable, Sendable {
        case session
        /// So long after it was written.
        case fixed(Duration)
        /// So long after its session was used.
        case sliding(Duration)
        /// What a table says for a category.
        case hierarchical(TTLPolicyTable, category: String)
    }

    let rule: Rule

    /// It lives as long as its session.
    public static let session = SectionTTL(rule: .session)

    /// It is gone so long after it was last written.
    public static func fixed(_ duration: Duration) -> SectionTTL { SectionTTL(rule: .fixed(duration)) }

    /// It is gone so long after its session was last used, or after it was last written, whichever is later.
    ///
    /// A use counts when it is written down, which ``SessionStoreConfiguration/touchThrottle`` decides. A fraction is
    /// one of this time where it is shorter than the session's idle time: with 0.1 the section may be gone after nine
    /// tenths of its time. With `every`, choose an interval well below it; with `never`, only
    /// ``SessionStore/touch(_:activity:durability:)`` and writing it keep it.
    public static func sliding(_ duration: Duration) -> SectionTTL { SectionTTL(rule: .sliding(duration)) }

    /// What the table says for this category, shorter or longer by the user's activity.
    public static func hierarchical(_ table: TTLPolicyTable, category: String) -> SectionTTL {
        SectionTTL(rule: .hierarchical(table, category: category))
    }

    /// Of a section that is written at `now`; nil: it ends with its session.
    func end(after now: Int64, _ activity: ActivityLevel) -> Envelope.End? {
        switch rule {
        case .session: nil
        case .fixed(let duration): Envelope.End(duration, after: now, slides: false)
        case .sliding(let duration): Envelope.End(duration, after: now, slides: true)
        case .hierarchical(let table, let category):
            Envelope.End(table.duration(category: category, activity: activity), after: now, slides: false)
        }
    }
}

/// A part of a session: a name, a type and a time. Usually a constant of the program:
///
/// ```swift
/// let cart = SessionSection<Cart>("cart")
/// let csrf = SessionSection<String>("csrf", ttl: .fixed(.seconds(3600)))
/// let consent = SessionSection<Bool>("consent", durability: .fsync())
/// ```
public struct SessionSection<Value: Codable & Sendable>: Sendable {
    /// Unique within the program.
    public let name: String
    /// When it is gone although its session lives.
    public let ttl: SectionTTL
    /// How safe its changes have to be, if more than the store asks for.
    public let durability: Durability
    /// A value that takes more bytes is refused; nil: as the store says.
    public let maximumEncodedBytes: Int?

    /// A section of this name.
    public init(
        _ name: String, ttl: SectionTTL = .session, durability: Durability = .memory, maximumEncodedBytes: Int? = nil
    ) {
        self.name = name
        self.ttl = ttl
        self.durability = durability
        self.maximumEncodedBytes = maximumEncodedBytes
    }
}

/// A number that many may count up at once.
public struct SessionCounter: Sendable {
    /// Unique among the counters.
    public let name: String

    /// A counter of this name.
    public init(_ name: String) { self.name = name }
}
