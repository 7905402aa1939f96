// The append only file's directory: names of its files, and the steps that change which files there are. Each step is
// whole once it returns, whatever happens to the machine afterwards.

struct AOFDirectory: Sendable {
    let fileSystem: any FileSystem
    /// The server's directory.
    let parent: String
    /// The name of the directory in it.
    let name: String
    /// First part of the files' names.
    let prefix: String

    init(_ configuration: Configuration, fileSystem: any FileSystem) {
        self.fileSystem = fileSystem
        parent = configuration.dir
        name = configuration.appenddirname
        prefix = configuration.appendfilename
    }

    var path: String { parent + "/" + name }
    /// Where writes go while the first base is being written.
    var temporaryIncrement: String { "temp-\(prefix).incr" }
    private var manifestName: String { prefix + ".manifest" }
    private static let longestManifest = 64 << 20

    func path(of file: String) -> String { path + "/" + file }

    /// The size of a file; nil when there is none.
    func size(of file: String) throws(SystemError) -> Int? {
        guard case .file(let size) = try fileSystem.status(of: path(of: file)) else { return nil }
        return size
    }

    // MARK: Manifest

    /// What the manifest on disk says; nothing when there is none.
    func readManifest() throws(LoadingError) -> AOFManifest {
        let bytes: [UInt8]
        do throws(SystemError) {
            guard let file = try fileSystem.open(path(of: manifestName)) else { return AOFManifest() }
            defer { file.close() }
            bytes = try file.readAll(limit: Self.longestManifest)
        } catch {
            throw LoadingError(
                text: "Fatal error: can't open the AOF manifest file \(path(of: manifestName)) for reading: "
                    + error.message)
        }
        do throws(AOFManifestError) {
            return try AOFManifest(bytes)
        } catch {
            let place = error.line.map { "Reading the manifest file, at line \($0)\n\n>>> '\(error.text)'\n\n" }
            throw LoadingError(text: "\n*** FATAL AOF MANIFEST FILE ERROR ***\n\n\(place ?? "")\(error.reason)\n")
        }
    }

    /// Puts the manifest in the place of the one on disk.
    func write(_ manifest: AOFManifest) throws(SystemError) {
        let temporary = path(of: "temp-" + manifestName)
        let file = try fileSystem.create(temporary)
        do throws(SystemError) {
            defer { file.close() }
            try file.write(Array(manifest.text.utf8).span)
            try file.sync()
        } catch {
            try? fileSystem.remove(temporary)
            throw error
        }
        try fileSystem.rename(temporary, to: path(of: manifestName))
        try fileSystem.syncDirectory(path)
    }

    // MARK: Files

    func make() throws(SystemError) {
        guard try fileSystem.status(of: path) != .directory else { return }
        try fileSystem.makeDirectory(path)
        try fileSystem.syncDirectory(parent)
    }

    /// An empty file to log to.
    func createIncrement(_ file: String) throws(SystemError) -> any StoredFile {
        let increment = try fileSystem.append(to: path(of: file))
        do throws(SystemError) {
            try increment.truncate(to: 0)
        } catch {
            increment.close()
            throw error
        }
        return increment
    }

    func rename(_ file: String, to newName: String) throws(SystemError) {
        try fileSystem.rename(path(of: file), to: path(of: newName))
    }

    /// Removes what nobody needs; a file that stays does no harm.
    func discard(_ file: String) { try? fileSystem.remove(path(of: file)) }

    // MARK: Files of old versions

    /// Whether a single file of the time before Redis 7 lies in the server's directory and is to be the base.
    func needsUpgrade(_ manifest: AOFManifest) throws(SystemError) -> Bool {
        guard case .file = try fileSystem.status(of: parent + "/" + prefix) else { return false }
        if manifest.isEmpty { return true }
        // An upgrade that was broken off between its two steps.
        guard manifest.increments.isEmpty, manifest.base?.name == prefix else { return false }
        return try size(of: prefix) == nil
    }

    /// Makes that file the base.
    func upgrade(_ manifest: inout AOFManifest) throws(SystemError) {
        try make()
        manifest.adopt(prefix)
        try write(manifest)
        try fileSystem.rename(parent + "/" + prefix, to: path(of: prefix))
        try fileSystem.syncDirectory(path)
        try fileSystem.syncDirectory(parent)
    }
}
