// Deadlines: giving and taking them, and the active side of expiry. Every record with a deadline stands in its
// database's timing wheel, so what is due is known without looking for it.

extension Keyspace {
    /// Gives the live record of `key` a deadline, or takes it away; the record may move.
    mutating func setDeadline(_ deadline: Int64?, of record: Record, in index: Int) {
        willChange(record, in: index, keepsValue: true)
        let timing: Record.Timing = record.timing == .inner ? .inner : deadline == nil ? .none : .own
        if timing == record.timing {
            if timing != .none { moveDeadline(of: record, to: deadline ?? Int64.max, in: index) }
            return
        }
        let new = retime(record, to: timing, in: index)
        if let deadline { file(new, deadline: deadline, in: index) }
    }

    /// Tells when the first part of the value of a live record is to vanish, or that none is; the record may move, and
    /// is returned.
    @discardableResult
    mutating func setInnerDeadline(_ inner: Int64?, of record: Record, in index: Int) -> Record {
        if record.timing != .inner, inner == nil { return record }
        if record.timing == .inner, record.innerDeadline == inner { return record }
        willChange(record, in: index, keepsValue: true)
        let deadline = record.hasDeadline ? record.deadline : nil
        databases[index].unfile(record)
        let timing: Record.Timing = inner != nil ? .inner : deadline == nil ? .none : .own
        let new = timing == record.timing ? record : retime(record, to: timing, in: index)
        if let inner { new.innerDeadline = inner }
        if timing != .none { file(new, deadline: deadline ?? Int64.max, in: index) }
        return new
    }

    /// A record with room for other deadlines in the place of a live one; it is not filed.
    private mutating func retime(_ old: Record, to timing: Record.Timing, in index: Int) -> Record {
        let hash = databases[index].table.hash(old.keyBytes)
        let new = databases[index].makeRecord(
            key: old.keyBytes, payloadCount: old.payloadCount, kind: old.valueKind, timing: timing, access: old.access)
        movePayload(from: old, to: new)
        databases[index].table.replace(old, with: new, hash: hash)
        databases[index].unfile(old)
        databases[index].free(old)
        return new
    }

    mutating func moveDeadline(of record: Record, to deadline: Int64, in index: Int) {
        guard record.deadline != deadline else { return }
        willChange(record, in: index, keepsValue: true)
        databases[index].moveDeadline(of: record, to: deadline)
        earliestDeadline = min(earliestDeadline, record.dueAt)
    }

    /// Files a record that has a deadline field and stands in no slot yet.
    mutating func file(_ record: Record, deadline: Int64, in index: Int) {
        record.deadline = deadline
        databases[index].file(record)
        earliestDeadline = min(earliestDeadline, record.dueAt)
    }

    /// Gives a copy the deadlines of its original, for which it has room, and files it.
    mutating func fileCopy(_ copy: Record, of record: Record, in index: Int) {
        guard record.timing != .none else { return }
        if record.timing == .inner { copy.innerDeadline = record.innerDeadline }
        file(copy, deadline: record.deadline, in: index)
    }

    /// Moves the payload of one record to another with the same payload size; the object, if any, goes along.
    func movePayload(from old: Record, to new: Record) {
        if old.holdsObject {
            new.setObject(old.takeObject())
        } else {
            new.payload.copyMemory(from: UnsafeRawBufferPointer(old.payload))
        }
    }

    /// Removes keys whose time is over until none is left or `isSpent` says stop; true when there may be more.
    mutating func expireDue(until isSpent: () -> Bool) -> Bool {
        guard expiresActively, !isReplaying else { return false }
        var hasMore = false
        var sinceCheck = 0
        for index in 0..<databases.count where databases[index].wheel.count > 0 {
            // A key lives through the millisecond of its deadline.
            while let record = databases[index].popDue(now: now - 1) {
                noteLag(now - 1 - record.dueAt)
                if record.hasDeadline, hasPassed(record.deadline) {
                    expire(record, hash: databases[index].table.hash(record.keyBytes), in: index)
                } else {
                    expireFields(of: record, in: index)
                }
                commandLog.endUnit()
                sinceCheck += 1
                if sinceCheck == 16 {
                    sinceCheck = 0
                    if isSpent() {
                        statistics.expireSlicesSpent += 1
                        return true
                    }
                }
            }
            // The wheel bounds its own work: it may have stopped while filing elements anew.
            if let wake = databases[index].wheel.nextWake(after: now - 1), wake < now { hasMore = true }
        }
        return hasMore
    }

    mutating func noteExpiry(of record: Record, in index: Int) {
        journal.lapsed(record.key, in: index)
        journal.happened(.expired, to: record.key, in: index)
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
        guard expiresActively, !isReplaying else { return nil }
        var earliest: Int64?
        for index in 0..<databases.count where databases[index].wheel.count > 0 {
            guard let wake = databases[index].wheel.nextWake(after: now - 1) else { continue }
            earliest = min(earliest ?? Int64.max, wake)
        }
        return earliest
    }
}
