// All sessions by id, in the order that they came.

final class ClientRegistry {
    private var sessions: [Int64: Session] = [:]
    private var lastID: Int64 = 0

    var count: Int { sessions.count }

    /// Ids start at 1 and never return.
    func nextID() -> Int64 {
        lastID += 1
        return lastID
    }

    func add(_ session: Session) { sessions[session.id] = session }

    func remove(_ session: Session) { sessions[session.id] = nil }

    subscript(id: Int64) -> Session? { sessions[id] }

    /// In no order.
    var unordered: Dictionary<Int64, Session>.Values { sessions.values }

    /// Oldest first.
    var all: [Session] { sessions.values.sorted { $0.id < $1.id } }
}
