// Rewriting the append only file: a snapshot of this moment becomes its base, and a new file takes what is done from
// now on. The steps, those on the left without stopping the engine:
//
//   create the new increment, list it in the manifest
//                                       from here on write to it; begin the snapshot
//   write the snapshot under another name, sync, rename
//   list the new base, the old files as history
//                                       the rewrite has succeeded
//   remove history
//
// At every moment the files of the manifest on disk make up all that was done.

import Dispatch

extension AppendOnlyFile {
    /// BGREWRITEAOF.
    func requestRewrite() -> SaveReply {
        defer { updateStatus() }
        if rewrite.isRunning {
            return .refused(ReplyError("ERR Background append only file rewriting already in progress"))
        }
        if snapshotter.isActive || server.isInTransaction {
            rewrite.isScheduled = true
            rewrite.failures = 0
            return .scheduled
        }
        guard startRewrite() else {
            return .refused(
                ReplyError(
                    "ERR Can't execute an AOF background rewriting. Please check the server logs for more information.")
            )
        }
        return .started
    }

    // MARK: Steps

    /// False when it cannot even begin.
    func startRewrite() -> Bool {
        rewrite.begunAt = server.clock.wallSeconds()
        rewrite.isScheduled = false
        generation += 1
        rewrite.count += 1
        server.log.write(.notice, "Background append only file rewriting started by pid \(CurrentProcess.id)")
        defer { updateStatus() }
        do throws(SystemError) {
            switch state {
            case .off:
                try directory.make()
                try beginBase()
            case .waitingForBase:
                try directory.make()
                let name = directory.temporaryIncrement
                use(try directory.createIncrement(name), size: 0)
                server.log.write(.notice, "Creating AOF incr file \(name) on background rewrite")
                try beginBase()
            case .on: prepareIncrement()
            }
            return true
        } catch {
            rewriteFailed("Can't rewrite append only file in background: \(error)")
            return false
        }
    }

    private func prepareIncrement() {
        let (directory, generation) = (directory, self.generation)
        var next = manifest
        let entry = next.addIncrement(of: directory.prefix)
        let manifest = next
        queue.async { [self, onQueue] in
            do throws(SystemError) {
                try directory.make()
                let file = try directory.createIncrement(entry.name)
                do throws(SystemError) {
                    try directory.write(manifest)
                } catch {
                    file.close()
                    throw error
                }
                onQueue { self.continueRewrite(generation, with: file, of: entry, manifest) }
            } catch {
                onQueue { self.giveUp(generation, "Can't open the append-only file \(entry.name): \(error.message)") }
            }
        }
    }

    private func continueRewrite(
        _ generation: Int, with file: any StoredFile, of entry: AOFManifest.Entry, _ manifest: AOFManifest
    ) {
        guard generation == self.generation, rewrite.isRunning, state == .on else { return file.close() }
        self.manifest = manifest
        server.log.write(.notice, "Creating AOF incr file \(entry.name) on background rewrite")
        // What waits belongs to the old file.
        _ = flush(waits: true)
        guard !hasPending else {
            file.close()
            return rewriteFailed("Can't rewrite append only file in background: the present one cannot be written")
        }
        use(file, size: 0)
        do throws(SystemError) {
            try beginBase()
        } catch {
            rewriteFailed("Can't rewrite append only file in background: \(error)")
        }
        updateStatus()
    }

    private func beginBase() throws(SystemError) {
        var next = manifest
        let (directory, generation) = (directory, self.generation)
        let isSnapshot = configuration.aofUseRDBPreamble
        let base = next.replaceBase(of: directory.prefix, isSnapshot: isSnapshot, keepingLast: state == .on ? 1 : 0)
        let temporary = "\(directory.parent)/temp-rewriteaof-bg-\(CurrentProcess.id).aof"
        let file = try SnapshotFile(
            directory.path(of: base.name), by: temporary, in: directory.path, fileSystem: fileSystem,
            syncsMeanwhile: configuration.aofRewriteIncrementalFsync)
        let manifest = next
        snapshotter.begin(file, as: server.snapshotFormat(isSnapshot: isSnapshot, isBase: true)) { [self] error in
            baseWritten(generation, error, manifest, size: file.count)
        }
    }

    private func baseWritten(_ generation: Int, _ error: SystemError?, _ manifest: AOFManifest, size: Int) {
        guard generation == self.generation, rewrite.isRunning else { return }
        if let error { return rewriteFailed("Background AOF rewrite terminated with error: \(error.message)") }
        var next = manifest
        var temporary: String?
        let directory = directory
        if state == .waitingForBase {
            temporary = directory.temporaryIncrement
            _ = next.addIncrement(of: directory.prefix)
        }
        let (listed, from, keepsHistory) = (next, temporary, configuration.aofDisableAutoGC)
        queue.async { [self, onQueue] in
            do throws(SystemError) {
                if let from, let last = listed.increments.last { try directory.rename(from, to: last.name) }
                try directory.write(listed)
            } catch {
                onQueue { self.giveUp(generation, "Background AOF rewrite terminated with error: \(error.message)") }
                return
            }
            let final = keepsHistory ? listed : directory.withoutHistory(listed)
            onQueue { self.rewriteSucceeded(generation, final, baseSize: size) }
        }
    }

    private func rewriteSucceeded(_ generation: Int, _ manifest: AOFManifest, baseSize: Int) {
        guard generation == self.generation, rewrite.isRunning else { return }
        self.manifest = manifest
        self.baseSize = baseSize
        sizeAtRewrite = size
        endRewrite(succeeded: true)
        if state == .waitingForBase { state = .on }
        server.log.write(.notice, "Background AOF rewrite finished successfully")
        healed()
        updateStatus()
    }

