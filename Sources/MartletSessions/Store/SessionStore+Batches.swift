// Reading many sessions at once.

import Martlet
import MartletClient

extension SessionStore {
    /// Reads many sessions in one exchange with each server, and one more for those that were rotated just now. This
    /// does not count as using them.
    ///
    /// - Returns: in the order of `ids`, nil for those that are gone, an error for those whose server cannot be asked.
    public func get(_ ids: [SessionID]) async throws(SessionError) -> [Result<Session?, SessionError>] {
        let start = ContinuousClock.now
        var found: [Result<Session?, SessionError>] = ids.map { _ in .success(nil) }
        var open = Array(zip(ids.indices, ids.map(\.handle)))
        do throws(SessionError) {
            for _ in 0...Self.mostRotations where !open.isEmpty {
                open = try await read(open, of: ids, into: &found)
            }
        } catch {
            state.count(.get, error, took: ContinuousClock.now - start)
            throw error
        }
        var failure: SessionError?
        for case .failure(let error) in found { failure = failure ?? error }
        state.count(.get, failure, took: ContinuousClock.now - start)
        return found
    }

    /// Those that have another id by now are returned with it.
    private func read(
        _ places: [(index: Int, handle: SessionHandle)], of ids: [SessionID],
        into found: inout [Result<Session?, SessionError>]
    ) async throws(SessionError) -> [(Int, SessionHandle)] {
        // The alias behind the session: a rotation in between shows.
        let commands = places.flatMap { _, handle -> [RedisCommand] in
            let key = keys.session(handle)
            return [
                RedisCommand("TIME").near(key), RedisCommand("HGETALL", key),
                RedisCommand("GET", keys.epoch(handle.tag)), RedisCommand("GET", keys.alias(handle)),
            ]
        }
        let results = try await server.pipeline(commands)
        var rotated: [(Int, SessionHandle)] = []
        for (place, (index, handle)) in places.enumerated() {
            do throws(SessionError) {
                let replies = try SessionServer.values(Array(results[(4 * place)..<(4 * place + 4)]))
                let now = try SessionServer.milliseconds(replies[0])
                let record = SessionRecord(replies[1])
                if let record, record.isAlive(at: now, epoch: UserSessions.epoch(replies[2])) {
                    found[index] = .success(session(ids[index], at: handle, record, readAt: now))
                } else if let next = replies[3].string.flatMap({ successor(of: handle, digest: $0) }) {
                    rotated.append((index, next))
                }
            } catch {
                found[index] = .failure(error)
            }
        }
        return rotated
    }
}
