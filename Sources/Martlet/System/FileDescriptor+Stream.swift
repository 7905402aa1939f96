// Whole files: opening, writing everything, reading everything within a bound.
//
// For logs, configuration and the like, whose descriptors block; a connection's bytes take the single-step calls.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What a file is opened for.
enum OpenMode: Sendable {
    case read
    /// Each write lands at the end; the file is made when it is missing.
    case append
    /// The file is made, or emptied.
    case replace

    fileprivate var flags: Int32 {
        switch self {
        case .read: O_RDONLY
        case .append: O_WRONLY | O_CREAT | O_APPEND
        case .replace: O_WRONLY | O_CREAT | O_TRUNC
        }
    }
}

extension FileDescriptor {
    /// `permissions` are those of a new file, less the process's umask.
    static func open(
        _ path: String, for mode: OpenMode, permissions: mode_t = 0o666
    ) throws(SystemError) -> FileDescriptor {
        let result = systemOpen(path, mode.flags, permissions)
        if result < 0 { throw SystemError(errno: -result, operation: "open") }
        return FileDescriptor(rawValue: result)
    }

    /// Writes until nothing is left.
    func writeAll(_ bytes: Span<UInt8>) throws(SystemError) {
        let error = bytes.withUnsafeBytes { bytes -> SystemError? in
            var rest = bytes[...]
            while !rest.isEmpty {
                switch write(UnsafeRawBufferPointer(rebasing: rest)) {
                case .bytes(let count): rest = rest.dropFirst(count)
                case .wouldBlock, .endOfStream: return SystemError(errno: EAGAIN, operation: "write")
                case .failed(let error): return error
                }
            }
            return nil
        }
        if let error { throw error }
    }

    /// All bytes up to the end. More than `limit` bytes are refused with EFBIG.
    func readAll(limit: Int) throws(SystemError) -> [UInt8] {
        var content: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            switch block.withUnsafeMutableBytes({ read(into: $0) }) {
            case .bytes(let count):
                if count > limit - content.count { throw SystemError(errno: EFBIG, operation: "read") }
                content.append(contentsOf: block[..<count])
            case .endOfStream: return content
            case .wouldBlock: throw SystemError(errno: EAGAIN, operation: "read")
            case .failed(let error): throw error
            }
        }
    }

    /// Bytes from anywhere in a file: fewer at its end, and none when they cannot be read.
    func read(at offset: Int, count: Int) -> [UInt8] {
        guard offset >= 0, count > 0, let start = off_t(exactly: offset) else { return [] }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: min(count, 128 * 1024))
        while bytes.count < count {
            let (place, overflow) = start.addingReportingOverflow(off_t(bytes.count))
            let wanted = min(block.count, count - bytes.count)
            let result = overflow ? 0 : retryingInterrupts { pread(rawValue, &block, wanted, place) }
            if result <= 0 { break }
            bytes.append(contentsOf: block[..<result])
        }
        return bytes
    }
}
