// What happened to sessions: told to whoever listens, and counted.

import Foundation
import Synchronization

/// Something that happened to a session.
public struct SessionEvent: Sendable, Equatable {
    /// What happened.
    public enum Kind: String, Sendable, CaseIterable {
        /// A session began.
        case created
        /// An anonymous session became a user's.
        case promoted
        /// A session got another id.
        case rotated
        /// A session got a new deadline.
        case touched
        /// A session was ended by its own user or the program.
        case deleted
        /// A session was ended from elsewhere: by its user's other device, or by an operator.
        case revoked
        /// A session ended because its user may have only so many.
        case evictedByLimit
        /// A session ended because the server had no more memory: see `maxmemory` and `maxmemory-policy`.
        case evictedByMemory
        /// A session's time was over.
        case expired
    }

    /// How surely an event is told.
    public enum Delivery: String, Sendable {
        /// Once, as long as it is read: this store did it, or a Martlet in this process.
        case exact
        /// Once or not at all: a server elsewhere did it, which tells nothing again that was lost on the way.
        case bestEffort
    }

    /// What happened.
    public let kind: Kind
    /// To which session.
    public let handle: SessionHandle
    /// When: by the server's clock. By that of this machine, when it is heard of, where a server elsewhere tells of a
    /// session that it ended.
    public let at: Date
    /// What the session was then: as it lives on, or as it was when it ended. Nil where the server ended it, which
    /// tells nothing but its handle.
    public let lastKnown: SessionSummary?
    /// How surely this is told.
    public let delivery: Delivery

    /// Whose it is. Nil before login, and where the server ended it: ``SessionStore/belongs(_:to:)`` says of a certain
    /// user whether it was theirs.
    public var principal: Principal? { lastKnown?.principal }
}

/// What a store was asked.
public enum SessionOperation: String, Sendable, CaseIterable {
    case create, get, change, touch, rotate, promote, delete, revoke, list

    /// Among all cases.
    var place: Int {
        switch self {
        case .create: 0
        case .get: 1
        case .change: 2
        case .touch: 3
        case .rotate: 4
        case .promote: 5
        case .delete: 6
        case .revoke: 7
        case .list: 8
        }
    }
}

/// What a store has done since it was made.
public struct SessionStatistics: Sendable, Equatable {
    var durations = OperationDurations()
    /// Calls that did what was asked.
    public var succeeded: [SessionOperation: Int] { durations.counts(.succeeded) }
    /// Calls for sessions that are gone, whether they say so by an error or by nil.
    public var missed: [SessionOperation: Int] { durations.counts(.missed) }
    /// Calls that failed.
    public var failed: [SessionOperation: Int] { durations.counts(.failed) }
    /// Events by kind.
    public internal(set) var events: [SessionEvent.Kind: Int] = [:]
    /// How often a change began again because others were faster.
    public internal(set) var conflicts = 0
    /// Uses that were not written down, because the last one was not long ago.
    public internal(set) var throttledTouches = 0
    /// Uses that could not be written down, although the session could be read.
    public internal(set) var failedTouches = 0
    /// Connections that could not be made or broke.
    public internal(set) var connectionErrors = 0
    /// Answers that did not come in time.
    public internal(set) var timeoutErrors = 0
    /// Sections that could not be read.
    public internal(set) var corruptionErrors = 0
    /// Of all operations since a ``SessionMonitor`` last looked.
    public internal(set) var longestOperation = Duration.zero

    /// How long the operations of this kind took that came to this.
    public func durations(of operation: SessionOperation, _ outcome: OperationOutcome = .succeeded) -> DurationHistogram
    {
        durations.histogram(operation, outcome)
    }
}

/// What a store's copies share.
final class SessionStoreState: Sendable {
    private struct State: Sendable {
        var statistics = SessionStatistics()
        var listeners: [Int: AsyncStream<SessionEvent>.Continuation] = [:]
        var nextListener = 0
        var supportsFieldTTL: Bool?
        /// Underway or done: listening to what the server says of keys that it ends.
        var watch: Task<Void, any Error>?
        var reader: Task<Void, Never>?
    }

    private let state = Mutex(State())
    private let random: Mutex<any RandomNumberGenerator & Sendable>

    /// Events that a listener does not read are kept up to this number, then the oldest are dropped.
    private static let mostUnread = 100_000

