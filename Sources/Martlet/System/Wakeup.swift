// A bell that any thread may ring to wake the one that waits in a poller: an eventfd on Linux, a pipe elsewhere.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
#if os(Linux)
import CMartletSystem
#endif

/// Readable from the first `signal` until the next `drain`.
final class Wakeup: Sendable {
    /// What a poller watches for reading.
    let descriptor: FileDescriptor
    private let writeEnd: FileDescriptor

    init() throws(SystemError) {
        #if os(Linux)
        let both = try checked("eventfd") { eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC)) }
        descriptor = FileDescriptor(rawValue: both)
        writeEnd = descriptor
        #else
        var ends: [Int32] = [-1, -1]
        _ = try checked("pipe") { pipe(&ends) }
        descriptor = FileDescriptor(rawValue: ends[0])
        writeEnd = FileDescriptor(rawValue: ends[1])
        try descriptor.setNonBlocking()
        try descriptor.setCloseOnExec()
        try writeEnd.setNonBlocking()
        try writeEnd.setCloseOnExec()
        #endif
    }

    /// From any thread. A bell that is already ringing stays so.
    func signal() {
        // An eventfd takes eight bytes at a time; to a pipe they are as good as one.
        let result = withUnsafeBytes(of: UInt64(1)) { writeEnd.write($0) }
        // "Would block" means that it rings already.
        if case .failed(let error) = result { assertionFailure(error.description) }
    }

    /// Silences the bell. What was put in place before `signal` is visible to whoever drained it.
    func drain() {
        #if os(Linux)
        var count: UInt64 = 0
        _ = withUnsafeMutableBytes(of: &count) { descriptor.read(into: $0) }
        #else
        var block: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        while case .bytes = withUnsafeMutableBytes(of: &block, { descriptor.read(into: $0) }) {}
        #endif
    }

    deinit {
        descriptor.close()
        if writeEnd != descriptor { writeEnd.close() }
    }
}
