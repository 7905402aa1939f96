// Loading the data from disk in slices: a snapshot, or the files of the append only file one after the other.

/// Why data cannot be loaded, or the append only file not opened; the text is for the log.
struct LoadingError: Error {
    let text: String
    /// Whether it is about a snapshot by itself, which start scripts know by another line.
    var isAboutSnapshot = false
}

/// One file on its way in.
protocol LoadingPart: AnyObject {
    var name: String { get }
    /// Bytes read so far.
    var offset: Int { get }
    /// Goes on; false at the end.
    func step(until isSpent: () -> Bool) throws(LoadingError) -> Bool
}

/// A snapshot, by itself or as the beginning of an append only file.
final class SnapshotPart: LoadingPart {
    let name: String
    private let server: ServerContext
    private let reader: Box<RDBFileReader>
    private var isOpen = false

    init(_ file: any StoredFile, name: String, server: ServerContext, replacing: Bool = false, size: Int) {
        self.name = name
        self.server = server
        reader = Box(
            RDBFileReader(
                file, checksChecksum: server.configuration.value.rdbChecksum, replacing: replacing, size: size))
    }

    var offset: Int { reader.value.offset }
    var summary: RDBSummary { reader.value.summary }
    func takeRest() -> ByteBuffer { reader.value.takeRest() }

    func step(until isSpent: () -> Bool) throws(LoadingError) -> Bool {
        let delay = server.configuration.value.keyLoadDelay
        do throws(RDBFileError) {
            if !isOpen { try reader.value.readHeader() }
            isOpen = true
            var sinceCheck = 0
            while try reader.value.loadItem(into: &server.keyspace.value) {
                if delay > 0 { server.services.sleep(Int64(delay)) }
                sinceCheck += 1
                if sinceCheck == 64 || delay > 0 {
                    sinceCheck = 0
                    if isSpent() { return true }
                }
            }
            return false
        } catch {
            server.log.write(.warning, "Internal error in RDB reading offset \(reader.value.offset): \(error.text)")
            throw LoadingError(
                text: "\(error.text) in \(name). Unrecoverable error, aborting now.", isAboutSnapshot: true)
        }
    }
}

/// Where the data is loaded from.
struct LoadingPlan {
    /// A file, and whether it may be cut where it is broken off: nothing that was done later hangs on its end.
    struct Source {
        enum Kind: String {
            case snapshot, base
            case increment = "incr"
        }

        let name: String
        let path: String
        let kind: Kind
        let mayBeCut: Bool
    }

    let sources: [Source]
    let isAppendOnly: Bool
    let totalBytes: Int
    /// Whether keys that are there already are replaced.
    var replaces = false
}

final class DataLoader {
    enum Step {
        case more
        case done
        case failed(LoadingError)
    }

    let plan: LoadingPlan
    private let server: ServerContext
    private let fileSystem: any FileSystem
    private var left: ArraySlice<LoadingPlan.Source>
    private var part: (any LoadingPart)?
    private var file: (any StoredFile)?
    private var fileBegan: Int64 = 0
    private var finishedBytes = 0
    /// What the snapshots among the files held.
    private(set) var summary = RDBSummary()

    init(_ plan: LoadingPlan, server: ServerContext, fileSystem: any FileSystem) {
        self.plan = plan
        self.server = server
        self.fileSystem = fileSystem
        left = plan.sources[...]
    }

    var loadedBytes: Int { finishedBytes + (part?.offset ?? 0) }

    /// What the snapshot says its data took, in bytes; 0 while nothing does.
    var memoryAtSave: Int {
        let facts = (part as? SnapshotPart)?.summary.facts ?? summary.facts
        return facts.last { $0.0 == "used-mem" }.flatMap { Int($0.1) } ?? 0
    }

    func step(until isSpent: () -> Bool) -> Step {
        // What is loaded happens to nobody.
        let events = server.keyspace.value.journal.wantedEvents
        let touches = server.keyspace.value.journal.wantsTouches
        let isLogged = server.keyspace.value.commandLog.isOn
        server.keyspace.value.journal.wantedEvents = []
        server.keyspace.value.journal.wantsTouches = false
        server.keyspace.value.commandLog.isOn = false
        server.keyspace.value.isReplaying = plan.isAppendOnly
        defer {
            server.keyspace.value.journal.wantedEvents = events
            server.keyspace.value.journal.wantsTouches = touches
            server.keyspace.value.commandLog.isOn = isLogged
            server.keyspace.value.isReplaying = false
        }
        server.refreshTime()
        do throws(LoadingError) {
            return try proceed(until: isSpent) ? .more : .done
        } catch {
            close()
            return .failed(error)
        }
    }

    private func proceed(until isSpent: () -> Bool) throws(LoadingError) -> Bool {
        repeat {
            if part == nil {
                guard let source = left.first else { return false }
                try open(source)
            }
            if try part?.step(until: isSpent) ?? false { return true }
            try finishPart()
        } while !isSpent()
        return part != nil || !left.isEmpty
    }

    /// Lets go of a file that is being read.
    func close() {
        file?.close()
        file = nil
        part = nil
    }

    // MARK: Files

    private func open(_ source: LoadingPlan.Source) throws(LoadingError) {
        fileBegan = server.clock.monotonicNanoseconds()
        let isSnapshot = plan.isAppendOnly ? try beginsAsSnapshot(source) : true
        let file = try openFile(source)
        self.file = file
        if isSnapshot {
            if plan.isAppendOnly { server.log.write(.notice, "Reading RDB base file on AOF loading...") }
            part = SnapshotPart(
                file, name: plan.isAppendOnly ? source.name : source.path, server: server, replacing: plan.replaces,
                size: plan.totalBytes)
        } else {
            part = replay(AOFReader(file), of: source)
        }
    }

    private func openFile(_ source: LoadingPlan.Source) throws(LoadingError) -> any StoredFile {
        do throws(SystemError) {
            if let file = try fileSystem.open(source.path) { return file }
        } catch {
            throw LoadingError(
                text: "Fatal error: can't open the file \(source.name) for reading: \(error.message)")
        }
        throw LoadingError(text: "The append log file \(source.name) doesn't exist: No such file or directory")
    }

    private func beginsAsSnapshot(_ source: LoadingPlan.Source) throws(LoadingError) -> Bool {
        let file = try openFile(source)
        defer { file.close() }
        do throws(SystemError) {
            return try RDBVersion.isHeader(file.readFirst(RDBVersion.headerCount))
        } catch {
            throw LoadingError(
                text: "Unrecoverable error reading the append only file \(source.name): \(error.message)")
        }
    }

    private func replay(_ reader: consuming AOFReader, of source: LoadingPlan.Source) -> AOFReplay {
        AOFReplay(
            reader, of: source.name, at: source.path, mayBeCut: source.mayBeCut, server: server,
            fileSystem: fileSystem)
    }

    /// A part is at its end: a snapshot in an append only file is followed by commands, a file by the next one.
    private func finishPart() throws(LoadingError) {
        guard let source = left.first, let part, let file else { return }
        if let snapshot = part as? SnapshotPart {
            summary = snapshot.summary
            if plan.isAppendOnly {
                self.part = replay(
                    AOFReader(file, window: snapshot.takeRest(), offset: snapshot.offset), of: source)
                return
            }
        }
        finishedBytes += part.offset
        close()
        left = left.dropFirst()
        guard plan.isAppendOnly else { return }
        server.log.write(
            .notice,
            "DB loaded from \(source.kind.rawValue) file \(source.name): "
                + "\(server.clock.secondsText(since: fileBegan)) seconds")
    }
}
