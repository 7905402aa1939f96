// The memory of one server's large values, each counted once, whoever holds it: keys, replies that wait, a snapshot on
// its way to the disk. A value counts itself, from when it becomes one of the server's until it is freed, so that there
// are no holders to keep count of.

import Synchronization

final class LargeBytesAccount: Sendable {
    private let total = Atomic<Int>(0)
    private let departing = Atomic<Int>(0)

    /// Memory of all values that are not freed yet.
    var bytes: Int { total.load(ordering: .relaxed) }
    /// The part of it that another thread is about to free: limits do not ask for it any more.
    var departingBytes: Int { departing.load(ordering: .acquiring) }
    /// The rest. What is freed in between may be taken off twice, but never be counted.
    var lastingBytes: Int {
        let departing = departingBytes
        return bytes - departing
    }

    func count(_ change: Int) { total.add(change, ordering: .relaxed) }
    /// What has departed is to have been freed before.
    func countDeparting(_ change: Int) { departing.add(change, ordering: .releasing) }
}

/// The way out of memory that another thread will free: as long as this lives, the bytes count as departing.
struct Departure: ~Copyable {
    private let account: LargeBytesAccount
    private let bytes: Int

    init(of bytes: Int, from account: LargeBytesAccount) {
        self.account = account
        self.bytes = bytes
        account.countDeparting(bytes)
    }

    deinit { account.countDeparting(-bytes) }
}
