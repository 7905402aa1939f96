// Files in memory: a disk that fails when it is told to, and that forgets what was not synced when the power is cut.

import Synchronization

final class MemoryFileSystem: FileSystem {
    /// A file's content, now and as it was at the last sync.
    struct Content {
        var bytes: [UInt8] = []
        var synced: [UInt8] = []
    }

    /// What happened to names since the directory was synced.
    enum NameChange {
        case linked(String, Int)
        case unlinked(String)
    }

    struct State {
        var contents: [Int: Content] = [:]
        var names: [String: Int] = [:]
        var directories: Set<String> = []
        var durableNames: [String: Int] = [:]
        var nameChanges: [NameChange] = []
        /// Calls so far.
        var calls = 0
        /// The call that fails, counted from 1, and how.
        var failure: (call: Int, errno: Int32, isLasting: Bool)?
        /// Files that cannot be created.
        var isRefused: @Sendable (String) -> Bool = { _ in false }
        /// From this call on nothing happens any more: the power is gone.
        var isCut = false
        /// Asked for each write whether there is no room for it.
        var isFull: @Sendable () -> Bool = { false }

        mutating func link(_ path: String, _ id: Int) {
            names[path] = id
            nameChanges.append(.linked(path, id))
        }

        mutating func unlink(_ path: String) {
            names[path] = nil
            nameChanges.append(.unlinked(path))
        }

        mutating func makeFile(_ path: String) -> Int {
            let id = contents.count
            contents[id] = Content()
            link(path, id)
            return id
        }
    }

    private let state = Mutex(State())
    /// Held while nothing can be synced.
    private let syncing = Mutex(())

    init() {}

    /// Lets every sync wait until `body` is through: a disk that is busy.
    func whileBusy<Result>(_ body: () throws -> Result) rethrows -> Result { try syncing.withLock { _ in try body() } }

    fileprivate func waitWhileBusy() { syncing.withLock { _ in } }

    /// The files that are there.
    var files: [String: [UInt8]] {
        state.withLock { state in state.names.mapValues { state.contents[$0, default: Content()].bytes } }
    }
    /// What of a file no cut of the power can take.
    func synced(_ path: String) -> [UInt8] {
        state.withLock { state in state.durableNames[path].flatMap { state.contents[$0]?.synced } ?? [] }
    }
    var calls: Int { state.withLock { $0.calls } }

    /// Puts a file there, on disk for sure.
    func set(_ path: String, to bytes: [UInt8]) {
        state.withLock { state in
            let id = state.names[path] ?? state.makeFile(path)
            state.contents[id] = Content(bytes: bytes, synced: bytes)
            state.durableNames[path] = id
        }
    }

    /// Lets the call number `call` from now on fail, once or from then on; nil lets all succeed.
    func fail(at call: Int?, with errno: Int32 = ErrorNumber.noSpace, lasting: Bool = false) {
        state.withLock { state in
            state.calls = 0
            state.failure = call.map { ($0, errno, lasting) }
        }
    }

    /// Lets writes fail for which `isFull` says that there is no room.
    func fill(_ isFull: @escaping @Sendable () -> Bool) { state.withLock { $0.isFull = isFull } }

    /// Lets files with certain paths not be created.
    func refuse(_ isRefused: @escaping @Sendable (String) -> Bool) { state.withLock { $0.isRefused = isRefused } }

    /// Cuts the power: nothing that is done from now on reaches this disk. Returns what is on it when it comes back:
    /// what was synced, and of the rest as much as the dice say.
    func cutPower(_ random: inout SeededRandom) -> MemoryFileSystem {
        let old = state.withLock { state in
            state.isCut = true
            return state
        }
        let new = MemoryFileSystem()
        var names = old.durableNames
        for change in old.nameChanges.prefix(random.below(old.nameChanges.count + 1)) {
            switch change {
            case .linked(let path, let id): names[path] = id
            case .unlinked(let path): names[path] = nil
            }
        }
        for (path, id) in names.sorted(by: { $0.key < $1.key }) {
            new.set(path, to: Self.survivor(of: old.contents[id, default: Content()], &random))
        }
        new.state.withLock { $0.directories = old.directories }
        return new
    }

    private static func survivor(of content: Content, _ random: inout SeededRandom) -> [UInt8] {
        guard content.bytes.starts(with: content.synced) else {
            return random.below(2) == 0 ? content.synced : content.bytes
        }
        var bytes = content.bytes.prefix(
            content.synced.count + random.below(content.bytes.count - content.synced.count + 1))
        // A page that was not written is full of zeros.
        if random.below(4) == 0, bytes.count > content.synced.count {
            for index in (bytes.count - min(8, bytes.count - content.synced.count))..<bytes.count { bytes[index] = 0 }
        }
        return Array(bytes)
    }

