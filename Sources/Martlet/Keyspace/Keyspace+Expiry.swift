// Deadlines: giving and taking them, and the active side of expiry. Every record with a deadline stands in its
// database's timing wheel, so what is due is known without looking for it.

extension Keyspace {
    /// Gives the live record of `key` a deadline, or takes it away; the record may move.
    mutating func setDeadline(_ deadline: Int64?, of record: Record, in index: Int) {
        if record.hasDeadline == (deadline != nil) {
            if let deadline { moveDeadline(of: record, to: deadline, in: index) }
            return
        }
        let old = record
        let hash = databases[index].table.hash(old.keyBytes)
        let new = databases[index].makeRecord(
            key: old.keyBytes, payloadCount: old.payloadCount, kind: old.valueKind, hasDeadline: deadline != nil,
            access: old.access)
        movePayload(from: old, to: new)
        databases[index].table.replace(old, with: new, hash: hash)
        if old.hasDeadline { databases[index].wheel.unfile(old) }
        databases[index].free(old)
        if let deadline { file(new, deadline: deadline, in: index) }
    }

    private mutating func moveDeadline(of record: Record, to deadline: Int64, in index: Int) {
        guard record.deadline != deadline else { return }
        record.deadline = deadline
        databases[index].wheel.refile(record)
        earliestDeadline = min(earliestDeadline, deadline)
    }

    /// Files a record that has a deadline field and stands in no slot yet.
    mutating func file(_ record: Record, deadline: Int64, in index: Int) {
        record.deadline = deadline
        databases[index].wheel.file(record)
        earliestDeadline = min(earliestDeadline, deadline)
    }

    /// Moves the payload of one record to another with the same payload size; the object, if any, goes along.
    func movePayload(from old: Record, to new: Record) {
        if old.holdsObject {
            new.setObject(old.takeObject(as: LargeBytes.self))
        } else {
            new.payload.copyMemory(from: UnsafeRawBufferPointer(old.payload))
        }
    }

    /// Removes keys whose time is over until none is left or `isSpent` says stop; true when there may be more.
    mutating func expireDue(until isSpent: () -> Bool) -> Bool {
        guard expiresActively else { return false }
        var hasMore = false
        var sinceCheck = 0
        for index in 0..<databases.count where databases[index].wheel.count > 0 {
            // A key lives through the millisecond of its deadline.
            while let record = databases[index].wheel.popDue(now: now - 1) {
                noteLag(now - 1 - record.deadline)
                let hash = databases[index].table.hash(record.keyBytes)
                databases[index].table.remove(record, hash: hash)
                drop(databases[index].discard(record), lazily: lazyFree.onExpire)
                statistics.expiredKeys += 1
                sinceCheck += 1
                if sinceCheck == 16 {
                    sinceCheck = 0
                    if isSpent() { return true }
                }
            }
            // The wheel bounds its own work: it may have stopped while filing elements anew.
            if let wake = databases[index].wheel.nextWake(after: now - 1), wake < now { hasMore = true }
        }
        return hasMore
    }

    private mutating func noteLag(_ lag: Int64) {
        statistics.expireLag = lag
        statistics.expireLagMaximum = max(statistics.expireLagMaximum, lag)
    }

    /// Finds out when active expiry is needed next, after all that was due is gone.
    mutating func refreshEarliestDeadline() { earliestDeadline = nextWake() ?? Int64.max }

    /// Switches active expiry on or off; keys still vanish when they are looked for.
    mutating func setExpiresActively(_ isActive: Bool) {
        expiresActively = isActive
        refreshEarliestDeadline()
    }

    /// When active expiry has something to do next; nil when nothing has a deadline or it is switched off.
    func nextWake() -> Int64? {
        guard expiresActively else { return nil }
        var earliest: Int64?
        for index in 0..<databases.count where databases[index].wheel.count > 0 {
            guard let wake = databases[index].wheel.nextWake(after: now - 1) else { continue }
            earliest = min(earliest ?? Int64.max, wake)
        }
        return earliest
    }
}
