// Loading the data: at the start in slices, while clients are told to wait; by DEBUG all at once.

extension Persistence {
    /// What is to be loaded at the start; nil when there is nothing. `loadsSnapshots`: whether the server keeps
    /// snapshots by itself.
    func planStart(loadsSnapshots: Bool) throws(LoadingError) -> LoadingPlan? {
        guard configuration.appendonly else { return loadsSnapshots ? try planSnapshot() : nil }
        let plan = try planAppendOnlyFile()
        guard plan == nil, appendOnlyFile.manifest.isEmpty, loadsSnapshots else { return plan }
        // Logging is new here: what was saved before is where it begins.
        return try planSnapshot()
    }

    private func planSnapshot(replacing: Bool = false) throws(LoadingError) -> LoadingPlan? {
        do throws(SystemError) {
            guard let status = try fileSystem.status(of: path) else { return nil }
            var size = 0
            if case .file(let bytes) = status { size = bytes }
            return LoadingPlan(
                sources: [.init(name: configuration.dbfilename, path: path, kind: .snapshot, mayBeCut: false)],
                isAppendOnly: false, totalBytes: size, replaces: replacing)
        } catch {
            throw LoadingError(text: "Fatal error loading the DB: \(error.message). Exiting.")
        }
    }

    /// Reads the manifest, and brings the file of an old version into order; nil when there is no data.
    private func planAppendOnlyFile() throws(LoadingError) -> LoadingPlan? {
        let directory = appendOnlyFile.directory
        var manifest = try directory.readManifest()
        do throws(SystemError) {
            if try directory.needsUpgrade(manifest) {
                try directory.upgrade(&manifest)
                server.log.write(
                    .notice,
                    "Successfully migrated an old-style AOF file (\(directory.prefix)) into the AOF directory "
                        + "(\(directory.name)).")
            }
        } catch {
            throw LoadingError(
                text: "Error trying to move the old AOF file \(directory.prefix) into dir \(directory.name): "
                    + error.message)
        }
        appendOnlyFile.manifest = manifest
        let sizes = try sizes(of: manifest, directory)
        let total = sizes.reduce(0, +)
        guard total > 0 else { return nil }
        appendOnlyFile.baseSize = manifest.base == nil ? 0 : sizes[0]
        appendOnlyFile.sizeAtRewrite = appendOnlyFile.baseSize
        let lastFilled = sizes.lastIndex { $0 > 0 } ?? 0
        let sources = manifest.files.enumerated().map { index, entry in
            LoadingPlan.Source(
                name: entry.name, path: directory.path(of: entry.name),
                kind: index == 0 && manifest.base != nil ? .base : .increment, mayBeCut: index >= lastFilled)
        }
        return LoadingPlan(sources: sources, isAppendOnly: true, totalBytes: total)
    }

    private func sizes(of manifest: AOFManifest, _ directory: AOFDirectory) throws(LoadingError) -> [Int] {
        var sizes: [Int] = []
        for entry in manifest.files {
            var size: Int?
            do throws(SystemError) {
                size = try directory.size(of: entry.name)
            } catch {
                throw LoadingError(text: "Unable to obtain the AOF file \(entry.name) length. stat: \(error.message)")
            }
            guard let size else {
                throw LoadingError(text: "The append log file \(entry.name) doesn't exist: No such file or directory")
            }
            sizes.append(size)
        }
        return sizes
    }

    // MARK: Steps

    func beginLoading(_ plan: LoadingPlan) {
        loadingBegan = server.clock.monotonicNanoseconds()
        lastProgressLogAt = loadingBegan
        loader = DataLoader(plan, server: server, fileSystem: fileSystem)
        status.loading = LoadingProgress(beganAt: seconds, totalBytes: plan.totalBytes)
    }

    private static let nanosecondsBetweenProgressLogs: Int64 = 5_000_000_000

    /// Goes on loading; nil while there is more.
    func proceedLoading(until isSpent: () -> Bool) -> Result<Void, LoadingError>? {
        guard let loader else { return .success(()) }
        switch loader.step(until: isSpent) {
        case .more:
            status.loading?.loadedBytes = loader.loadedBytes
            status.loading?.memoryAtSave = loader.memoryAtSave
            logProgress(loader)
            return nil
        case .failed(let error):
            endLoading()
            return .failure(error)
        case .done:
            report(loader)
            endLoading()
            return .success(())
        }
    }

    private func endLoading() {
        loader?.close()
        loader = nil
        status.loading = nil
        server.keyspace.value.dirty = 0
        server.keyspace.value.refreshEarliestDeadline()
    }