    fileprivate func step<Result: Sendable>(
        _ operation: StaticString, _ change: (inout State) -> Result
    ) throws(SystemError) -> Result {
        let result: Swift.Result<Result, SystemError> = state.withLock { state in
            state.calls += 1
            if ["write", "mkdir"].contains("\(operation)"), state.isFull() {
                return .failure(SystemError(errno: ErrorNumber.noSpace, operation: operation))
            }
            guard !state.isCut else {
                return .failure(SystemError(errno: ErrorNumber.inputOutput, operation: operation))
            }
            if let failure = state.failure,
                failure.call == state.calls || (failure.isLasting && state.calls > failure.call)
            {
                return .failure(SystemError(errno: failure.errno, operation: operation))
            }
            return .success(change(&state))
        }
        return try result.get()
    }

    /// A write that fails may have written a part.
    fileprivate func write(_ bytes: [UInt8], to id: Int) throws(SystemError) {
        do throws(SystemError) {
            try step("write") { $0.contents[id, default: Content()].bytes += bytes }
        } catch {
            state.withLock { state in
                if !state.isCut { state.contents[id, default: Content()].bytes += bytes.prefix(bytes.count / 2) }
            }
            throw error
        }
    }

    fileprivate func read(_ id: Int, from offset: Int, count: Int) throws(SystemError) -> [UInt8] {
        try step("read") { Array($0.contents[id, default: Content()].bytes.dropFirst(offset).prefix(count)) }
    }

    // MARK: FileSystem

    func create(_ path: String) throws(SystemError) -> any StoredFile {
        if state.withLock({ $0.isRefused(path) }) {
            throw SystemError(errno: ErrorNumber.accessDenied, operation: "open")
        }
        let id = try step("open") { state in
            guard let id = state.names[path] else { return state.makeFile(path) }
            state.contents[id]?.bytes = []
            return id
        }
        return MemoryFile(self, id)
    }

    func append(to path: String) throws(SystemError) -> any StoredFile {
        MemoryFile(self, try step("open") { $0.names[path] ?? $0.makeFile(path) })
    }

    func open(_ path: String) throws(SystemError) -> (any StoredFile)? {
        try step("open") { $0.names[path] }.map { MemoryFile(self, $0) }
    }

    func status(of path: String) throws(SystemError) -> FileStatus? {
        try step("stat") { state in
            if state.directories.contains(path) { return .directory }
            return state.names[path].map { .file(size: state.contents[$0, default: Content()].bytes.count) }
        }
    }

    func makeDirectory(_ path: String) throws(SystemError) { try step("mkdir") { _ = $0.directories.insert(path) } }

    func rename(_ path: String, to newPath: String) throws(SystemError) {
        let isThere = try step("rename") { state in
            guard let id = state.names[path] else { return false }
            state.link(newPath, id)
            state.unlink(path)
            return true
        }
        if !isThere { throw SystemError(errno: ErrorNumber.noSuchFile, operation: "rename") }
    }

    func remove(_ path: String) throws(SystemError) { try step("unlink") { $0.unlink(path) } }

    /// All directories at once: what moves between two of them is in both.
    func syncDirectory(_ path: String) throws(SystemError) {
        try step("fsync") { state in
            state.durableNames = state.names
            state.nameChanges = []
        }
    }
}

final class MemoryFile: StoredFile {
    private let fileSystem: MemoryFileSystem
    private let id: Int
    private let offset = Mutex(0)

    init(_ fileSystem: MemoryFileSystem, _ id: Int) {
        self.fileSystem = fileSystem
        self.id = id
    }

    /// A file of its own, to be read.
    static func holding(_ bytes: [UInt8]) throws -> any StoredFile {
        let fileSystem = MemoryFileSystem()
        fileSystem.set("file", to: bytes)
        return try fileSystem.append(to: "file")
    }

    func write(_ bytes: Span<UInt8>) throws(SystemError) { try fileSystem.write(bytes.copied(), to: id) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        let bytes = try fileSystem.read(id, from: offset.withLock { $0 }, count: buffer.count)
        for (place, byte) in bytes.enumerated() { buffer[place] = byte }
        offset.withLock { $0 += bytes.count }
        return bytes.count
    }

    func sync() throws(SystemError) {
        fileSystem.waitWhileBusy()
        let id = id
        try fileSystem.step("fsync") { state in
            let bytes = state.contents[id, default: MemoryFileSystem.Content()].bytes
            state.contents[id]?.synced = bytes
        }
    }

    func truncate(to count: Int) throws(SystemError) {
        let id = id
        try fileSystem.step("ftruncate") { state in
            let bytes = state.contents[id, default: MemoryFileSystem.Content()].bytes
            let missing = [UInt8](repeating: 0, count: max(0, count - bytes.count))
            state.contents[id]?.bytes = bytes.prefix(count) + missing
        }
    }

    func close() {}
}
