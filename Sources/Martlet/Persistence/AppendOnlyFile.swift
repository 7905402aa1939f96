// The append only file at work: what was done in a turn is written before the turn's replies leave, and synced as
// `appendfsync` says. Rewriting it is the business of AppendOnlyFile+Rewrite.swift.
//
// A write that failed is taken back and tried again, and no further change is promised meanwhile. A sync that failed is
// not tried again: the system may have dropped what it could not write. Only a rewritten file heals that.

import Dispatch

/// Guard for `@unchecked Sendable`: touched on the engine's queue only, but for what `queue` is handed.
final class AppendOnlyFile: @unchecked Sendable {
    enum State {
        case off
        /// Switched on while the server runs: it counts once the data has been written as its first part.
        case waitingForBase
        case on
    }

    let server: ServerContext
    let fileSystem: any FileSystem
    let snapshotter: Snapshotter
    let onQueue: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// Syncs, and changes of which files there are, one after the other.
    let queue = DispatchQueue(label: "martlet.aof", qos: .userInitiated)
    var state = State.off
    var manifest = AOFManifest()
    var rewrite = RewriteStatus()
    /// Steps that come back after their rewrite was given up are not of the present one.
    var generation = 0
    /// After many failures no rewrite begins by itself before this time.
    var notBefore: Int64 = 0
    /// DEBUG AOF-FLUSH-SLEEP, in microseconds.
    var flushDelay: Int64 = 0

    /// The file that is written to.
    private var file: (any StoredFile)?
    /// Counts the files that were written to.
    private var fileNumber = 0
    /// What is to be written.
    private var pending = ByteBuffer()
    /// Memory of what waits to be written.
    var bufferBytes: Int { pending.capacity }
    /// Bytes of the file that are good, and whether there may be others behind them.
    private(set) var fileSize = 0
    private var hasTornTail = false
    private var timestamp: Int64 = 0

    private var isSyncing = false
    private var lastSyncAt: Int64 = 0
    private var postponedSince: Int64?
    /// How much of the command log is written, and how much on disk for sure.
    private(set) var writtenOffset = 0
    private(set) var syncedOffset = 0
    /// Sizes of the base, and of all at the last rewrite.
    var baseSize = 0
    var sizeAtRewrite = 0

    private var writeError: SystemError?
    /// The latest sync that failed, and of which file.
    private var syncFailure: (error: SystemError, fileNumber: Int)?
    private var lastErrorLogAt = Int64.min
    /// Called when `error` has come or gone.
    var errorChanged: () -> Void = {}

    private static let longestPostponementSeconds: Int64 = 2
    private static let secondsBetweenErrorLogs: Int64 = 30

    init(
        server: ServerContext, fileSystem: any FileSystem, snapshotter: Snapshotter,
        onQueue: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.server = server
        self.fileSystem = fileSystem
        self.snapshotter = snapshotter
        self.onQueue = onQueue
    }

    var configuration: Configuration { _read { yield server.configuration.value } }
    var directory: AOFDirectory { AOFDirectory(configuration, fileSystem: fileSystem) }
    /// What keeps changes from being kept.
    var error: SystemError? { writeError ?? syncFailure?.error }
    var hasPending: Bool { !pending.isEmpty }
    var size: Int { baseSize + fileSize }
    /// How much of the command log is on disk; nil while none is kept.
    var savedOffset: Int? {
        switch state {
        case .off: nil
        // Without its base nothing of it could be loaded.
        case .waitingForBase: -1
        case .on: syncedOffset
        }
    }

    /// Brings what others look at up to date.
    func updateStatus() {
        server.keyspace.value.commandLog.isOn = state == .on || (state == .waitingForBase && rewrite.isRunning)
        var status = AOFStatus()
        status.isOn = state != .off
        status.hasWriteError = error != nil
        status.size = size
        status.sizeAtRewrite = sizeAtRewrite
        status.pendingCount = pending.count
        status.isSyncing = isSyncing
        status.delayedSyncs = server.persistence.value.appendOnly.delayedSyncs
        status.rewrite = rewrite
        server.persistence.value.appendOnly = status
    }

