// Saving the data as snapshots: SAVE and BGSAVE, save points, the end. Loading is in Persistence+Loading.swift, the
// append only file in AppendOnlyFile.swift. All of it on the engine's queue, but for the work on files.

import Dispatch

/// Guard for `@unchecked Sendable`: touched on the engine's queue only.
final class Persistence: @unchecked Sendable {
    let server: ServerContext
    let fileSystem: any FileSystem
    let snapshotter: Snapshotter
    let appendOnlyFile: AppendOnlyFile
    /// What is being loaded.
    var loader: DataLoader?
    var loadingBegan: Int64 = 0
    var lastProgressLogAt: Int64 = 0
    /// Changes that there were when the background save began.
    private var dirtyAtStart = 0

    /// After a failed background save the next by a save point waits so many seconds, as in Redis.
    private static let retrySeconds: Int64 = 5

    /// `onQueue` runs its argument on the engine's queue, soon.
    init(
        server: ServerContext, fileSystem: any FileSystem,
        onQueue: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.server = server
        self.fileSystem = fileSystem
        snapshotter = Snapshotter(server: server, onQueue: onQueue)
        appendOnlyFile = AppendOnlyFile(
            server: server, fileSystem: fileSystem, snapshotter: snapshotter, onQueue: onQueue)
        appendOnlyFile.errorChanged = { [unowned self] in updateWriteRefusal() }
    }

    var status: PersistenceStatus {
        _read { yield server.persistence.value }
        _modify { yield &server.persistence.value }
    }

    var configuration: Configuration { _read { yield server.configuration.value } }

    var path: String { configuration.dir + "/" + configuration.dbfilename }
    /// Where a snapshot stands before it is whole.
    var temporaryPath: String { configuration.dir + "/temp-\(CurrentProcess.id).rdb" }

    var seconds: Int64 { server.clock.wallSeconds() }

    // MARK: Saving

    private static let saveInProgress = ReplyError("ERR Background save already in progress")

    /// Saves while everybody waits: SAVE, the end of the process, DEBUG RELOAD. A rewrite that goes on begins anew
    /// later.
    func save() -> ReplyError? {
        guard !status.isSaving else { return Self.saveInProgress }
        if appendOnlyFile.rewrite.isRunning {
            appendOnlyFile.abandonRewrite()
            appendOnlyFile.rewrite.isScheduled = true
        }
        do throws(SystemError) {
            let file = try makeFile()
            if let error = snapshotter.writeNow(file, as: server.snapshotFormat()) { throw error }
        } catch {
            // Whoever asked hears of it; only a background save that fails stops writes.
            server.log.write(.warning, "Error saving DB on disk: \(error.message)")
            return ReplyError("ERR")
        }
        server.log.write(.notice, "DB saved on disk")
        server.keyspace.value.dirty = 0
        saved(began: nil, succeeded: true)
        return nil
    }

    /// Begins a save that goes on between the turns; with `schedules` one that cannot begin now begins later.
    func saveInBackground(schedules: Bool = false) -> SaveReply {
        guard !status.isSaving else { return .refused(Self.saveInProgress) }
        if snapshotter.isActive || appendOnlyFile.rewrite.isRunning {
            guard schedules else {
                return .refused(
                    ReplyError(
                        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in "
                            + "order to schedule a BGSAVE whenever possible."))
            }
            status.isScheduled = true
            return .scheduled
        }
        status.lastAttemptAt = seconds
        do throws(SystemError) {
            let file = try makeFile()
            dirtyAtStart = server.keyspace.value.dirty
            snapshotter.begin(file, as: server.snapshotFormat()) { [self] in backgroundSaveEnded($0) }
            status.savingSince = seconds
        } catch {
            server.log.write(.warning, "Can't save in background: \(error.message)")
            saved(began: seconds, succeeded: false)
            return .refused(ReplyError("ERR"))
        }
        server.log.write(.notice, "Background saving started by pid \(CurrentProcess.id)")
        return .started
    }

    private func makeFile() throws(SystemError) -> SnapshotFile {
        try SnapshotFile(
            path, by: temporaryPath, in: configuration.dir, fileSystem: fileSystem,
            syncsMeanwhile: configuration.rdbSaveIncrementalFsync)
    }

    /// Gives up a background save: the data is gone, or the end of the process saves anew or not at all.
    func abandonSave() {
        guard status.isSaving else { return }
        status.savingSince = nil
        snapshotter.abandon()
        server.log.write(.warning, "There is a child saving an .rdb. Killing it!")
    }

