// How other threads hand work to a loop that is busy: a list under a lock, and one descriptor to wake the loop with.

import Synchronization

final class Mailbox: Sendable {
    typealias Job = @Sendable () -> Void

    private struct Box: Sendable {
        var jobs: [Job] = []
        var isClosed = false
    }

    private let box = Mutex(Box())
    private let wakeup: Wakeup

    init() throws(SystemError) { wakeup = try Wakeup() }

    /// Readable while jobs wait.
    var descriptor: FileDescriptor { wakeup.descriptor }

    /// Adds a job for the next turn; false when the loop has ended and nobody will come for it.
    func post(_ job: @escaping Job) -> Bool {
        let (isOpen, isFirst) = box.withLock { box in
            guard !box.isClosed else { return (false, false) }
            box.jobs.append(job)
            return (true, box.jobs.count == 1)
        }
        // The loop empties the whole box at once, so one signal serves all who post before that.
        if isFirst { wakeup.signal() }
        return isOpen
    }

    /// All jobs posted so far, in their order.
    func take() -> [Job] {
        // Silenced first: a job posted from here on rings again.
        wakeup.drain()
        return box.withLock { box in
            guard !box.jobs.isEmpty else { return [] }
            var jobs: [Job] = []
            swap(&jobs, &box.jobs)
            return jobs
        }
    }

    /// Refuses further jobs and returns those that were still waiting.
    func close() -> [Job] {
        box.withLock { box in
            box.isClosed = true
            var jobs: [Job] = []
            swap(&jobs, &box.jobs)
            return jobs
        }
    }
}
