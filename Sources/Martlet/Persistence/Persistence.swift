// Saving and loading the data: SAVE and BGSAVE, save points, the start, the end. All of it on the engine's queue, but
// for the writing itself (SnapshotFile).

import Dispatch

/// Guard for `@unchecked Sendable`: touched on the engine's queue only.
final class Persistence: @unchecked Sendable {
    private let server: ServerContext
    private let fileSystem: any FileSystem
    /// Runs its argument on the engine's queue, soon.
    private let onQueue: @Sendable (@escaping @Sendable () -> Void) -> Void
    /// A snapshot that is being written while clients are served.
    private var background: Background?

    private struct Background {
        let writer: SnapshotWriter
        let file: SnapshotFile
        let dirtyAtStart: Int
        var isWritten = false
    }

    /// After a failed background save the next by a save point waits so many seconds, as in Redis.
    private static let retrySeconds: Int64 = 5

    init(
        server: ServerContext, fileSystem: any FileSystem,
        onQueue: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.server = server
        self.fileSystem = fileSystem
        self.onQueue = onQueue
    }

    private var status: PersistenceStatus {
        _read { yield server.persistence.value }
        _modify { yield &server.persistence.value }
    }

    private var configuration: Configuration { server.configuration.value }

    private var path: String { configuration.dir + "/" + configuration.dbfilename }

    private var seconds: Int64 { server.clock.wallMilliseconds() / 1000 }

    // MARK: Saving

    /// Saves while everybody waits: SAVE, the end of the process, DEBUG RELOAD.
    func save() -> ReplyError? {
        guard background == nil else { return ReplyError("ERR Background save already in progress") }
        let began = seconds
        do throws(SystemError) {
            let file = try makeFile()
            let writer = begin(file)
            while !server.keyspace.value.continueSnapshot(until: { file.isBusy }) { file.drain() }
            writer.finish()
            if let error = file.finish() { throw error }
        } catch {
            // What is left of the walk only marks.
            while !server.keyspace.value.continueSnapshot(until: { false }) {}
            server.log.write(.warning, "Error saving DB on disk: \(error.message)")
            saved(began: began, succeeded: false)
            return ReplyError("ERR")
        }
        server.log.write(.notice, "DB saved on disk")
        server.keyspace.value.dirty = 0
        saved(began: began, succeeded: true)
        return nil
    }

    /// Begins a save that goes on between the turns.
    func saveInBackground() -> ReplyError? {
        guard background == nil else { return ReplyError("ERR Background save already in progress") }
        status.lastAttemptAt = seconds
        do throws(SystemError) {
            let file = try makeFile()
            let writer = begin(file)
            background = Background(writer: writer, file: file, dirtyAtStart: server.keyspace.value.dirty)
            status.savingSince = seconds
            status.keysToSave = writer.total
            status.savedKeys = 0
        } catch {
            server.log.write(.warning, "Can't save in background: \(error.message)")
            saved(began: seconds, succeeded: false)
            return ReplyError("ERR")
        }
        server.log.write(.notice, "Background saving started by pid \(CurrentProcess.id)")
        return nil
    }

    private func makeFile() throws(SystemError) -> SnapshotFile {
        try SnapshotFile(
            configuration.dbfilename, in: configuration.dir, fileSystem: fileSystem, processID: CurrentProcess.id)
    }

    private func begin(_ file: SnapshotFile) -> SnapshotWriter {
        let facts = [
            ("redis-ver", ServerVersion.redis), ("redis-bits", "64"), ("ctime", "\(seconds)"),
            ("used-mem", "\(server.usedMemory)"), ("aof-base", "0"),
        ]
        let writer = SnapshotWriter(
            server.keyspace.value, to: file, facts: facts, compresses: configuration.rdbCompression,
            checksums: configuration.rdbChecksum)
        server.keyspace.value.beginSnapshot(writer)
        return writer
    }

    /// Goes on with a background save; true when it wants to go on at once.
    func continueBackground(until isSpent: () -> Bool) -> Bool {
        guard let current = background, !current.isWritten else { return false }
        if current.file.isBusy, current.file.error == nil { return false }
        let isDone = server.keyspace.value.continueSnapshot(until: { isSpent() || current.file.isBusy })
        status.savedKeys = current.writer.recorded
        guard isDone else { return !current.file.isBusy }
        current.writer.finish()
        background?.isWritten = true
        current.file.finish { [self, onQueue] error in onQueue { self.finishBackground(error) } }
        return false
    }

    /// Whether a background save waits for the disk, and is to be looked at again soon.
    var isWaiting: Bool { background.map { !$0.isWritten } ?? false }

    /// The end of the process does not wait for a background save: it saves anew, or not at all.
    func abandonBackground() {
        guard let current = background, !current.isWritten else { return }
        background = nil
        status.savingSince = nil
        current.file.abandon()
        // What is left of the walk only marks.
        while !server.keyspace.value.continueSnapshot(until: { false }) {}
        server.log.write(.warning, "There is a background save; it is given up.")
    }

