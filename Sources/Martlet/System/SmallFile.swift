// Files that fit in memory: configuration, the PID file.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum SmallFile {
    /// The file's bytes; more than `limit` of them are refused with EFBIG.
    static func read(_ path: String, limit: Int) throws(SystemError) -> [UInt8] {
        let file = try FileDescriptor.open(path, for: .read)
        defer { file.close() }
        return try file.readAll(limit: limit)
    }

    /// Replaces the file's content.
    static func write(_ bytes: Span<UInt8>, to path: String) throws(SystemError) {
        let file = try FileDescriptor.open(path, for: .replace)
        defer { file.close() }
        try file.writeAll(bytes)
    }

    static func remove(_ path: String) throws(SystemError) {
        _ = try checked("unlink") { unlink(path) }
    }

    /// Redis's PID file: the number and a line end.
    static func writeProcessID(_ id: Int32, to path: String) throws(SystemError) {
        try write(Array("\(id)\n".utf8).span, to: path)
    }
}
