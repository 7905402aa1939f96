// Writes the data as they are at one moment to a file, in slices between the turns or all at once. One at a time: the
// keyspace keeps the state of one moment only.

/// Guard for `@unchecked Sendable`: touched on the engine's queue only.
final class Snapshotter: @unchecked Sendable {
    private struct Current {
        let writer: SnapshotWriter
        let file: SnapshotFile
        let done: (SystemError?) -> Void
        var isWritten = false
    }

    private let server: ServerContext
    private let onQueue: @Sendable (@escaping @Sendable () -> Void) -> Void
    private var current: Current?
    /// With rdb-key-save-delay: when the next key may be written, in monotonic nanoseconds.
    private var resumesAt: Int64 = 0

    init(server: ServerContext, onQueue: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        self.server = server
        self.onQueue = onQueue
    }

    var isActive: Bool { current != nil }
    /// Whether there is something to be written, now or when the disk has caught up.
    var isWaiting: Bool { current.map { !$0.isWritten } ?? false }
    /// Tells INFO how many keys are written, and how many there are.
    private func noteProgress() {
        guard let writer = current?.writer else { return }
        (server.persistence.value.savedKeys, server.persistence.value.keysToSave) = (writer.recorded, writer.total)
    }

    private var keyDelayNanoseconds: Int64 { Int64(max(0, server.configuration.value.rdbKeySaveDelay)) * 1000 }

    private func makeWriter(_ format: any SnapshotFormat, _ file: SnapshotFile) -> SnapshotWriter {
        let writer = SnapshotWriter(server.keyspace.value, as: format, to: file)
        server.keyspace.value.beginSnapshot(writer)
        return writer
    }

    /// Begins to write the data as they are now; `done` hears on the engine's queue what went wrong, if anything.
    func begin(_ file: SnapshotFile, as format: any SnapshotFormat, done: @escaping (SystemError?) -> Void) {
        precondition(current == nil)
        server.persistence.value.backgroundJobs += 1
        resumesAt = 0
        current = Current(writer: makeWriter(format, file), file: file, done: done)
        noteProgress()
    }

    /// Goes on; true when it wants to go on at once.
    func proceed(until isSpent: () -> Bool) -> Bool {
        guard let current, !current.isWritten else { return false }
        defer { noteProgress() }
        if current.file.isBusy, current.file.error == nil { return false }
        let delay = keyDelayNanoseconds
        if delay > 0, server.clock.monotonicNanoseconds() < resumesAt { return false }
        let before = current.writer.recorded
        let isDone = server.keyspace.value.continueSnapshot(
            until: { isSpent() || current.file.isBusy || (delay > 0 && current.writer.recorded > before) })
        if delay > 0, current.writer.recorded > before {
            // A test's delay, and keys of one step: far from an Int64's end.
            resumesAt = server.clock.monotonicNanoseconds() + delay * Int64(current.writer.recorded - before)
            return false
        }
        guard isDone else { return !current.file.isBusy }
        finish()
        return false
    }

    private func finish() {
        guard let finished = current else { return }
        finished.writer.finish()
        current?.isWritten = true
        let file = finished.file
        file.finish { [self, onQueue] error in onQueue { self.ended(file, error) } }
    }

    private func ended(_ file: SnapshotFile, _ error: SystemError?) {
        guard let current, current.file === file else { return }
        self.current = nil
        current.done(error)
    }

    /// Writes the data while everybody waits.
    func writeNow(_ file: SnapshotFile, as format: any SnapshotFormat) -> SystemError? {
        precondition(current == nil)
        let writer = makeWriter(format, file)
        let delay = keyDelayNanoseconds / 1000
        var isDone = false
        while !isDone {
            let before = writer.recorded
            isDone = server.keyspace.value.continueSnapshot(until: { file.isBusy || delay > 0 })
            if delay > 0 { SystemTime.sleep(microseconds: delay * Int64(writer.recorded - before)) }
            if file.isBusy { file.drain() }
        }
        writer.finish()
        return file.finish()
    }

    /// Gives up what is being written; nothing of it stays, and `done` is not called.
    func abandon() {
        guard let abandoned = current else { return }
        current = nil
        server.keyspace.value.abandonSnapshot()
        abandoned.file.abandonNow()
    }
}
