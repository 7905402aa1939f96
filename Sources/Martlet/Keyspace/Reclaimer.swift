// Frees large values and whole databases away from the loop: giving megabytes back to the system takes milliseconds.

import Dispatch
import Synchronization

final class Reclaimer: Sendable {
    private let queue = DispatchQueue(label: "martlet.reclaimer", qos: .utility)
    private let pendingObjects = Atomic<Int>(0)
    private let freedObjects = Atomic<Int>(0)

    /// Values smaller than this are freed where they are dropped: handing them over would cost more.
    static let worthwhileBytes = 64 * 1024

    /// Objects handed over and not freed yet, as INFO's `lazyfree_pending_objects`.
    var pending: Int { pendingObjects.load(ordering: .relaxed) }
    /// Objects freed since the start or the last reset, as `lazyfreed_objects`.
    var freed: Int { freedObjects.load(ordering: .relaxed) }

    func resetFreed() { freedObjects.store(0, ordering: .relaxed) }

    func drop(_ value: LargeBytes) {
        pendingObjects.add(1, ordering: .relaxed)
        queue.async { [self] in
            withExtendedLifetime(value) {}
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

    /// Carries a database to another thread. Guard: made by one thread, emptied by the one that it was handed to.
    private final class Parcel: @unchecked Sendable {
        private var database: Database?

        init(_ database: consuming Database) { self.database = consume database }

        func empty() { database = nil }
    }
}