    private func giveUp(_ generation: Int, _ reason: String) {
        guard generation == self.generation, rewrite.isRunning else { return }
        rewriteFailed(reason)
    }

    private func rewriteFailed(_ reason: String) {
        server.log.write(.warning, reason)
        endRewrite(succeeded: false)
        dropTemporaryIncrement()
        updateStatus()
    }

    private func endRewrite(succeeded: Bool) {
        rewrite.lastSeconds = max(0, server.clock.wallSeconds() - (rewrite.begunAt ?? 0))
        rewrite.begunAt = nil
        rewrite.hasSucceeded = succeeded
        rewrite.failures = succeeded ? 0 : rewrite.failures + 1
        // Without a base there is nothing yet that could be loaded, and after an error nothing that can be relied on.
        if !succeeded, state == .waitingForBase || error != nil { rewrite.isScheduled = true }
    }

    private func dropTemporaryIncrement() {
        guard state == .waitingForBase else { return }
        let name = directory.temporaryIncrement
        server.log.write(.notice, "Removing the temp incr aof file \(name) in the background")
        dropFile()
        let directory = directory
        queue.async { directory.discard(name) }
    }

    /// Gives up the rewrite that goes on, if one does, without counting it as failed.
    func abandonRewrite() {
        guard rewrite.isRunning else { return }
        server.log.write(.notice, "Killing running AOF rewrite child: \(CurrentProcess.id)")
        rewrite.begunAt = nil
        generation += 1
        snapshotter.abandon()
        // A step may have come to its end meanwhile: what the manifest on disk lists is what there is.
        queue.sync {}
        if let listed = try? directory.readManifest(), !listed.isEmpty { manifest = listed }
        dropTemporaryIncrement()
        updateStatus()
    }

    // MARK: From time to time

    private static let failuresBeforeLimit = 3
    private static let longestDelayMinutes: Int64 = 60

    /// Begins what is due, and writes what waits.
    func tick() {
        guard state != .off || rewrite.isScheduled else { return }
        if rewrite.isScheduled, !snapshotter.isActive, !rewrite.isRunning, !isLimited() { _ = startRewrite() }
        if state == .on, !snapshotter.isActive, !rewrite.isRunning, hasGrown, !isLimited() {
            let growth = self.growth
            server.log.write(.notice, "Starting automatic rewriting of AOF on \(growth)% growth")
            _ = startRewrite()
        }
        _ = flush()
        updateStatus()
    }

    private var growth: Int {
        let (scaled, overflow) = size.multipliedReportingOverflow(by: 100)
        return overflow ? 0 : scaled / max(1, sizeAtRewrite) - 100
    }

    private var hasGrown: Bool {
        let percentage = configuration.autoAOFRewritePercentage
        return percentage > 0 && size > configuration.autoAOFRewriteMinSize && growth >= percentage
    }

    /// After several failures in a row the next attempt waits, longer each time.
    private func isLimited() -> Bool {
        guard rewrite.failures >= Self.failuresBeforeLimit else {
            notBefore = 0
            return false
        }
        let seconds = server.clock.wallSeconds()
        if notBefore == 0 {
            let doublings = min(rewrite.failures - Self.failuresBeforeLimit, 6)
            let minutes = min(Int64(1) << Int64(doublings), Self.longestDelayMinutes)
            notBefore = seconds + minutes * 60
            server.log.write(
                .warning,
                "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in \(minutes) minutes"
            )
        }
        guard seconds >= notBefore else { return true }
        // The next failure sets it anew.
        notBefore = 0
        return false
    }

    // MARK: On and off while the server runs

    /// CONFIG SET appendonly yes; false when it cannot begin.
    func turnOn() -> Bool {
        guard state == .off else { return true }
        state = .waitingForBase
        defer { updateStatus() }
        do throws(LoadingError) {
            manifest = try directory.readManifest()
        } catch {
            server.log.write(.warning, error.text)
            state = .off
            return false
        }
        // The one that goes on does not collect what is done meanwhile.
        abandonRewrite()
        if snapshotter.isActive || server.isInTransaction {
            rewrite.isScheduled = true
            let reason = snapshotter.isActive ? "another background operation goes on" : "a transaction goes on"
            server.log.write(
                .warning, "AOF was enabled while \(reason). An AOF background was scheduled to start when possible.")
            return true
        }
        guard startRewrite() else {
            rewrite.isScheduled = false
            state = .off
            return false
        }
        return true
    }

    /// CONFIG SET appendonly no.
    func turnOff() {
        guard state != .off else { return }
        abandonRewrite()
        rewrite.isScheduled = false
        close()
    }

    /// aof-disable-auto-gc no: removes what has been kept.
    func collectHistory() {
        guard !configuration.aofDisableAutoGC, !manifest.history.isEmpty, !rewrite.isRunning else { return }
        manifest = directory.withoutHistory(manifest)
    }
}

extension AOFDirectory {
    /// Removes the files of history; returns the manifest without those that are gone, which is on disk then.
    func withoutHistory(_ manifest: AOFManifest) -> AOFManifest {
        guard !manifest.history.isEmpty else { return manifest }
        var next = manifest
        next.history = []
        do throws(SystemError) {
            try write(next)
        } catch {
            // They are listed, and no more is known to be on disk.
            return manifest
        }
        for entry in manifest.history { discard(entry.name) }
        return next
    }
}
