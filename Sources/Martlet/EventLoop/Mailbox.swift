// How other threads hand work to a loop that is busy: a list under a lock, and one descriptor to wake the loop with.

import Synchronization

final class Mailbox: Sendable {
    typealias Job = @Sendable () -> Void

    private struct Box: Sendable {
        var jobs: [Job] = []
        /// Nil when the box is closed. Whoever rings holds it, so its descriptor is not closed under their hands.
        var wakeup: Wakeup?
    }

    private let box: Mutex<Box>
    /// Readable while jobs wait, until the box is closed.
    let descriptor: FileDescriptor

    init() throws(SystemError) {
        let wakeup = try Wakeup()
        descriptor = wakeup.descriptor
        box = Mutex(Box(wakeup: wakeup))
    }

    /// Adds a job for the next turn; false when the loop has ended and nobody will come for it.
    func post(_ job: @escaping Job) -> Bool {
        let (isOpen, bell) = box.withLock { box -> (Bool, Wakeup?) in
            guard box.wakeup != nil else { return (false, nil) }
            box.jobs.append(job)
            // The loop empties the whole box at once, so one signal serves all who post before that.
            return (true, box.jobs.count == 1 ? box.wakeup : nil)
        }
        bell?.signal()
        return isOpen
    }

    /// All jobs posted so far, in their order.
    func take() -> [Job] {
        // Silenced first: a job posted from here on rings again.
        box.withLock { $0.wakeup }?.drain()
        return box.withLock { box in
            guard !box.jobs.isEmpty else { return [] }
            var jobs: [Job] = []
            swap(&jobs, &box.jobs)
            return jobs
        }
    }

    /// Refuses further jobs, gives the descriptor back, and returns the jobs that were still waiting.
    func close() -> [Job] {
        box.withLock { box in
            box.wakeup = nil
            var jobs: [Job] = []
            swap(&jobs, &box.jobs)
            return jobs
        }
    }
}