    private func logProgress(_ loader: DataLoader) {
        let now = server.clock.monotonicNanoseconds()
        guard now - lastProgressLogAt > Self.nanosecondsBetweenProgressLogs else { return }
        lastProgressLogAt = now
        let total = max(1, loader.plan.totalBytes)
        let percent = Double(loader.loadedBytes) * 100 / Double(total)
        server.log.write(
            .notice,
            "Loading: \(InfoReport.decimal(percent))% of \(InfoReport.human(total)) in "
                + "\(server.clock.secondsText(since: loadingBegan)) seconds")
    }

    private func report(_ loader: DataLoader) {
        let summary = loader.summary
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
        let took = server.clock.secondsText(since: loadingBegan)
        if loader.plan.isAppendOnly {
            server.log.write(.notice, "DB loaded from append only file: \(took) seconds")
        } else {
            server.log.write(
                .notice, "Done loading RDB, keys loaded: \(loaded), keys expired: \(summary.expiredKeys).")
            server.log.write(.notice, "DB loaded from disk: \(took) seconds")
        }
    }

    // MARK: All at once

    private func load(_ plan: LoadingPlan?) -> String? {
        guard let plan else { return nil }
        beginLoading(plan)
        while true {
            switch proceedLoading(until: { false }) {
            case nil: continue
            case .success: return nil
            case .failure(let error): return error.text
            }
        }
    }

    private func empty() {
        for index in 0..<server.keyspace.value.databases.count {
            _ = server.keyspace.value.flush(index, lazily: false)
        }
    }

    /// DEBUG RELOAD: what is in memory goes by the way of the file.
    func reload(_ request: ReloadRequest) -> ReplyError? {
        if request.saves, let error = save() { return error }
        if request.empties { empty() }
        do throws(LoadingError) {
            if let reason = load(try planSnapshot(replacing: request.replaces)) { throw LoadingError(text: reason) }
        } catch {
            server.log.write(.warning, error.text)
            return ReplyError("ERR Error trying to load the RDB dump, check server logs.")
        }
        server.log.write(.warning, "DB reloaded by DEBUG RELOAD")
        return nil
    }

    /// DEBUG LOADAOF: what is in memory is what the append only file says.
    func reloadAppendOnlyFile() -> ReplyError? {
        _ = appendOnlyFile.flush(waits: true)
        // A rewrite that is changing the files is between two of its steps then.
        appendOnlyFile.queue.sync {}
        empty()
        do throws(LoadingError) {
            if let reason = load(try planAppendOnlyFile()) { throw LoadingError(text: reason) }
        } catch {
            server.log.write(.warning, error.text)
            return ReplyError("ERR Error trying to load the AOF files, check server logs.")
        }
        appendOnlyFile.collectHistory()
        server.log.write(.warning, "Append Only File loaded by DEBUG LOADAOF")
        return nil
    }

    // MARK: After the start

    /// Opens the append only file for what is done from now on.
    func openAppendOnlyFile() throws(LoadingError) {
        guard configuration.appendonly else { return }
        let directory = appendOnlyFile.directory
        do throws(SystemError) {
            try directory.make()
            var manifest = appendOnlyFile.manifest
            if manifest.isEmpty { try writeFirstBase(&manifest, directory) }
            let isNew = manifest.increments.isEmpty
            let entry = manifest.increments.last ?? manifest.addIncrement(of: directory.prefix)
            let file = try fileSystem.append(to: directory.path(of: entry.name))
            try directory.write(manifest)
            appendOnlyFile.manifest = configuration.aofDisableAutoGC ? manifest : directory.withoutHistory(manifest)
            appendOnlyFile.state = .on
            appendOnlyFile.use(file, size: try directory.size(of: entry.name) ?? 0)
            appendOnlyFile.baseSize = 0
            for entry in manifest.files.dropLast() {
                appendOnlyFile.baseSize += try directory.size(of: entry.name) ?? 0
            }
            appendOnlyFile.sizeAtRewrite = appendOnlyFile.baseSize
            appendOnlyFile.updateStatus()
            server.log.write(
                .notice, "\(isNew ? "Creating" : "Opening") AOF incr file \(entry.name) on server start")
        } catch {
            throw LoadingError(text: "Can't open the append-only file in \(directory.name): \(error)")
        }
    }

    private func writeFirstBase(_ manifest: inout AOFManifest, _ directory: AOFDirectory) throws(SystemError) {
        let isSnapshot = configuration.aofUseRDBPreamble
        let base = manifest.replaceBase(of: directory.prefix, isSnapshot: isSnapshot, keepingLast: 0)
        let file = try SnapshotFile(
            directory.path(of: base.name), by: "\(directory.parent)/temp-rewriteaof-\(CurrentProcess.id).aof",
            in: directory.path, fileSystem: fileSystem, syncsMeanwhile: configuration.aofRewriteIncrementalFsync)
        if let error = snapshotter.writeNow(file, as: server.snapshotFormat(isSnapshot: isSnapshot, isBase: true)) {
            throw error
        }
        server.log.write(.notice, "Creating AOF base file \(base.name) on server start")
    }
}