    /// FLUSHALL: as in Redis, a file that is kept by itself is emptied along with the data.
    func dataWasFlushed(isSaved: Bool) {
        abandonSave()
        if isSaved, !configuration.savePoints.isEmpty { _ = save() }
    }

    private func backgroundSaveEnded(_ error: SystemError?) {
        let began = status.savingSince ?? seconds
        status.savingSince = nil
        if let error {
            server.log.write(.warning, "Background saving error: \(error.message)")
        } else {
            server.log.write(.notice, "Background saving terminated with success")
            server.keyspace.value.dirty = max(0, server.keyspace.value.dirty - dirtyAtStart)
        }
        saved(began: began, succeeded: error == nil)
    }

    /// `began` is nil for a save that everybody waited for.
    private func saved(began: Int64?, succeeded: Bool) {
        status.lastSaveSucceeded = succeeded
        if let began { status.lastSaveSeconds = max(0, seconds - began) }
        if succeeded {
            status.lastSaveAt = seconds
            status.saves += 1
        }
        updateWriteRefusal()
    }

    /// While saving fails and save points are set, or while the append only file cannot be written, nothing new is
    /// promised to be kept.
    func updateWriteRefusal() {
        let isSaveMissing =
            !status.lastSaveSucceeded && configuration.stopWritesOnBgsaveError && !configuration.savePoints.isEmpty
        server.writeRefusal =
            isSaveMissing
            ? .cannotPersist
            : appendOnlyFile.error.map { ReplyError("MISCONF Errors writing to the AOF file: \($0.message)") }
    }

    // MARK: From time to time

    /// Begins what is due. `hasSavePoints`: whether the server saves by itself.
    func tick(hasSavePoints: Bool) {
        appendOnlyFile.tick()
        guard !snapshotter.isActive, !appendOnlyFile.rewrite.isRunning else { return }
        if status.isScheduled {
            status.isScheduled = false
            _ = saveInBackground()
        } else if hasSavePoints {
            checkSavePoints()
        }
    }

    private func checkSavePoints() {
        let (now, changes) = (seconds, server.keyspace.value.dirty)
        guard status.lastSaveSucceeded || now - status.lastAttemptAt > Self.retrySeconds else { return }
        for point in configuration.savePoints
        where changes >= point.changes && now - status.lastSaveAt > Int64(point.seconds) {
            server.log.write(.notice, "\(point.changes) changes in \(point.seconds) seconds. Saving...")
            _ = saveInBackground()
            return
        }
    }

    // MARK: The end

    /// Whether what there is may be left without losing anything that was promised; `isForced` leaves it anyway.
    func prepareForEnd(isForced: Bool) -> Bool {
        abandonSave()
        if appendOnlyFile.state == .waitingForBase, appendOnlyFile.rewrite.isRunning {
            guard isForced else {
                server.log.write(.warning, "Writing initial AOF, can't exit.")
                return false
            }
            server.log.write(.warning, "Writing initial AOF. Exit anyway.")
        }
        appendOnlyFile.abandonRewrite()
        if appendOnlyFile.state != .off {
            server.log.write(.notice, "Calling fsync() on the AOF file.")
            _ = appendOnlyFile.flush(waits: true)
        }
        return true
    }
}

extension ServerContext {
    /// How the data of this moment is written down: as a snapshot or as commands, by itself or as the base of an append
    /// only file.
    func snapshotFormat(isSnapshot: Bool = true, isBase: Bool = false) -> any SnapshotFormat {
        let configuration = configuration.value
        guard isSnapshot else {
            return CommandSnapshotFormat(timestamp: configuration.aofTimestampEnabled ? clock.wallSeconds() : nil)
        }
        var hasFieldDeadlines = false
        for index in 0..<keyspace.value.databases.count where keyspace.value.databases[index].innerCount > 0 {
            hasFieldDeadlines = true
        }
        let uses: RDBUses =
            switch configuration.maxmemoryPolicy.order {
            case .recency: .idleSeconds(at: keyspace.value.accessClock)
            case .frequency: .frequency
            case .deadline, .chance, nil: .none
            }
        var writer = RDBFileWriter(
            version: hasFieldDeadlines ? .fieldDeadlines : .common, compresses: configuration.rdbCompression,
            uses: uses)
        writer.append(aux: "redis-ver", ServerVersion.redis)
        writer.append(aux: "redis-bits", "64")
        writer.append(aux: "ctime", "\(clock.wallSeconds())")
        writer.append(aux: "used-mem", "\(usedMemory)")
        writer.append(aux: "aof-base", isBase ? "1" : "0")
        return RDBSnapshotFormat(
            writer, compresses: configuration.rdbCompression, uses: uses, checksums: configuration.rdbChecksum)
    }
}
