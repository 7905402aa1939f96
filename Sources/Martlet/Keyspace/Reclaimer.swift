// Frees large values and whole databases away from the loop: giving megabytes back to the system takes milliseconds.

import Dispatch
import Synchronization

final class Reclaimer: Sendable {
    private let queue = DispatchQueue(label: "martlet.reclaimer", qos: .utility)
    private let pendingObjects = Atomic<Int>(0)
    private let freedObjects = Atomic<Int>(0)

    /// Smaller values of fewer allocations are freed where they are dropped: handing them over would cost more.
    static let worthwhileBytes = 64 * 1024
    private static let worthwhileEffort = 64

    static func isWorthwhile(_ value: RecordObject) -> Bool {
        value.memoryBytes >= worthwhileBytes || value.freeEffort > worthwhileEffort
    }

    /// Objects handed over and not freed yet, as INFO's `lazyfree_pending_objects`.
    var pending: Int { pendingObjects.load(ordering: .relaxed) }
    /// Objects freed since the start or the last reset, as `lazyfreed_objects`.
    var freed: Int { freedObjects.load(ordering: .relaxed) }

    func resetFreed() { freedObjects.store(0, ordering: .relaxed) }

    /// Frees a value; its keeper has let go of it.
    func drop(_ value: consuming RecordObject) {
        pendingObjects.add(1, ordering: .relaxed)
        let parcel = ObjectParcel(consume value)
        queue.async { [self] in
            parcel.empty()
            finish(1)
        }
    }

    func drop(_ database: consuming Database, count: Int) {
        pendingObjects.add(count, ordering: .relaxed)
        let parcel = Parcel(database)
        queue.async { [self] in
            parcel.empty()
            finish(count)
        }
    }

    private func finish(_ count: Int) {
        pendingObjects.subtract(count, ordering: .relaxed)
        freedObjects.add(count, ordering: .relaxed)
    }

    /// Carries a value to another thread. Guard: made by one thread, emptied by the one that it was handed to.
    private final class ObjectParcel: @unchecked Sendable {
        private var object: RecordObject?
        private var departure: Departure?

        init(_ object: consuming RecordObject) {
            // What a reply still waits with is not freed here.
            departure = isKnownUniquelyReferenced(&object) ? object.depart() : nil
            self.object = object
        }

        func empty() {
            object = nil
            departure = nil
        }
    }

    /// Carries a database to another thread. Guard: made by one thread, emptied by the one that it was handed to.
    private final class Parcel: @unchecked Sendable {
        private var database: Database?

        init(_ database: consuming Database) { self.database = consume database }

        func empty() { database = nil }
    }
}