    // MARK: Opening and closing

    /// Writes go to `file` from now on, which holds `size` bytes.
    func use(_ file: any StoredFile, size: Int) {
        let (old, oldNumber) = (self.file, fileNumber)
        self.file = file
        fileNumber += 1
        fileSize = size
        hasTornTail = false
        server.keyspace.value.commandLog.forgetDatabase()
        guard let old else {
            // What was done so far is in the base.
            writtenOffset = server.keyspace.value.commandLog.offset
            syncedOffset = writtenOffset
            return
        }
        // What follows must not be on disk before what is in the old file.
        startSync(of: old, number: oldNumber, closing: true)
    }

    /// Drops what was logged while the first base was being written.
    func dropFile() {
        // It may be being synced.
        if let file { queue.async { file.close() } }
        file = nil
        fileSize = 0
        pending.clear()
        server.keyspace.value.commandLog.removeAll()
    }

    /// The end of the server, or of logging: everything that was done is on disk, or the log says why not.
    func close() {
        guard state != .off else { return }
        _ = flush(waits: true)
        // Whoever syncs now is done before.
        queue.sync {}
        do throws(SystemError) {
            try file?.sync()
            syncedOffset = writtenOffset
        } catch {
            server.log.write(.warning, "Fail to fsync the AOF file: \(error.message)")
        }
        dropFile()
        state = .off
        writeError = nil
        syncFailure = nil
        isSyncing = false
        postponedSince = nil
        updateStatus()
    }

    // MARK: Writing

    /// Writes what was done since the last time. False when something of it could not be made as safe as the policy
    /// promises; `waits`: even if the disk is busy.
    func flush(waits: Bool = false) -> Bool {
        guard state != .off, file != nil else { return true }
        let hasNews = server.keyspace.value.commandLog.count > 0
        if hasNews {
            noteTime()
            server.keyspace.value.commandLog.drain(into: &pending)
        }
        guard !pending.isEmpty else {
            syncIfDue()
            return true
        }
        if isSyncing, !waits, configuration.appendfsync != .always, !hasWaitedLongEnough() { return true }
        postponedSince = nil
        guard write() else { return configuration.appendfsync != .always }
        guard configuration.appendfsync == .always else {
            syncIfDue()
            return true
        }
        return syncNow()
    }

    /// A note of the time ahead of what was done in another second than what was done before.
    private func noteTime() {
        guard configuration.aofTimestampEnabled else { return }
        let seconds = server.clock.wallSeconds()
        guard seconds > timestamp else { return }
        timestamp = seconds
        pending.append(text: "#TS:\(seconds)\r\n")
    }

    /// While a sync goes on a write may have to wait for it, so it is put off; but not for long.
    private func hasWaitedLongEnough() -> Bool {
        let seconds = server.clock.wallSeconds()
        guard let since = postponedSince else {
            postponedSince = seconds
            return false
        }
        guard seconds - since >= Self.longestPostponementSeconds else { return false }
        server.persistence.value.appendOnly.delayedSyncs += 1
        server.log.write(
            .notice,
            "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for "
                + "fsync to complete, this may slow down the server.")
        return true
    }

    private func write() -> Bool {
        guard let file else { return false }
        let began = server.latency.isOn ? server.clock.monotonicNanoseconds() : 0
        defer { noteWrite(began) }
        if flushDelay > 0 { server.services.sleep(flushDelay) }
        do throws(SystemError) {
            if hasTornTail { try file.truncate(to: fileSize) }
            hasTornTail = true
            try file.write(pending.bytes)
        } catch {
            failed(error)
            return false
        }
        hasTornTail = false
        fileSize += pending.count
        writtenOffset = server.keyspace.value.commandLog.drainedCount
        // The memory is used again unless it has become large.
        if pending.capacity > 1 << 20 { pending.release() } else { pending.clear() }
        server.keyspace.value.commandLog.reuse(&pending)
        if writeError != nil {
            writeError = nil
            server.log.write(.warning, "AOF write error looks solved, writes are accepted again.")
            tellError()
        }
        return true
    }