    private func finishBackground(_ error: SystemError?) {
        guard let finished = background else { return }
        background = nil
        let began = status.savingSince ?? seconds
        status.savingSince = nil
        if let error {
            server.log.write(.warning, "Background saving error: \(error.message)")
        } else {
            server.log.write(.notice, "Background saving terminated with success")
            server.keyspace.value.dirty = max(0, server.keyspace.value.dirty - finished.dirtyAtStart)
        }
        saved(began: began, succeeded: error == nil)
    }

    private func saved(began: Int64, succeeded: Bool) {
        status.lastSaveSucceeded = succeeded
        status.lastSaveSeconds = max(0, seconds - began)
        if succeeded {
            status.lastSaveAt = seconds
            status.saves += 1
        }
        updateWriteRefusal()
    }

    /// While saving fails and save points are set, nothing new is promised to be kept.
    func updateWriteRefusal() {
        let refuses =
            !status.lastSaveSucceeded && configuration.stopWritesOnBgsaveError && !configuration.savePoints.isEmpty
        server.writeRefusal = refuses ? .cannotPersist : nil
    }

    // MARK: Save points

    /// From time to time: begins what is due.
    func checkSavePoints() {
        guard background == nil else { return }
        if status.isScheduled {
            status.isScheduled = false
            _ = saveInBackground()
            return
        }
        let (now, changes) = (seconds, server.keyspace.value.dirty)
        guard status.lastSaveSucceeded || now - status.lastAttemptAt > Self.retrySeconds else { return }
        for point in configuration.savePoints
        where changes >= point.changes && now - status.lastSaveAt > Int64(point.seconds) {
            server.log.write(.notice, "\(point.changes) changes in \(point.seconds) seconds. Saving...")
            _ = saveInBackground()
            return
        }
    }

    // MARK: Loading

    /// Loads the file if there is one; a text when that cannot be done.
    func load(replacing: Bool = false) -> String? {
        let began = server.clock.monotonicNanoseconds()
        let path = path
        do throws(SystemError) {
            guard let file = try fileSystem.open(path) else { return nil }
            defer { file.close() }
            var reader = RDBFileReader(file, checksChecksum: configuration.rdbChecksum)
            do throws(RDBFileError) {
                try read(&reader, replacing)
            } catch {
                return "\(error.text) in \(path). Unrecoverable error, aborting now."
            }
            report(reader.summary, began: began)
            return nil
        } catch {
            return "Fatal error loading the DB: \(error.message). Exiting."
        }
    }

    private func read(_ reader: inout RDBFileReader, _ replacing: Bool) throws(RDBFileError) {
        // What is loaded happens to nobody.
        let events = server.keyspace.value.journal.wantedEvents
        let touches = server.keyspace.value.journal.wantsTouches
        server.keyspace.value.journal.wantedEvents = []
        server.keyspace.value.journal.wantsTouches = false
        defer {
            server.keyspace.value.journal.wantedEvents = events
            server.keyspace.value.journal.wantsTouches = touches
        }
        server.refreshTime()
        try reader.load(into: &server.keyspace.value, replacing: replacing)
    }

    private func report(_ summary: RDBSummary, began: Int64) {
        for (name, value) in summary.facts {
            switch name {
            case "redis-ver", "valkey-ver":
                server.log.write(.notice, "Loading RDB produced by version \(value)")
            case "ctime":
                if let time = Int64(value) { server.log.write(.notice, "RDB age \(max(0, seconds - time)) seconds") }
            default: break
            }
        }
        let loaded = summary.keys - summary.expiredKeys - summary.emptyKeys
        status.loadedKeys = loaded
        status.expiredKeysAtLoad = summary.expiredKeys
        status.lastSaveAt = seconds
        let milliseconds = (server.clock.monotonicNanoseconds() - began) / 1_000_000
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        server.log.write(
            .notice, "Done loading RDB, keys loaded: \(loaded), keys expired: \(summary.expiredKeys).")
        server.log.write(.notice, "DB loaded from disk: \(milliseconds / 1000).\(fraction) seconds")
    }

    /// DEBUG RELOAD: what is in memory goes by the way of the file.
    func reload(_ request: ReloadRequest) -> ReplyError? {
        if request.saves, let error = save() { return error }
        if request.empties {
            for index in 0..<server.keyspace.value.databases.count {
                _ = server.keyspace.value.flush(index, lazily: false)
            }
        }
        if let reason = load(replacing: request.replaces) {
            server.log.write(.warning, reason)
            return ReplyError("ERR Error trying to load the RDB dump, check server logs.")
        }
        server.log.write(.warning, "DB reloaded by DEBUG RELOAD")
        return nil
    }
}
