// A descriptor's number with its plain operations. Reading and writing answer with values, because "not now"
// and "no more" are everyday outcomes; calls that should not fail throw.
//
// Nobody owns a FileDescriptor by holding one: the types built on it say who closes it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What one attempt to move bytes came to.
enum IOResult: Equatable, Sendable {
    /// So many bytes were moved, perhaps fewer than asked for.
    case bytes(Int)
    /// Nothing can be moved now; the poller tells when to try again.
    case wouldBlock
    /// A read found the end: no byte will follow.
    case endOfStream
    case failed(SystemError)

    /// From a call's result in the form of `retryingInterrupts`.
    @inline(__always)
    fileprivate init(_ result: Int, operation: StaticString) {
        if result >= 0 {
            self = .bytes(result)
        } else if result == -Int(EAGAIN) {
            self = .wouldBlock
        } else {
            self = .failed(SystemError(errno: Int32(truncatingIfNeeded: -result), operation: operation))
        }
    }
}

struct FileDescriptor: RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    @inline(__always)
    init(rawValue: Int32) { self.rawValue = rawValue }

    static var standardInput: FileDescriptor { FileDescriptor(rawValue: STDIN_FILENO) }
    static var standardOutput: FileDescriptor { FileDescriptor(rawValue: STDOUT_FILENO) }

    /// Reads once. An empty buffer reads nothing and is not an end.
    @inline(__always)
    func read(into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        let result = systemRead(rawValue, buffer.baseAddress, buffer.count)
        if result == 0 && buffer.count > 0 { return .endOfStream }
        return IOResult(result, operation: "read")
    }

    /// Reads once from a socket, which costs a little less this way.
    @inline(__always)
    func receive(into buffer: UnsafeMutableRawBufferPointer) -> IOResult {
        let result = systemReceive(rawValue, buffer.baseAddress, buffer.count)
        if result == 0 && buffer.count > 0 { return .endOfStream }
        return IOResult(result, operation: "recv")
    }

    /// Writes once, to a file or a pipe. For sockets there is `send`, which cannot raise SIGPIPE.
    @inline(__always)
    func write(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        IOResult(systemWrite(rawValue, bytes.baseAddress, bytes.count), operation: "write")
    }

    /// Writes once to a socket.
    @inline(__always)
    func send(_ bytes: UnsafeRawBufferPointer) -> IOResult {
        IOResult(systemSend(rawValue, bytes.baseAddress, bytes.count), operation: "send")
    }

    /// Writes two pieces, one after the other, to a socket with one call.
    @inline(__always)
    func send(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> IOResult {
        var parts = (Self.vector(first), Self.vector(second))
        return withUnsafeMutablePointer(to: &parts) { pointer in
            // A tuple of two equal types lies in memory as an array of two.
            let start = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: iovec.self)
            return send(UnsafeMutableBufferPointer(start: start, count: 2))
        }
    }

    /// Writes pieces to a socket with one call; those past the system's limit for one call are left for the next.
    @inline(__always)
    func send(_ parts: UnsafeMutableBufferPointer<iovec>) -> IOResult {
        var message = msghdr()
        message.msg_iov = parts.baseAddress
        message.msg_iovlen = numericCast(min(parts.count, Platform.maximumVectorCount))
        return IOResult(systemSendMessage(rawValue, &message), operation: "sendmsg")
    }

    /// A piece for the vectored `send`.
    @inline(__always)
    static func vector(_ bytes: UnsafeRawBufferPointer) -> iovec {
        // sendmsg only reads; iovec's pointer is mutable because readv shares the type.
        iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
    }

    /// The number must not be used afterwards, by anybody.
    func close() {
        let result = systemClose(rawValue)
        assert(result != -EBADF, "closed twice")
    }

    func setNonBlocking(_ nonBlocking: Bool = true) throws(SystemError) {
        let flags = try checked("fcntl(F_GETFL)") { fcntl(rawValue, F_GETFL) }
        let wanted = nonBlocking ? flags | O_NONBLOCK : flags & ~O_NONBLOCK
        if wanted != flags {
            _ = try checked("fcntl(F_SETFL,O_NONBLOCK)") { fcntl(rawValue, F_SETFL, wanted) }
        }
    }

    func setCloseOnExec() throws(SystemError) {
        _ = try checked("fcntl(F_SETFD,FD_CLOEXEC)") { fcntl(rawValue, F_SETFD, FD_CLOEXEC) }
    }
}

extension FileDescriptor {
    /// Writes pieces to a socket with one call.
    func send(_ pieces: [UnsafeRawBufferPointer]) -> IOResult {
        var vectors = pieces.map(Self.vector)
        return vectors.withUnsafeMutableBufferPointer { send($0) }
    }
}