    private func noteWrite(_ began: Int64) {
        guard server.latency.isOn else { return }
        let circumstances: LatencyEvent =
            isSyncing ? .aofWritePendingSync : snapshotter.isActive ? .aofWriteActiveChild : .aofWriteAlone
        server.noteLatency(circumstances, since: began)
        server.noteLatency(.aofWrite, since: began)
    }

    private func failed(_ error: SystemError) {
        let seconds = server.clock.wallSeconds()
        if lastErrorLogAt == Int64.min || seconds - lastErrorLogAt > Self.secondsBetweenErrorLogs {
            lastErrorLogAt = seconds
            server.log.write(.warning, "Error writing to the AOF file: \(error.message)")
        }
        writeError = error
        tellError()
    }

    private func tellError() {
        errorChanged()
        updateStatus()
    }

    // MARK: Syncing

    private var leavesSyncsOut: Bool { configuration.noAppendfsyncOnRewrite && snapshotter.isActive }

    private func syncNow() -> Bool {
        guard !leavesSyncsOut, let file else { return true }
        guard syncFailure == nil else { return false }
        let began = server.latency.isOn ? server.clock.monotonicNanoseconds() : 0
        defer { server.noteLatency(.aofSyncAlways, since: began) }
        do throws(SystemError) {
            try file.sync()
        } catch {
            syncFailed(error, fileNumber)
            return false
        }
        lastSyncAt = server.clock.wallSeconds()
        syncedOffset = writtenOffset
        return true
    }

    private func syncIfDue() {
        guard syncedOffset < writtenOffset, !leavesSyncsOut, syncFailure == nil, let file else { return }
        switch configuration.appendfsync {
        case .never: break
        case .always: _ = syncNow()
        case .everySecond:
            // Who waits for the disk is not kept until the second is over; those who come meanwhile share the next one.
            let isAwaited = server.blocked.wantedOffset > syncedOffset
            guard !isSyncing, isAwaited || server.clock.wallSeconds() > lastSyncAt else { return }
            lastSyncAt = server.clock.wallSeconds()
            startSync(of: file, number: fileNumber, closing: false)
        }
    }

    private func startSync(of file: any StoredFile, number: Int, closing: Bool) {
        isSyncing = true
        let count = writtenOffset
        queue.async { [self, onQueue] in
            var failure: SystemError?
            do throws(SystemError) { try file.sync() } catch { failure = error }
            if closing { file.close() }
            let error = failure
            onQueue { self.synced(count, error, number) }
        }
    }

    private func synced(_ count: Int, _ error: SystemError?, _ number: Int) {
        guard state != .off else { return }
        isSyncing = false
        if let error { return syncFailed(error, number) }
        if syncFailure == nil { syncedOffset = max(syncedOffset, count) }
        _ = flush()
    }

    private func syncFailed(_ error: SystemError, _ number: Int) {
        server.log.write(
            .warning,
            "Error syncing the AOF file: \(error.message). What it holds cannot be relied on: it will be rewritten.")
        syncFailure = (error, number)
        rewrite.isScheduled = true
        tellError()
    }

    /// A rewritten base is on disk: nothing depends on the files from before it, whatever failed there.
    func healed() {
        guard let failure = syncFailure, failure.fileNumber < fileNumber else { return }
        syncFailure = nil
        rewrite.isScheduled = false
        server.log.write(.warning, "The AOF file has been rewritten after an error, writes are accepted again.")
        tellError()
    }
}
