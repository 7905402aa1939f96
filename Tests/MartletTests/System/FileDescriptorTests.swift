// Single reads and writes on socket pairs: full buffers, would-block, both kinds of end.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct FileDescriptorTests {
    @Test func bytesArriveInOrder() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        #expect(here.send("PING\r\n") == .bytes(6))
        #expect(there.readText(3) == "PIN")
        #expect(there.readText() == "G\r\n")
    }

    @Test func emptySocketWouldBlock() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        #expect(here.read() == .wouldBlock)
    }

    @Test func readIntoNothingIsNotAnEnd() throws {
        let (here, there) = try Socket.pair()
        defer { here.close() }
        #expect(here.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) != .endOfStream)
        there.close()
        #expect(here.read(into: UnsafeMutableRawBufferPointer(start: nil, count: 0)) == .bytes(0))
        #expect(here.read() == .endOfStream)
    }

    @Test func fullSocketTakesAPartThenWouldBlock() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        let large = [UInt8](repeating: 7, count: 8 << 20)
        guard case .bytes(let first) = large.withUnsafeBytes({ here.send($0) }) else {
            Issue.record("the first send moved nothing")
            return
        }
        #expect(first > 0 && first < large.count)
        var sent = first
        while case .bytes(let more) = large.withUnsafeBytes({ here.send($0) }) { sent += more }
        #expect(large.withUnsafeBytes { here.send($0) } == .wouldBlock)
        var received = 0
        while case .bytes(let count) = there.read(atMost: 1 << 20) { received += count }
        #expect(received == sent)
        #expect(here.send("x") == .bytes(1))
    }

    @Test func twoPiecesLeaveTogether() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        let (head, tail) = (Array("$3\r\n".utf8), Array("abc\r\n".utf8))
        let result = head.withUnsafeBytes { head in tail.withUnsafeBytes { here.send(head, $0) } }
        #expect(result == .bytes(9))
        #expect(there.readText() == "$3\r\nabc\r\n")
    }

    @Test func morePiecesThanOneCallTakesAreLeft() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        let byte: [UInt8] = [1]
        let result = byte.withUnsafeBytes { byte in
            var parts = [iovec](repeating: FileDescriptor.vector(byte), count: Platform.maximumVectorCount + 5)
            return parts.withUnsafeMutableBufferPointer { here.send($0) }
        }
        #expect(result == .bytes(Platform.maximumVectorCount))
    }

    @Test func sendToAClosedPeerFailsWithoutASignal() throws {
        let (here, there) = try Socket.pair()
        defer { here.close() }
        there.close()
        #expect(here.send("x") == .failed(SystemError(errno: EPIPE, operation: "send")))
        let byte: [UInt8] = [1]
        let result = byte.withUnsafeBytes { here.send($0, $0) }
        #expect(result == .failed(SystemError(errno: EPIPE, operation: "sendmsg")))
    }

    @Test func halfClosedPeerStillReads() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        #expect(there.send("last") == .bytes(4))
        try there.shutdownWriting()
        #expect(here.readText() == "last")
        #expect(here.read() == .endOfStream)
        #expect(here.send("reply") == .bytes(5))
        #expect(there.readText() == "reply")
    }

    @Test func nonBlockingGoesOnAndOff() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        #expect(fcntl(here.rawValue, F_GETFL) & O_NONBLOCK != 0)
        #expect(fcntl(here.rawValue, F_GETFD) & FD_CLOEXEC != 0)
        try here.setNonBlocking(false)
        #expect(fcntl(here.rawValue, F_GETFL) & O_NONBLOCK == 0)
        try here.setNonBlocking()
        #expect(fcntl(here.rawValue, F_GETFL) & O_NONBLOCK != 0)
    }

    @Test func badDescriptorIsReported() {
        let none = FileDescriptor(rawValue: -1)
        #expect(none.read() == .failed(SystemError(errno: EBADF, operation: "read")))
        #expect(none.write("x") == .failed(SystemError(errno: EBADF, operation: "write")))
        #expect(throws: SystemError(errno: EBADF, operation: "fcntl(F_SETFD,FD_CLOEXEC)")) {
            try none.setCloseOnExec()
        }
    }
}
