// A session as a program sees it: a copy of the moment when it was read.

import Foundation

/// What a session holds, as it was when it was read. Changes go through the store.
public struct Session: Sendable, Identifiable {
    /// Its secret name, as it was asked for.
    public let id: SessionID
    /// What of its name may be shown. After a rotation with grace, that of the new id.
    public let handle: SessionHandle
    let record: SessionRecord
    let packing: Envelope.Packing
    /// The server's clock when it was read.
    let readAt: Int64
    /// Reading it moved its deadline.
    var wasExtended = false
    /// Shared by all copies of this state of the session, when it is cached.
    var decoded: DecodedSections?

    /// Whose it is; nil before login.
    public var principal: Principal? { record.principal }
    /// Grows with every change of sections and metadata, and with the id; not with uses, and not with counters, which
    /// any number of requests may count at once.
    public var version: Int64 { record.version }
    /// By the server's clock, as all times.
    public var createdAt: Date { Date(milliseconds: record.created) }
    /// When it was last touched; uses in between are not written down, see ``TouchThrottle``.
    public var lastAccessedAt: Date { Date(milliseconds: record.accessed) }
    /// When it ends unless it is used.
    public var expiresAt: Date { Date(milliseconds: record.deadline) }
    /// When it ends however much it is used.
    public var absoluteExpiresAt: Date? { record.absolute.map { Date(milliseconds: $0) } }
    /// Address, user agent and the like.
    public var metadata: [String: String] { record.metadata }

    /// How long it would live from when it was read.
    public var timeRemaining: Duration { .milliseconds(max(record.deadline - readAt, 0)) }

    /// A section's value; nil when there is none or its time is over.
    ///
    /// - Throws: ``SessionError`` when the bytes are not this section's; other sections are not concerned.
    public func value<Value>(_ section: SessionSection<Value>) throws(SessionError) -> Value? {
        try record.value(section, of: handle, at: readAt, packing, decoded: decoded)
    }

    /// A counter's value; 0 when it was never counted.
    public func value(_ counter: SessionCounter) -> Int64 { record.counters[counter.name] ?? 0 }
}

/// What lists show of a session.
public struct SessionSummary: Sendable, Equatable, Identifiable {
    /// What it may be revoked by.
    public let id: SessionHandle
    /// Whose it is.
    public let principal: Principal?
    /// When it was created.
    public let createdAt: Date
    /// When it was last touched.
    public let lastAccessedAt: Date
    /// When it ends unless it is used.
    public let expiresAt: Date
    /// Address, user agent and the like.
    public let metadata: [String: String]

    init(_ session: Session) { self.init(session.handle, session.record) }

    init(_ handle: SessionHandle, _ record: SessionRecord) {
        id = handle
        principal = record.principal
        createdAt = Date(milliseconds: record.created)
        lastAccessedAt = Date(milliseconds: record.accessed)
        expiresAt = Date(milliseconds: record.deadline)
        metadata = record.metadata
    }
}

/// A new session, and those that ended for it because the user may have only so many.
public struct CreatedSession: Sendable {
    /// The new one.
    public let session: Session
    /// Those that ended.
    public let evicted: [SessionSummary]
}

/// A session's values on the way to be stored.
public struct SessionDraft: Sendable {
    let handle: SessionHandle
    private(set) var record: SessionRecord
    private let packing: Envelope.Packing
    let now: Int64
    /// How active the user is: sections whose time depends on it are told.
    public var activity = ActivityLevel.normal
    private(set) var removed: Set<String> = []
    private(set) var changed: Set<String> = []
    /// What the sections that were changed ask for, and whoever changed them.
    private(set) var durability = Durability.memory

    init(_ handle: SessionHandle, record: SessionRecord, packing: Envelope.Packing, now: Int64) {
        self.handle = handle
        self.record = record
        self.packing = packing
        self.now = now
    }

    /// Address, user agent and the like.
    public var metadata: [String: String] {
        get { record.metadata }
        set { record.metadata = newValue }
    }

    /// A section's value; nil when there is none or its time is over.
    public func value<Value>(_ section: SessionSection<Value>) throws(SessionError) -> Value? {
        try record.value(section, of: handle, at: now, packing)
    }

    /// Gives a section a value.
    ///
    /// - Throws: ``SessionError`` when the value cannot be encoded or is too large.
    public mutating func set<Value>(_ section: SessionSection<Value>, to value: Value) throws(SessionError) {
        let envelope = try Envelope.pack(
            value, end: section.ttl.end(after: now, activity), context: Self.context(handle, section.name),
            limit: section.maximumEncodedBytes, packing)
        adopt(section.name, envelope)
        wait(for: section.durability)
    }

    /// Takes a section away.
    public mutating func remove<Value>(_ section: SessionSection<Value>) {
        remove(named: section.name)
        wait(for: section.durability)
    }

    /// The change has to be so safe, if that is more than the store and the changed sections ask for.
    public mutating func wait(for durability: Durability) { self.durability = self.durability.and(durability) }

    mutating func remove(named name: String) {
        record.sections[name] = nil
        changed.remove(name)
        removed.insert(name)
    }

    /// A section that was packed for this session elsewhere.
    mutating func adopt(_ name: String, _ envelope: [UInt8]) {
        record.sections[name] = envelope
        record.noteSliding(envelope)
        changed.insert(name)
        removed.remove(name)
    }

    func isChanged(from old: SessionRecord) -> Bool {
        !changed.isEmpty || !removed.isEmpty || record.metadata != old.metadata
    }

    /// Throws when the session has another version than was asked for; nil: any will do.
    func require(_ version: Int64?) throws(SessionError) {
        guard version == nil || record.version == version else {
            throw SessionError(.conflict, "The session has another version than was asked for")
        }
    }

    mutating func nextVersion() { record.version += 1 }

    /// Sections whose time is over go with the next write.
    mutating func removeExpired() {
        for name in record.dropSections(overAt: now) { remove(named: name) }
    }

    /// Values cannot be moved from one session or section to another unseen.
    static func context(_ handle: SessionHandle, _ name: String) -> [UInt8] {
        Array("\(handle.digest)/\(name)".utf8)
    }
}

extension Date {
    init(milliseconds: Int64) { self.init(timeIntervalSince1970: Double(milliseconds) / 1000) }

    var milliseconds: Int64 { Int64(min(max(timeIntervalSince1970 * 1000, -1e14), 1e14)) }
}
