// SAVE, BGSAVE and loading: what is written comes back, a disk that fails takes nothing away, broken files are refused.

import Testing

@testable import Martlet

struct SaveTests {
    private static func server(
        _ files: MemoryFileSystem, _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> TestServer {
        var configuration = Configuration()
        configuration.dir = "/data"
        change(&configuration)
        return try TestServer(configuration: configuration, fileSystem: files)
    }

    private static func fill(_ server: TestServer) throws {
        for line in [
            "SET a 1", "SET b \(String(repeating: "long ", count: 2000))", "SET c v PX 5000", "SELECT 3",
            "SET d -70000",
            "HSET h f v n 123456789", "HSET ttl a 1 b 2", "HPEXPIRE ttl 4000 FIELDS 1 a", "SADD s 1 2 3",
            "SADD w a b c", "SELECT 0",
        ] { try server.run(line) }
        for number in 0..<300 { try server.run("HSET big f\(number) \(number)") }
        for number in 0..<600 { try server.run("SADD many m\(number)") }
    }

    @Test func whatIsSavedComesBack() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        try Self.fill(server)
        let digest = try server.run("DEBUG DIGEST")
        try server.expect(["SAVE": .ok])
        #expect(files.files.keys.sorted() == ["/data/dump.rdb"])
        try server.expect(["DEBUG RELOAD": .ok, "DEBUG DIGEST": digest, "PTTL c": 5000])
        try server.expect(["SELECT 3": .ok, "HPTTL ttl FIELDS 2 a b": [4000, -1], "SELECT 0": .ok])
        try server.expect(["FLUSHALL": .ok, "DEBUG RELOAD NOSAVE": .ok, "DEBUG DIGEST": digest])
        try server.expect(["SET a other": .ok, "DEBUG RELOAD NOSAVE NOFLUSH MERGE": .ok, "DEBUG DIGEST": digest])
    }