    init(_ random: any RandomNumberGenerator & Sendable) { self.random = Mutex(random) }

    deinit {
        let state = state.withLock { $0 }
        for listener in state.listeners.values { listener.finish() }
        state.reader?.cancel()
    }

    var statistics: SessionStatistics { state.withLock(\.statistics) }

    func randomID(tag: String) -> SessionID {
        random.withLock { generator in
            var dice = AnyRandom(base: generator)
            defer { generator = dice.base }
            return SessionID.random(tag: tag, using: &dice)
        }
    }

    func randomTag() -> String {
        random.withLock { generator in
            var dice = AnyRandom(base: generator)
            defer { generator = dice.base }
            return SessionID.randomTag(using: &dice)
        }
    }

    private struct AnyRandom: RandomNumberGenerator {
        var base: any RandomNumberGenerator & Sendable

        mutating func next() -> UInt64 { base.next() }
    }

    func listen() -> AsyncStream<SessionEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: SessionEvent.self, bufferingPolicy: .bufferingNewest(Self.mostUnread))
        let number = state.withLock { state -> Int in
            state.nextListener += 1
            state.listeners[state.nextListener] = continuation
            return state.nextListener
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { $0.listeners[number] = nil }
        }
        return stream
    }

    /// Begins to watch unless somebody did; the same for all who ask at once.
    func watch(_ begin: @escaping @Sendable () async throws -> Task<Void, Never>) -> Task<Void, any Error> {
        state.withLock { state in
            if let watch = state.watch { return watch }
            let watch = Task { [weak self] in
                do {
                    let reader = try await begin()
                    self?.state.withLock { $0.reader = reader }
                } catch {
                    // Whoever asks next tries again.
                    self?.state.withLock { $0.watch = nil }
                    throw error
                }
            }
            state.watch = watch
            return watch
        }
    }

    /// What this store did, after it can be seen by others.
    func tell(_ kind: SessionEvent.Kind, at now: Int64, _ summary: @autoclosure () -> SessionSummary) {
        tell(kind) {
            let summary = summary()
            return SessionEvent(
                kind: kind, handle: summary.id, at: Date(milliseconds: now), lastKnown: summary, delivery: .exact)
        }
    }

    /// What the server did.
    func tell(_ kind: SessionEvent.Kind, at now: Int64, _ handle: SessionHandle, _ delivery: SessionEvent.Delivery) {
        tell(kind) {
            SessionEvent(
                kind: kind, handle: handle, at: Date(milliseconds: now), lastKnown: nil, delivery: delivery)
        }
    }

    private func tell(_ kind: SessionEvent.Kind, _ event: () -> SessionEvent) {
        let listeners = state.withLock { state in
            state.statistics.events[kind, default: 0] += 1
            return Array(state.listeners.values)
        }
        guard !listeners.isEmpty else { return }
        let event = event()
        for listener in listeners { listener.yield(event) }
    }

    /// The statistics, and the longest operation is looked for anew.
    func takeStatistics() -> SessionStatistics {
        state.withLock { state in
            defer { state.statistics.longestOperation = .zero }
            return state.statistics
        }
    }

    func countConflict() { state.withLock { $0.statistics.conflicts += 1 } }

    /// A section was found that cannot be read.
    func countCorruption() { state.withLock { $0.statistics.corruptionErrors += 1 } }

    func count(_ operation: SessionOperation, _ error: SessionError?, took duration: Duration) {
        let code = error?.code
        state.withLock { state in
            state.statistics.longestOperation = max(state.statistics.longestOperation, duration)
            if error?.isTimeout == true { state.statistics.timeoutErrors += 1 }
            let outcome: OperationOutcome = code == nil ? .succeeded : code == .missing ? .missed : .failed
            state.statistics.durations.count(operation, outcome, took: duration)
            guard code == .unavailable else { return }
            state.statistics.connectionErrors += 1
            // Another server may take its place, which can do other things.
            state.supportsFieldTTL = nil
        }
    }

    /// Nil until somebody has asked the server.
    var supportsFieldTTL: Bool? {
        get { state.withLock(\.supportsFieldTTL) }
        set { state.withLock { $0.supportsFieldTTL = newValue } }
    }

    func countThrottledTouch() { state.withLock { $0.statistics.throttledTouches += 1 } }

    func countFailedTouch() { state.withLock { $0.statistics.failedTouches += 1 } }
}
