// The state of the keyspace at one instant, written down while it goes on changing: no fork, no copy.
//
// Every record carries the mark of the latest snapshot that knows it. A snapshot takes a new mark and walks the tables;
// what has another mark is written down and marked. Whoever is about to change or remove a record with another mark
// writes it down first, and what is created meanwhile is born with the mark. A database that is emptied meanwhile is
// kept until it has been walked.
//
// A large collection is written down in pieces, which `proceed` asks for: from when its turn has come, or it is about
// to change, its own table tells of entries that change (TableWalk).

/// A database that has been taken out of the keyspace.
private final class KeptDatabase {
    let database: Box<Database>

    init(_ database: consuming Database) { self.database = Box(database) }
}

/// Takes down the records of a snapshot.
protocol SnapshotRecorder: AnyObject {
    /// `record` as it was when the snapshot began, in the database with this number then; `isLeaving` when its value is
    /// about to be changed or removed.
    func record(_ record: Record, database: Int, isLeaving: Bool)
    /// Goes on with large values that were begun; false when there is nothing left of them.
    func proceed() -> Bool
    /// Lets go of large values: nobody wants them any more.
    func abandon()
}

final class KeyspaceSnapshot {
    /// A database on the way: where it is now, and how far the walk has come.
    private enum Place {
        case standing(index: Int)
        /// Emptied since; it is dropped when the walk is through.
        case removed(KeptDatabase)
    }

    private struct Walk {
        let number: Int
        var place: Place
        var cursor: UInt64 = 0
    }

    let recorder: any SnapshotRecorder
    private var walks: [Walk] = []

    /// Records that one step of the walk looks at.
    private static let recordsPerStep = 16

    init(_ recorder: any SnapshotRecorder, databases: [Int]) {
        self.recorder = recorder
        walks = databases.reversed().map { Walk(number: $0, place: .standing(index: $0)) }
    }

    /// The number that the database at `index` had when the snapshot began; nil when it was empty then or is done.
    fileprivate func number(ofDatabaseAt index: Int) -> Int? {
        walks.last { walk in
            if case .standing(index) = walk.place { true } else { false }
        }?.number
    }

    fileprivate func swapped(_ first: Int, _ second: Int) {
        for position in walks.indices {
            guard case .standing(let index) = walks[position].place else { continue }
            if index == first { walks[position].place = .standing(index: second) }
            if index == second { walks[position].place = .standing(index: first) }
        }
    }

    /// Keeps a database that has been taken out of the keyspace; false when it need not be kept.
    fileprivate func keep(_ database: consuming Database, from index: Int) -> Database? {
        guard let position = walks.firstIndex(where: { if case .standing(index) = $0.place { true } else { false } })
        else { return database }
        walks[position].place = .removed(KeptDatabase(database))
        return nil
    }

    /// Walks a step; false when there was nothing left.
    fileprivate func step(_ databases: borrowing FixedArray<Database>, mark: UInt8) -> Bool {
        guard let last = walks.indices.last else { return false }
        let number = walks[last].number
        let take = { [recorder] (record: Record) in
            guard record.epoch != mark else { return }
            recorder.record(record, database: number, isLeaving: false)
            record.epoch = mark
        }
        let cursor = walks[last].cursor
        switch walks[last].place {
        case .standing(let index):
            walks[last].cursor = databases[index].table.scan(from: cursor, count: Self.recordsPerStep, take)
        case .removed(let kept):
            walks[last].cursor = kept.database.value.table.scan(from: cursor, count: Self.recordsPerStep, take)
        }
        if walks[last].cursor == 0 { walks.removeLast() }
        return true
    }
}

extension Keyspace {
    /// Begins to write down the state of this moment.
    mutating func beginSnapshot(_ recorder: any SnapshotRecorder) {
        precondition(snapshot == nil)
        // Marks come round; one that an abandoned snapshot left behind must not be taken for the new one.
        if abandonedSnapshots == UInt8.max - 1 { markAll() }
        epoch = epoch == UInt8.max ? 1 : epoch + 1
        var filled: [Int] = []
        for index in 0..<databases.count {
            databases[index].epoch = epoch
            if databases[index].count > 0 { filled.append(index) }
        }
        snapshot = KeyspaceSnapshot(recorder, databases: filled)
    }

    /// Goes on until `isSpent` says stop; true when all is written down, which ends the snapshot.
    mutating func continueSnapshot(until isSpent: () -> Bool) -> Bool {
        guard let current = snapshot else { return true }
        while current.recorder.proceed() || current.step(databases, mark: epoch) {
            if isSpent() { return false }
        }
        snapshot = nil
        abandonedSnapshots = 0
        return true
    }

    /// Gives up a snapshot. Its marks stay where they are.
    mutating func abandonSnapshot() {
        snapshot?.recorder.abandon()
        guard snapshot.take() != nil else { return }
        abandonedSnapshots += 1
    }

    private mutating func markAll() {
        let epoch = epoch
        for index in 0..<databases.count { databases[index].table.visitAll { $0.epoch = epoch } }
        abandonedSnapshots = 0
    }

    /// A record is about to be changed or removed; `keepsValue` when no more than its name or deadlines change.
    @inline(__always)
    func willChange(_ record: Record, in index: Int, keepsValue: Bool = false) {
        if snapshot != nil, record.epoch != epoch { preserve(record, in: index, keepsValue) }
    }

    @inline(never)
    private func preserve(_ record: Record, in index: Int, _ keepsValue: Bool) {
        // A database that the walk is through with holds marked records only.
        if let number = snapshot?.number(ofDatabaseAt: index) {
            snapshot?.recorder.record(record, database: number, isLeaving: !keepsValue)
        }
        record.epoch = epoch
    }

    /// Two databases trade places, for the snapshot as well.
    func noteSwap(_ first: Int, _ second: Int) { snapshot?.swapped(first, second) }

    /// Gives back a database that nobody needs any more.
    func keepForSnapshot(_ database: consuming Database, from index: Int) -> Database? {
        guard let snapshot else { return database }
        return snapshot.keep(database, from: index)
    }
}
