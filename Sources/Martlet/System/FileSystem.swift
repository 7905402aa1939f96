// The one way to the files that data is kept in: few steps, each of which may fail, so that a test can make any of them
// fail and see what becomes of the data.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

protocol FileSystem: Sendable {
    /// An empty file to write to; one that is there is emptied.
    func create(_ path: String) throws(SystemError) -> any StoredFile
    /// A file to write to at its end, wherever that is; made when it is missing.
    func append(to path: String) throws(SystemError) -> any StoredFile
    /// What stands at the path; nil when nothing does.
    func status(of path: String) throws(SystemError) -> FileStatus?
    /// Nothing happens when the directory is there already.
    func makeDirectory(_ path: String) throws(SystemError)
    /// Nil when there is no such file.
    func open(_ path: String) throws(SystemError) -> (any StoredFile)?
    /// The file has the new name, and no other, once this returns; until `syncDirectory` a power cut may undo it.
    func rename(_ path: String, to newPath: String) throws(SystemError)
    func remove(_ path: String) throws(SystemError)
    /// Makes what happened to names in a directory last.
    func syncDirectory(_ path: String) throws(SystemError)
}

/// What stands at a path.
enum FileStatus: Equatable, Sendable {
    case directory
    /// A file of so many bytes.
    case file(size: Int)
}

/// An open file. It is closed by `close`, once.
protocol StoredFile: AnyObject, Sendable {
    /// Writes all of it; after an error any part of it may have been written.
    func write(_ bytes: Span<UInt8>) throws(SystemError)
    /// Returns how many bytes came, 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int
    /// Makes what was written last.
    func sync() throws(SystemError)
    /// Drops all behind the first `count` bytes.
    func truncate(to count: Int) throws(SystemError)
    func close()
}

extension StoredFile {
    /// The next `count` bytes, or what there is of them.
    func readFirst(_ count: Int) throws(SystemError) -> [UInt8] {
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { block.deallocate() }
        var filled = 0
        while filled < count {
            let more = try read(into: UnsafeMutableRawBufferPointer(rebasing: block[filled...]))
            if more == 0 { break }
            filled += more
        }
        return Array(block.prefix(filled))
    }

    /// All bytes up to the end. More than `limit` bytes are refused with EFBIG.
    func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
        defer { block.deallocate() }
        while true {
            let count = try read(into: block)
            if count == 0 { return content }
            content += block.prefix(count)
            if content.count > limit { throw SystemError(errno: EFBIG, operation: "read") }
        }
    }
}

/// The system's own files.
struct DiskFileSystem: FileSystem {
    func create(_ path: String) throws(SystemError) -> any StoredFile {
        DiskFile(try FileDescriptor.open(path, for: .replace, permissions: 0o644))
    }

    func append(to path: String) throws(SystemError) -> any StoredFile {
        DiskFile(try FileDescriptor.open(path, for: .append, permissions: 0o644))
    }

    func status(of path: String) throws(SystemError) -> FileStatus? {
        var found = stat()
        do throws(SystemError) {
            _ = try checked("stat") { stat(path, &found) }
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return nil }
            throw error
        }
        return found.st_mode & S_IFMT == S_IFDIR ? .directory : .file(size: Int(found.st_size))
    }

    func makeDirectory(_ path: String) throws(SystemError) {
        do throws(SystemError) {
            _ = try checked("mkdir") { mkdir(path, 0o755) }
        } catch {
            guard error.errno == EEXIST, try status(of: path) == .directory else { throw error }
        }
    }

    func open(_ path: String) throws(SystemError) -> (any StoredFile)? {
        do throws(SystemError) {
            return DiskFile(try FileDescriptor.open(path, for: .read))
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
    }

    func rename(_ path: String, to newPath: String) throws(SystemError) {
        _ = try checked("rename") { systemRename(path, newPath) }
    }

    func remove(_ path: String) throws(SystemError) { try SmallFile.remove(path) }

    func syncDirectory(_ path: String) throws(SystemError) {
        let directory = try FileDescriptor.open(path.isEmpty ? "." : path, for: .read)
        defer { directory.close() }
        _ = try checked("fsync") { fsync(directory.rawValue) }
    }
}

/// Inside the method of the same name the plain name would mean that one.
private func systemRename(_ path: String, _ newPath: String) -> Int32 { rename(path, newPath) }

/// Guard for `Sendable`: it holds a number; whoever has the file uses it from one thread at a time.
private final class DiskFile: StoredFile {
    private let descriptor: FileDescriptor

    init(_ descriptor: FileDescriptor) { self.descriptor = descriptor }

    func write(_ bytes: Span<UInt8>) throws(SystemError) { try descriptor.writeAll(bytes) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        switch descriptor.read(into: buffer) {
        case .bytes(let count): return count
        case .endOfStream: return 0
        case .wouldBlock: throw SystemError(errno: EAGAIN, operation: "read")
        case .failed(let error): throw error
        }
    }

    func sync() throws(SystemError) { try descriptor.sync() }

    func truncate(to count: Int) throws(SystemError) {
        let descriptor = descriptor.rawValue
        _ = try checked("ftruncate") { ftruncate(descriptor, off_t(count)) }
    }

    func close() { descriptor.close() }
}

extension FileDescriptor {
    /// Returns once the disk has what was written, and what is needed to read it.
    fileprivate func sync() throws(SystemError) {
        let descriptor = rawValue
        #if canImport(Darwin)
        // fsync leaves the bytes in the drive's own memory there.
        _ = try checked("fcntl") { fcntl(descriptor, F_FULLFSYNC) }
        #else
        _ = try checked("fdatasync") { fdatasync(descriptor) }
        #endif
    }
}