    @Test func backgroundSavesEndByThemselves() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        try Self.fill(server)
        let digest = try server.run("DEBUG DIGEST")
        try server.expect(["BGSAVE": .simpleString("Background saving started")])
        try server.run("SET a changed")
        #expect(
            try eventually {
                try server.run("INFO persistence").string?.contains("rdb_bgsave_in_progress:0") ?? false
            })
        #expect(try server.run("INFO persistence").string?.contains("rdb_last_bgsave_status:ok") == true)
        try server.expect(["DEBUG RELOAD NOSAVE": .ok, "DEBUG DIGEST": digest])
    }

    /// When the disk does not keep up the snapshot waits, not the clients.
    @Test func aSlowDiskSlowsTheSnapshotOnly() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files) {
            $0.rdbCompression = false
            $0.rdbSaveIncrementalFsync = true
        }
        try server.run("DEBUG POPULATE 30000 key 1000")
        let digest = try server.run("DEBUG DIGEST")
        func progress() throws -> String? {
            try server.run("INFO persistence").string?.split(separator: "\r\n").first {
                $0.hasPrefix("current_save_keys_processed:")
            }.map(String.init)
        }
        try files.whileBusy {
            try server.run("BGSAVE")
            var before: String?
            // It goes on until enough waits for the disk, and no further.
            #expect(
                try eventually {
                    defer { before = try? progress() }
                    server.runDueWork()
                    return try before != nil && progress() == before
                })
            #expect(before != "current_save_keys_processed:30000")
            for number in 0..<100 { try server.expect(["SET key:\(number) changed": .ok]) }
            #expect(try server.run("INFO persistence").string?.contains("rdb_bgsave_in_progress:1") == true)
        }
        #expect(
            try eventually {
                server.runDueWork()
                return try server.run("INFO persistence").string?.contains("rdb_bgsave_in_progress:0") ?? false
            })
        try server.expect(["DEBUG RELOAD NOSAVE": .ok, "DEBUG DIGEST": digest])
    }

    /// Every step may fail: what was saved before is still there, and the next save succeeds.
    @Test func aFailingDiskTakesNothingAway() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        try server.expect(["SET old 1": .ok, "SAVE": .ok])
        let old = files.files["/data/dump.rdb"]
        try Self.fill(server)
        files.fail(at: nil)
        try server.expect(["SAVE": .ok])
        let calls = files.calls
        #expect(calls > 4)
        for call in 1...calls {
            files.set("/data/dump.rdb", to: old ?? [])
            files.fail(at: call)
            let reply = try server.run("SAVE")
            files.fail(at: nil)
            // Once the file has its name, only that it will last was not told.
            let isPublished = call == calls
            #expect(reply == .error("ERR"), "call \(call)")
            #expect((files.files["/data/dump.rdb"] == old) != isPublished, "call \(call)")
            // Whoever asked knows; only a background save that fails stops writes.
            try server.expect(["SET other 1": .ok, "GET old": "1", "SAVE": .ok])
            #expect(files.files.count == 1, "call \(call)")
        }
    }

    @Test func writesGoOnWhereTheyMay() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        files.fail(at: 2)
        try server.run("BGSAVE")
        #expect(
            try eventually {
                server.runDueWork()
                return try server.run("INFO persistence").string?.contains("rdb_last_bgsave_status:err") ?? false
            })
        try server.expect([
            "SET k v": .error(ReplyError.cannotPersist.text),
            "CONFIG SET stop-writes-on-bgsave-error no": .ok, "SET k v": .ok,
            "CONFIG SET stop-writes-on-bgsave-error yes": .ok, "SET k v": .error(ReplyError.cannotPersist.text),
            "CONFIG SET save \"\"": .ok, "SET k v": .ok, "LASTSAVE": .integer(TestServer.start / 1000),
        ])
    }

    // MARK: Broken files

    private static func load(_ bytes: [UInt8]) -> (summary: RDBSummary?, error: RDBError?) {
        var keyspace = Keyspace(
            databaseCount: 16, seed: HashSeed(1, 2), random: SeededRandom(seed: 1), now: TestServer.start)
        guard let file = try? MemoryFile.holding(bytes) else { return (nil, nil) }
        var reader = RDBFileReader(file, checksChecksum: true)
        do throws(RDBFileError) {
            try reader.load(into: &keyspace)
            return (reader.summary, nil)
        } catch {
            guard case .content(let error) = error else { return (nil, nil) }
            return (nil, error)
        }
    }

    private static func file() throws -> [UInt8] {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        try Self.fill(server)
        try server.run("SAVE")
        return try #require(files.files["/data/dump.rdb"])
    }

    @Test func everyCutIsSeen() throws {
        let bytes = try Self.file()
        #expect(Self.load(bytes).summary?.keys == 9)
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(Self.load(Array(bytes[..<count])).error != nil, "cut to \(count) of \(bytes.count) bytes")
        }
    }

    @Test func everyFlippedBitIsSeen() throws {
        let bytes = try Self.file()
        var random = TestRandom()
        for _ in 0..<1500 {
            var broken = bytes
            // The header's digits may become those of a version that had no checksum yet.
            let place = RDBVersion.headerCount + random.below(bytes.count - RDBVersion.headerCount)
            broken[place] ^= 1 << UInt8(random.below(8))
            #expect(Self.load(broken).error != nil, "seed \(random.seed): byte \(place)")
        }
    }

    /// Without a checksum what is broken may load, but never harms.
    @Test func flippedBitsDoNoHarm() throws {
        var bytes = try Self.file()
        bytes.replaceSubrange((bytes.count - 8)..., with: [UInt8](repeating: 0, count: 8))
        var random = TestRandom()
        for _ in 0..<1500 {
            var broken = bytes
            for _ in 0...random.below(3) {
                broken[random.below(bytes.count - 8)] = UInt8(truncatingIfNeeded: random.next())
            }
            _ = Self.load(broken)
        }
    }

    @Test func whatIsNoFileOfOursIsNamed() {
        let header = Array("REDIS0011".utf8)
        #expect(Self.load(Array("NOTREDIS1".utf8)).error?.reason.hasPrefix("Wrong signature") == true)
        #expect(Self.load(Array("REDIS0099".utf8)).error?.reason == "Can't handle RDB format version 99")
        #expect(Self.load(header + [1, 1, 0x61, 1, 1, 0x62]).error?.reason.contains("type list") == true)
        #expect(Self.load(header + [0xFE, 20]).error?.reason.contains("more databases") == true)
        let twice: [UInt8] = [0, 1, 0x61, 1, 0x31]
        #expect(Self.load(header + [0xFE, 0] + twice + twice).error?.reason.contains("twice") == true)
        #expect(Self.load(header + [0xFF] + [UInt8](repeating: 0, count: 8)).summary?.keys == 0)
        #expect(Self.load(Array("VALKEY080".utf8) + [0xFF] + [UInt8](repeating: 0, count: 8)).summary != nil)
        #expect(Self.load(Array("REDIS0003".utf8) + [0xFF]).summary != nil, "old files have no checksum")
    }
}
