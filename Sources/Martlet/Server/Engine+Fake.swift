// What a fake does to its engine's data as a whole.

extension Engine {
    /// The data as an RDB file. What the server says about saves does not change.
    func snapshot() -> Result<[UInt8], ReplyError> {
        loop.perform { [self] in
            guard !persistence.snapshotter.isActive else {
                return .failure(ReplyError("ERR Background save already in progress"))
            }
            let (files, path) = (MemoryFileSystem(), "/snapshot")
            do throws(SystemError) {
                let file = try SnapshotFile(path, by: path + ".temp", in: "/", fileSystem: files, syncsMeanwhile: false)
                if let error = persistence.snapshotter.writeNow(file, as: server.snapshotFormat()) { throw error }
            } catch {
                return .failure(ReplyError("ERR \(error)"))
            }
            return .success(files.files[path] ?? [])
        }
    }

    /// Replaces all data by those of an RDB file.
    func restore(_ bytes: [UInt8], in files: MemoryFileSystem) -> ReplyError? {
        loop.perform { [self] in
            let path = persistence.path
            let before = files.files[path]
            files.set(path, to: bytes)
            defer {
                if let before { files.set(path, to: before) } else { try? files.remove(path) }
            }
            return persistence.reload(ReloadRequest(saves: false))
        }
    }
}
