// Large values are written down in pieces, and are what they were when the snapshot began, whatever happens to them.

import Testing

@testable import Martlet

struct LargeValueTests {
    /// Guard for `@unchecked Sendable`: used on the server's queue only.
    private final class Run: @unchecked Sendable {
        let file: SnapshotFile
        var writer: SnapshotWriter?

        init(_ files: MemoryFileSystem, isSnapshot: Bool) throws {
            let name = LargeValueTests.directory + LargeValueTests.base(isSnapshot)
            file = try SnapshotFile(
                name, by: "/data/temp", in: LargeValueTests.directory, fileSystem: files, syncsMeanwhile: true)
        }

        func begin(_ server: ServerContext, isSnapshot: Bool) {
            let writer = SnapshotWriter(
                server.keyspace.value, as: server.snapshotFormat(isSnapshot: isSnapshot, isBase: true), to: file)
            server.keyspace.value.beginSnapshot(writer)
            self.writer = writer
        }
    }

    private static let directory = "/data/appendonlydir/"
    private static func base(_ isSnapshot: Bool) -> String { "appendonly.aof.1.base.\(isSnapshot ? "rdb" : "aof")" }

    private static func makeServer(_ seed: UInt64) throws -> TestServer {
        var configuration = Configuration()
        configuration.databases = 2
        configuration.setMaxIntsetEntries = 4
        return try TestServer(seed: seed, configuration: configuration)
    }

    @Test(arguments: [true, false])
    func areWhatTheyWere(isSnapshot: Bool) throws {
        var random = TestRandom()
        for _ in 0..<12 {
            let seed = random.next()
            var dice = SeededRandom(seed: seed)
            let server = try Self.makeServer(seed)
            for _ in 0..<60 { try server.run(Self.command(&dice)) }
            let digest = try server.run("DEBUG DIGEST")
            let files = MemoryFileSystem()
            try files.makeDirectory(Self.directory)
            let run = try Run(files, isSnapshot: isSnapshot)
            server.inspect { run.begin($0, isSnapshot: isSnapshot) }
            while !server.inspect({ $0.keyspace.value.continueSnapshot(until: { true }) }) {
                if dice.below(4) == 0 { try server.run(Self.command(&dice)) }
            }
            #expect(Self.finish(run, server) == nil)
            let manifest = "file \(Self.base(isSnapshot)) seq 1 type b\n"
            files.set(Self.directory + "appendonly.aof.manifest", to: Array(manifest.utf8))
            let again = try AppendOnlyFileTests.server(files) { $0.databases = 2 }
            #expect(try again.run("DEBUG DIGEST") == digest, "seed \(seed)")
        }
    }

    /// A step of a snapshot is a piece of a large value, not the value.
    @Test(arguments: [true, false])
    func areWrittenInPieces(isSnapshot: Bool) throws {
        let server = try Self.makeServer(1)
        try Self.fill(server, "h")
        let files = MemoryFileSystem()
        try files.makeDirectory(Self.directory)
        let run = try Run(files, isSnapshot: isSnapshot)
        server.inspect { run.begin($0, isSnapshot: isSnapshot) }
        var steps = 0
        while !server.inspect({ $0.keyspace.value.continueSnapshot(until: { true }) }) { steps += 1 }
        #expect(steps > 30)
        #expect(Self.finish(run, server) == nil)
    }

    /// What was begun is let go of, and the next snapshot finds nothing in its way.
    @Test func mayBeGivenUp() throws {
        let server = try Self.makeServer(1)
        for number in 0..<3 {
            try server.run("DEBUG POPULATE 10 s 70000")
            try Self.fill(server, "h\(number)")
        }
        for round in 0..<4 {
            let files = MemoryFileSystem()
            try files.makeDirectory(Self.directory)
            let run = try Run(files, isSnapshot: true)
            server.inspect { run.begin($0, isSnapshot: true) }
            for step in 0..<(20 * round) {
                try server.expect(["HSET h\(step % 3) f\(step) changed": 0])
                server.inspect { _ = $0.keyspace.value.continueSnapshot(until: { true }) }
            }
            server.inspect { context in
                context.keyspace.value.abandonSnapshot()
                run.file.abandonNow()
            }
            try server.expect(["HSET h0 f0 again": 0])
            #expect(files.files.isEmpty)
        }
    }

    private static func finish(_ run: Run, _ server: TestServer) -> SystemError? {
        server.inspect { _ in
            run.writer?.finish()
            return run.file.finish()
        }
    }

    private static func fill(_ server: TestServer, _ key: String) throws {
        try server.run("HSET \(key) " + (0..<1000).map { "f\($0) \($0)" }.joined(separator: " "))
    }

    private static func command(_ dice: inout SeededRandom) -> String {
        let number = dice.below(4)
        let (hash, set, string) = ("h\(number)", "s\(number)", "t\(number)")
        let other = dice.below(4)
        let start = dice.below(1200)
        func range(_ count: Int, _ body: (Int) -> String) -> String {
            (start..<(start + count)).map(body).joined(separator: " ")
        }
        switch dice.below(24) {
        case 0...3: return "HSET \(hash) " + range(700) { "f\($0) \(dice.below(1000))" }
        case 4, 5: return "HSET \(hash) " + range(3) { "f\($0) \(String(repeating: "y", count: dice.below(400)))" }
        case 6: return "HDEL \(hash) " + range(200) { "f\($0)" }
        case 7: return "HPEXPIRE \(hash) \(100_000 + start) FIELDS 3 " + range(3) { "f\($0)" }
        case 8: return "HPERSIST \(hash) FIELDS 2 " + range(2) { "f\($0)" }
        case 9, 10, 11: return "SADD \(set) " + range(700) { "m\($0)" }
        case 12: return "SREM \(set) " + range(100) { "m\($0)" }
        case 13: return "SPOP \(set) \(dice.below(300))"
        case 14: return "SET \(string) \(String(repeating: "\(number)abcdefghi", count: 5000 + start * 8))"
        case 15: return "APPEND \(string) \(String(repeating: "x", count: start))"
        case 16: return "SETRANGE \(string) \(start) y"
        case 17: return "UNLINK \(dice.below(2) == 0 ? hash : set)"
        case 18: return "RENAME \(hash) h\(other)"
        case 19: return "COPY \(hash) h\(other) REPLACE"
        case 20: return "PEXPIRE \(dice.below(2) == 0 ? hash : string) 1000000"
        case 21: return "SELECT \(dice.below(2))"
        case 22: return dice.below(8) == 0 ? "FLUSHDB" : "SWAPDB 0 1"
        default: return "DEL \(string)"
        }
    }
}
