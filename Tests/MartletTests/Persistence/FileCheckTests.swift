// Checking data files from the command line: what is right, what is found, what is cut.

import Testing

@testable import Martlet

struct FileCheckTests {
    private static func run(
        _ words: String..., files: MemoryFileSystem, answer: Bool = true
    ) throws -> (isRight: Bool, lines: [String]) {
        let request = try #require(FileCheckRequest(words))
        var lines: [String] = []
        let isRight = FileCheck(request).run(files, print: { lines.append($0) }, confirm: { _ in answer })
        return (isRight, lines)
    }

    private static let manifest = "/data/appendonlydir/appendonly.aof.manifest"
    private static let increment = "/data/appendonlydir/appendonly.aof.1.incr.aof"

    private static func written() throws -> MemoryFileSystem {
        let files = MemoryFileSystem()
        let server = try AppendOnlyFileTests.server(files) { $0.aofTimestampEnabled = true }
        try server.expect(["SET a 1": .ok])
        server.advance(milliseconds: 5000)
        try server.expect(["SET b 2 EX 5": .ok, "SAVE": .ok])
        server.server.stop()
        return files
    }

    @Test func whatIsRightIsSaidToBe() throws {
        let files = try Self.written()
        let snapshot = try Self.run("--check-rdb", "/data/dump.rdb", files: files)
        #expect(snapshot.isRight)
        #expect(snapshot.lines.contains("[info] 2 keys read") && snapshot.lines.contains("[info] 1 expires"))
        let log = try Self.run("--check-aof", Self.manifest, files: files)
        #expect(log.isRight && log.lines.last == "All AOF files and manifest are valid")
        #expect(log.lines.contains("INCR AOF appendonly.aof.1.incr.aof is valid"))
        let old = try Self.run("--check-aof", Self.increment, files: files)
        #expect(old.isRight && old.lines.first == "Start checking Old-Style AOF")
    }

    @Test func everyCutIsFoundAndCanBeCutOff() throws {
        let whole = try #require(Self.written().files[Self.increment])
        var broken = 0
        for count in 1..<whole.count {
            let files = try Self.written()
            files.set(Self.increment, to: Array(whole.prefix(count)))
            let before = try Self.run("--check-aof", Self.manifest, files: files)
            if !before.isRight {
                broken += 1
                #expect(before.lines.last?.hasSuffix("is not valid. Use the --fix option to try fixing it.") == true)
                #expect(try !Self.run("--check-aof", "--fix", Self.manifest, files: files, answer: false).isRight)
                #expect(files.files[Self.increment]?.count == count)
                #expect(try Self.run("--check-aof", "--fix", Self.manifest, files: files).isRight)
                #expect((files.files[Self.increment]?.count ?? count) < count)
            }
            #expect(try Self.run("--check-aof", Self.manifest, files: files).isRight)
            let server = try AppendOnlyFileTests.server(files) { $0.aofLoadTruncated = false }
            server.server.stop()
        }
        #expect(broken > whole.count / 2)
    }

    @Test func filesAreCutAtPointsInTime() throws {
        let files = try Self.written()
        let first = TestServer.start / 1000
        let nothing = try Self.run(
            "--check-aof", "--truncate-to-timestamp", "\(first + 9)", Self.manifest, files: files)
        #expect(nothing.isRight)
        let cut = try Self.run("--check-aof", "--truncate-to-timestamp", "\(first + 1)", Self.manifest, files: files)
        #expect(cut.isRight)
        #expect(cut.lines.contains("Successfully truncated AOF appendonly.aof.1.incr.aof to timestamp \(first + 1)"))
        try AppendOnlyFileTests.server(files).expect(["GET a": "1", "GET b": .null])
        let all = try Self.run("--check-aof", "--truncate-to-timestamp", "1", Self.manifest, files: files)
        #expect(!all.isRight && all.lines.last?.hasSuffix("aborting...") == true)
    }

    @Test func brokenFilesAreNamed() throws {
        let files = try Self.written()
        #expect(try !Self.run("--check-rdb", "/none", files: files).isRight)
        #expect(try !Self.run("--check-aof", "/none", files: files).isRight)
        let bytes = try #require(files.files["/data/dump.rdb"])
        for place in stride(from: 9, to: bytes.count, by: 5) {
            var broken = bytes
            broken[place] ^= 0x10
            files.set("/data/dump.rdb", to: broken)
            let result = try Self.run("--check-rdb", "/data/dump.rdb", files: files)
            #expect(!result.isRight && result.lines.contains("--- RDB ERROR DETECTED ---"))
        }
        files.set(Self.increment, to: Array("*1\r\n$4\r\nEXEC\r\n".utf8))
        let result = try Self.run("--check-aof", Self.manifest, files: files)
        #expect(!result.isRight && result.lines.contains { $0.hasPrefix("Unexpected EXEC") })
        files.set(Self.manifest, to: Array("nonsense\n".utf8))
        #expect(try !Self.run("--check-aof", Self.manifest, files: files).isRight)
    }

    @Test func wordsThatAreNoCheck() {
        for words in [
            ["--check-rdb"], ["--check-aof", "--fix"], ["--check-aof", "--cut", "a"], ["--check-rdb", "a", "b"],
            ["--check-aof", "--truncate-to-timestamp", "x", "a"],
        ] {
            #expect(FileCheckRequest(words) == nil)
            #expect(ServerArguments.parse(words) == .usage)
        }
    }
}
