// The one way to the files that data is kept in: few steps, each of which may fail, so that a test can make any of them
// fail and see what becomes of the data.

import Synchronization

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

extension FileSystem {
    /// Puts a file in the place of what stands at `path`. It is whole at any moment: the new one takes the old one's
    /// name once it is on disk.
    func replace(_ path: String, with text: [UInt8]) throws(SystemError) {
        let temporaryPath = "\(path).\(CurrentProcess.id).tmp"
        do throws(SystemError) {
            let new = try create(temporaryPath)
            defer { new.close() }
            try new.write(text.span)
            try new.sync()
            try rename(temporaryPath, to: path)
            try syncDirectory(String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]))
        } catch {
            try? remove(temporaryPath)
            throw error
        }
    }
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
        DiskFile(try FileDescriptor.open(path, for: .append, permissions: 0o644), isLog: true)
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

/// Guard for `Sendable`: it holds numbers; whoever has the file uses it from one thread at a time, but for `sync`.
private final class DiskFile: StoredFile {
    private let descriptor: FileDescriptor
    /// A log grows without end and is read at the next start only: what the disk has of it leaves the system's memory.
    /// Writing on is cheaper, too, when the same few pages serve again and again.
    private let isLog: Bool
    private let droppedCount = Atomic(0)

    private static let dropThreshold = 1 << 20

    init(_ descriptor: FileDescriptor, isLog: Bool = false) {
        self.descriptor = descriptor
        self.isLog = isLog
    }

    func write(_ bytes: Span<UInt8>) throws(SystemError) { try descriptor.writeAll(bytes) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        switch descriptor.read(into: buffer) {
        case .bytes(let count): return count
        case .endOfStream: return 0
        case .wouldBlock: throw SystemError(errno: EAGAIN, operation: "read")
        case .failed(let error): throw error
        }
    }

    func sync() throws(SystemError) {
        let count = isLog ? descriptor.size : 0
        try descriptor.sync()
        let dropped = droppedCount.load(ordering: .relaxed)
        guard count - dropped >= Self.dropThreshold else { return }
        descriptor.dropCached(dropped..<count)
        droppedCount.store(count, ordering: .relaxed)
    }

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

    /// Bytes of the file; 0 when the system does not say.
    fileprivate var size: Int {
        var found = stat()
        return fstat(rawValue, &found) == 0 ? Int(found.st_size) : 0
    }

    /// The system need not keep these bytes, which the disk has, in memory. It is a hint; nothing can fail.
    fileprivate func dropCached(_ range: Range<Int>) {
        #if !canImport(Darwin)
        _ = posix_fadvise(rawValue, off_t(range.lowerBound), off_t(range.count), POSIX_FADV_DONTNEED)
        #endif
    }
}
