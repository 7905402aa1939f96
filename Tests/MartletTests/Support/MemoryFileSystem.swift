// Files in memory, and a disk that fails when it is told to.

import Synchronization

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

final class MemoryFileSystem: FileSystem {
    struct State {
        var files: [String: [UInt8]] = [:]
        /// Calls so far.
        var calls = 0
        /// The call that fails, counted from 1, and how.
        var failure: (call: Int, errno: Int32)?
    }

    private let state = Mutex(State())

    var files: [String: [UInt8]] { state.withLock { $0.files } }
    var calls: Int { state.withLock { $0.calls } }

    func set(_ path: String, to bytes: [UInt8]) { state.withLock { $0.files[path] = bytes } }

    /// Lets the call number `call` from now on fail, once; nil lets all succeed.
    func fail(at call: Int?, with errno: Int32 = ENOSPC) {
        state.withLock { state in
            state.calls = 0
            state.failure = call.map { ($0, errno) }
        }
    }

    fileprivate func step(_ operation: StaticString, _ change: (inout [String: [UInt8]]) -> Void) throws(SystemError) {
        let errno: Int32? = state.withLock { state in
            state.calls += 1
            if let failure = state.failure, failure.call == state.calls { return failure.errno }
            change(&state.files)
            return nil
        }
        if let errno { throw SystemError(errno: errno, operation: operation) }
    }

    fileprivate func read(_ path: String, from offset: Int) -> ArraySlice<UInt8> {
        state.withLock { $0.files[path, default: []].dropFirst(offset) }
    }

    // MARK: FileSystem

    func create(_ path: String) throws(SystemError) -> any StoredFile {
        try step("open") { $0[path] = [] }
        return MemoryFile(self, path)
    }

    func open(_ path: String) throws(SystemError) -> (any StoredFile)? {
        try step("open") { _ in }
        return files[path] == nil ? nil : MemoryFile(self, path)
    }

    func rename(_ path: String, to newPath: String) throws(SystemError) {
        try step("rename") { files in
            files[newPath] = files[path]
            files[path] = nil
        }
    }

    func remove(_ path: String) throws(SystemError) { try step("unlink") { $0[path] = nil } }

    func syncDirectory(_ path: String) throws(SystemError) { try step("fsync") { _ in } }
}

final class MemoryFile: StoredFile {
    private let fileSystem: MemoryFileSystem
    private let path: String
    private let offset = Mutex(0)

    init(_ fileSystem: MemoryFileSystem, _ path: String) {
        self.fileSystem = fileSystem
        self.path = path
    }

    /// A file of its own, to be read.
    convenience init(_ bytes: [UInt8]) {
        let fileSystem = MemoryFileSystem()
        fileSystem.set("file", to: bytes)
        self.init(fileSystem, "file")
    }

    func write(_ bytes: Span<UInt8>) throws(SystemError) {
        let copy = bytes.copied()
        try fileSystem.step("write") { $0[path, default: []] += copy }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
        try fileSystem.step("read") { _ in }
        let start = offset.withLock { $0 }
        let bytes = fileSystem.read(path, from: start).prefix(buffer.count)
        for (place, byte) in bytes.enumerated() { buffer[place] = byte }
        offset.withLock { $0 += bytes.count }
        return bytes.count
    }

    func sync() throws(SystemError) { try fileSystem.step("fsync") { _ in } }

    func close() {}
}
