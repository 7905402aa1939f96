// Small files, the log's file, and bounded reading from a pipe as from standard input.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct FileTests {
    @Test func writtenBytesAreRead() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("data")
        let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
        try SmallFile.write(content, to: path)
        #expect(try SmallFile.read(path, limit: 100_000) == content)
        #expect(throws: SystemError(errno: EFBIG, operation: "read")) { try SmallFile.read(path, limit: 99_999) }
        try SmallFile.write([9], to: path)
        #expect(try SmallFile.read(path, limit: 10) == [9])
        try SmallFile.write([], to: path)
        #expect(try SmallFile.read(path, limit: 0) == [])
    }

    @Test func missingFilesAreReported() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("none")
        #expect(throws: SystemError(errno: ENOENT, operation: "open")) { try SmallFile.read(path, limit: 1) }
        #expect(throws: SystemError(errno: ENOENT, operation: "unlink")) { try SmallFile.remove(path) }
    }

    @Test func processIDFile() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("martlet.pid")
        try SmallFile.writeProcessID(4711, to: path)
        #expect(try SmallFile.read(path, limit: 100) == Array("4711\n".utf8))
        try SmallFile.remove(path)
        #expect(permissions(of: path) == nil)
    }

    @Test func logLinesAreAppendedAlsoAfterRotation() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("server.log")
        let log = LogFile(path: path)
        try log.append("one\n")
        try log.append("two\n")
        #expect(try SmallFile.read(path, limit: 100) == Array("one\ntwo\n".utf8))
        try SmallFile.remove(path)
        try log.append("three\n")
        #expect(try SmallFile.read(path, limit: 100) == Array("three\n".utf8))
    }

    /// The system is told that it may forget what is synced; none of it may be missed.
    @Test func logIsWholeHoweverOftenItIsSynced() throws {
        let directory = try ScratchDirectory()
        let path = directory.file("log")
        let log = try DiskFileSystem().append(to: path)
        let block = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 / 3) }
        for _ in 0..<4 {
            try log.write(block.span)
            try log.sync()
        }
        try log.truncate(to: 1_000_000)
        try log.write(block.span)
        try log.sync()
        log.close()
        #expect(try SmallFile.read(path, limit: 2_000_000) == Array((block + block).prefix(1_000_000)) + block)
    }

    @Test func emptyLineShowsWhetherTheLogOpens() throws {
        let directory = try ScratchDirectory()
        try LogFile(path: directory.file("a.log")).append("")
        #expect(permissions(of: directory.file("a.log")) != nil)
        #expect(throws: SystemError(errno: ENOENT, operation: "open")) {
            try LogFile(path: directory.file("no/a.log")).append("")
        }
    }

    @Test func streamIsReadToItsEnd() throws {
        let (here, there) = try Socket.pair()
        defer {
            here.close()
            there.close()
        }
        #expect(there.send("port 0\n") == .bytes(7))
        try there.shutdownWriting()
        #expect(try here.readAll(limit: 7) == Array("port 0\n".utf8))
        #expect(try here.readAll(limit: 0) == [])
    }
}
