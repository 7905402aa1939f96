// A lock for work outside the store that must not be done twice at once.

import Martlet
import MartletClient

/// A session's lock, as it is held.
public struct SessionLock: Sendable, Equatable {
    /// The session's version when the lock was taken. A write with it as `ifVersion` is refused when the session was
    /// changed since, so that whoever works on after the lease has ended does no harm. After a write of one's own the
    /// version that the write returned takes its place; a rotation counts as a change, too.
    public let fence: Int64
}

extension SessionStore {
    /// Runs `body` while nobody else holds this session's lock. An id from before a rotation means the same lock as the
    /// new one; a session that is rotated while its lock is held can be locked again by its new id. Changes need no
    /// lock: ``mutate(_:ifVersion:_:)`` loses none. This is for work outside the store that must not be done twice at
    /// once.
    ///
    /// - Parameters:
    ///   - lease: the lock is free again after this time whatever `body` does.
    ///   - wait: how long to wait for it.
    ///   - body: is given the lock, whose ``SessionLock/fence`` tells whether it held.
    /// - Throws: ``SessionError``: `lockTimeout`; `missing` when there is no such session once the lock is free, and
    ///   `body` is not run; what `body` throws. That the lock could not be freed is no error: the work is done, and the
    ///   lock ends with its lease.
    public func withLock<Value>(
        _ id: SessionID, lease: Duration = .seconds(10), wait: Duration = .seconds(10),
        _ body: (SessionLock) async throws -> Value
    ) async throws -> Value {
        let held = try await onLiving(id) { (handle) async throws(SessionError) in
            try await lock(handle, lease, wait)
        }
        do {
            let value = try await body(held.lock)
            await release(held.key, held.token)
            return value
        } catch {
            await release(held.key, held.token)
            throw error
        }
    }

    /// The same for work that writes nothing to the session.
    public func withLock<Value>(
        _ id: SessionID, lease: Duration = .seconds(10), wait: Duration = .seconds(10),
        _ body: () async throws -> Value
    ) async throws -> Value {
        try await withLock(id, lease: lease, wait: wait) { (_: SessionLock) in try await body() }
    }

    private struct Held: Sendable {
        let key: String
        let token: String
        let lock: SessionLock
    }

    private func lock(
        _ handle: SessionHandle, _ lease: Duration, _ wait: Duration
    ) async throws(SessionError) -> Held {
        let (key, token) = (keys.lock(handle), state.randomTag())
        // The session behind the lock: what was changed before it was taken is no reason to refuse.
        let commands =
            [RedisCommand("SET", key, token, "NX", "PX", Int(max(lease.milliseconds, 1)))] + headerReads(handle)
        var start: Int64?
        var attempt = 0
        while true {
            let (now, replies) = try await readOrRelease(key, token, commands)
            if replies[0] != .null {
                do throws(SessionError) {
                    let epoch = UserSessions.epoch(replies[2])
                    let record = try SessionRecord.living(replies[1], at: now, epoch: epoch)
                    return Held(key: key, token: token, lock: SessionLock(fence: record.version))
                } catch {
                    await release(key, token)
                    throw error
                }
            }
            start = start ?? now
            guard now - (start ?? now) < wait.milliseconds else {
                throw SessionError(.lockTimeout, "The session's lock was not free within \(wait)")
            }
            try await pause(before: min(attempt, 4))
            attempt += 1
        }
    }

    /// A lock that was taken is freed when something behind it is refused.
    private func readOrRelease(
        _ key: String, _ token: String, _ commands: [RedisCommand]
    ) async throws(SessionError) -> (now: Int64, [RESPValue]) {
        do throws(SessionError) {
            return try await server.read(near: key, commands)
        } catch {
            if error.code != .unavailable { await release(key, token) }
            throw error
        }
    }

    private func pause(before retry: Int) async throws(SessionError) {
        do throws(RedisError) {
            try await server.client.pause(before: retry)
        } catch {
            throw SessionError(error)
        }
    }

    /// Only the lock that was taken: after the lease it may be another's. A task that is cancelled frees it, too. If
    /// this fails, the lock ends by itself.
    private func release(_ key: String, _ token: String) async {
        await Task {
            try? await server.change([key], reading: [RedisCommand("GET", key)]) {
                (reading) async throws(SessionError) -> SessionServer.Decision<Void> in
                guard reading.replies[0].string == token else { return .done(()) }
                return .write([RedisCommand("DEL", key)], .memory) { _ in }
            }
        }.value
    }
}
