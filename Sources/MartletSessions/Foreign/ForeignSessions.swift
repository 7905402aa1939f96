// Sessions that another store wrote, or is to read: for the time in which two programs share them, and for moving over.

import Foundation
import Martlet
import MartletClient

/// A session of another store.
public struct ForeignSession: Sendable, Equatable, Identifiable {
    /// As the other store knows it.
    public let id: String
    /// Values by name, as the other store wrote them: JSON in layouts of JSON. What is not touched is written back as
    /// it was.
    public var values: [String: [UInt8]]
    /// How long it lives; nil: without end.
    public let timeRemaining: Duration?

    /// A value of JSON; nil when there is none.
    ///
    /// - Throws: ``SessionError`` with the code `undecodable`.
    public func value<Value: Decodable>(_ name: String, as type: Value.Type) throws(SessionError) -> Value? {
        guard let bytes = values[name] else { return nil }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw SessionError(.undecodable, "A value is not of the type \(type)")
        }
    }

    /// Gives a value, as JSON.
    ///
    /// - Throws: ``SessionError`` with the code `undecodable` when it cannot be encoded.
    public mutating func set<Value: Encodable>(_ name: String, to value: Value) throws(SessionError) {
        do {
            values[name] = [UInt8](try JSONEncoder().encode(value))
        } catch {
            throw SessionError(.undecodable, "A value cannot be encoded: \(type(of: error))")
        }
    }
}

/// Other stores' sessions in a server: read, written and changed without losing what others change at the same time.
public struct ForeignSessions: Sendable {
    private let server: SessionServer
    private let layout: ForeignLayout

    /// Those of this layout.
    public init(_ client: RedisClient, layout: ForeignLayout) {
        server = SessionServer(client: client, timeout: nil, conflictRetries: 16)
        self.layout = layout
    }

    /// The session; nil when there is none.
    ///
    /// - Throws: ``SessionError``: `undecodable` when it is not of this layout.
    public func get(_ id: String) async throws(SessionError) -> ForeignSession? {
        let (_, replies) = try await server.read(near: layout.keys(id)[0], layout.reads(id))
        return try session(id, replies)
    }

    private func session(_ id: String, _ replies: [RESPValue]) throws(SessionError) -> ForeignSession? {
        guard let values = try layout.values(replies) else { return nil }
        return ForeignSession(id: id, values: values, timeRemaining: layout.timeRemaining(replies))
    }

    /// Writes a session, whether there is one of this id or not.
    ///
    /// - Parameter ttl: nil for what the other store gives.
    public func put(_ id: String, _ values: [String: [UInt8]], ttl: Duration? = nil) async throws(SessionError) {
        try await server.change(layout.keys(id), reading: layout.reads(id)) {
            (reading) async throws(SessionError) -> SessionServer.Decision<Void> in
            // What cannot be read is overwritten.
            let old = (try? layout.values(reading.replies)) ?? [:]
            let ttl = ttl ?? layout.defaultTTL
            let complete = layout.completed(values, now: reading.now, ttl: ttl)
            return .write(layout.writes(id, complete, insteadOf: old, ttl: ttl), .memory) { _ in }
        }
    }

    /// Changes a session that is there, and only what `body` changes; all over again when somebody was faster.
    ///
    /// - Parameter ttl: its time from now on; nil keeps what is left of it.
    /// - Returns: the session as it is now; nil when there is none, and none is made.
    @discardableResult
    public func update(
        _ id: String, ttl: Duration? = nil,
        _ body: @Sendable (inout ForeignSession) throws(SessionError) -> Void
    ) async throws(SessionError) -> ForeignSession? {
        try await server.change(layout.keys(id), reading: layout.reads(id)) {
            (reading) async throws(SessionError) -> SessionServer.Decision<ForeignSession?> in
            guard let old = try session(id, reading.replies) else { return .done(nil) }
            var changed = old
            try body(&changed)
            let result = changed
            let writes = layout.writes(id, changed.values, insteadOf: old.values, ttl: ttl)
            return writes.isEmpty ? .done(result) : .write(writes, .memory) { _ in result }
        }
    }

    /// Ends a session, with all its keys.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    public func delete(_ id: String) async throws(SessionError) -> Bool {
        let replies = try SessionServer.values(
            try await server.pipeline([RedisCommand(words: ["DEL"] + layout.keys(id))]))
        return (Int64.decode(replies[0]) ?? 0) > 0
    }
}
