// How a store behaves, with defaults that are safe.

/// How many sessions a user may have at once, and what happens to one more.
public struct SessionLimit: Equatable, Sendable {
    enum Policy: Equatable, Sendable { case evictOldest, evictLeastRecentlyUsed, reject }

    let count: Int
    let policy: Policy

    /// As many as they like.
    public static let unlimited = SessionLimit(count: .max, policy: .reject)
    /// The one that was created first ends.
    public static func evictOldest(_ count: Int) -> SessionLimit { SessionLimit(count: count, policy: .evictOldest) }
    /// The one that was not used for longest ends.
    public static func evictLeastRecentlyUsed(_ count: Int) -> SessionLimit {
        SessionLimit(count: count, policy: .evictLeastRecentlyUsed)
    }
    /// One more is refused.
    public static func reject(_ count: Int) -> SessionLimit { SessionLimit(count: count, policy: .reject) }
}

/// How often a session that is used gets a new deadline. Each time is a write.
public struct TouchThrottle: Equatable, Sendable {
    enum Rule: Equatable, Sendable {
        case always, never
        case every(Duration)
        case fraction(Double)
    }

    let rule: Rule

    /// With each use.
    public static let always = TouchThrottle(rule: .always)
    /// Only by ``SessionStore/touch(_:activity:durability:)``.
    public static let never = TouchThrottle(rule: .never)
    /// At most once in this time.
    public static func every(_ duration: Duration) -> TouchThrottle { TouchThrottle(rule: .every(duration)) }
    /// At most once in this part of the idle time, or of the shortest time of a section that slides: 0.1 writes ten
    /// times until it would end.
    public static func fraction(_ part: Double) -> TouchThrottle { TouchThrottle(rule: .fraction(part)) }

    /// Milliseconds between two touches of a session with this idle time; nil: never.
    func interval(idle: Int64) -> Int64? {
        switch rule {
        case .always: 0
        case .never: nil
        case .every(let duration): duration.milliseconds
        case .fraction(let part): Int64(Double(idle) * min(max(part, 0), 1))
        }
    }
}

/// How long a session lives.
public struct SessionLifetime: Equatable, Sendable {
    /// So long after it was last used.
    public var idle: Duration
    /// So long after it was created, however much it is used; nil: no such limit.
    public var absolute: Duration?

    /// A lifetime of these parts.
    public init(idle: Duration, absolute: Duration?) {
        self.idle = idle
        self.absolute = absolute
    }
}

/// Everything about a store.
public struct SessionStoreConfiguration: Sendable {
    /// In front of all keys.
    public var prefix = "mt:"
    /// Of sessions that are created without one: 30 minutes without use, 12 hours in all.
    public var lifetime = SessionLifetime(idle: .seconds(1800), absolute: .seconds(12 * 3600))
    /// How often a session that is used gets a new deadline.
    public var touchThrottle = TouchThrottle.fraction(0.1)
    /// How many sessions a user may have.
    public var limit = SessionLimit.unlimited
    /// Values to bytes.
    public var codec: any SessionCodec = .json
    /// Sections of more bytes are compressed if that makes them shorter; nil: none is.
    public var compressionThreshold: Int? = 24
    /// With a server in this process: how many of the sessions that were read within ten seconds are kept beside it at
    /// most, their sections decoded, so that reading them again asks nobody. A change is seen at once, whoever makes
    /// it; the server's own figures do not count such reads. 0: none.
    public var cachedSessions = 100_000
    /// No section is larger than this, before compression.
    public var maximumSectionBytes = 16 << 20
    /// Encrypts sections; nil: they are stored as they are.
    public var cipher: (any SessionCipher)?
    /// Where the keys of a user lie is derived from the user's id with this secret. Another one leads nowhere: all
    /// sessions are gone.
    public var principalSecret: [UInt8] = []
    /// Of changes that open or end a session: create, promote, rotate, delete, revoke. Sections and calls may ask for
    /// more.
    public var criticalDurability = Durability.memory
    /// Of all other changes. Sections and calls may ask for more.
    public var durability = Durability.memory
    /// How often a change is tried again when others were faster.
    public var conflictRetries = 16
    /// How long an answer may take; nil: as long as the server lives, which the client finds out by itself.
    public var timeout: Duration?
    /// Chance.
    public var random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

    /// The defaults.
    public init() {}
}
