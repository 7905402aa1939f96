// A directory of its own for each test that touches files, removed with the object; and small extensions that
// turn the system layer's values into what a test compares.

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A fresh, empty directory with a path short enough for unix sockets.
final class ScratchDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/martlet-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError(errno: errno, operation: "mkdtemp") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    deinit {
        if let directory = opendir(path) {
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                unlink(file(name))
            }
            closedir(directory)
        }
        rmdir(path)
    }
}

extension FileDescriptor {
    /// One read of at most `count` bytes, as text.
    func readText(_ count: Int = 256) -> String {
        var block = [UInt8](repeating: 0, count: count)
        guard case .bytes(let count) = block.withUnsafeMutableBytes({ read(into: $0) }) else { return "" }
        return String(decoding: block[..<count], as: UTF8.self)
    }

    func read(atMost count: Int = 256) -> IOResult {
        var block = [UInt8](repeating: 0, count: count)
        return block.withUnsafeMutableBytes { read(into: $0) }
    }

    func send(_ text: String) -> IOResult {
        Array(text.utf8).withUnsafeBytes { send($0) }
    }

    func write(_ text: String) -> IOResult {
        Array(text.utf8).withUnsafeBytes { write($0) }
    }
}

extension SmallFile {
    static func write(_ bytes: [UInt8], to path: String) throws(SystemError) {
        try write(bytes.span, to: path)
    }
}

extension LogFile {
    func append(_ text: String) throws(SystemError) {
        let bytes = Array(text.utf8)
        try append(bytes.span)
    }
}

/// A file's permission bits; nil when there is no such file.
func permissions(of path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
}
