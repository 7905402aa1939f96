// The append only file: what is in it when the server comes back, what a rewrite leaves, which files are refused.

import Testing

@testable import Martlet

struct AppendOnlyFileTests {
    static func server(
        _ files: MemoryFileSystem, after milliseconds: Int64 = 0, seed: UInt64 = 1,
        _ change: (inout Configuration) -> Void = { _ in }
    ) throws -> TestServer {
        var configuration = Configuration()
        configuration.dir = "/data"
        configuration.appendonly = true
        change(&configuration)
        return try TestServer(seed: seed, configuration: configuration, fileSystem: files, after: milliseconds)
    }

    private static let directory = "/data/appendonlydir/"
    private static func manifest(_ files: MemoryFileSystem) -> String {
        String(decoding: files.files[directory + "appendonly.aof.manifest"] ?? [], as: UTF8.self)
    }

    @Test func theFirstStartMakesTheFiles() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        #expect(
            Self.manifest(files)
                == "file appendonly.aof.1.base.rdb seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n")
        try server.expect(["SET k v": .ok])
        server.server.stop()
        try Self.server(files).expect(["GET k": "v"])
    }

    /// Random commands, restarts and rewrites: what comes back is what was there.
    @Test(arguments: [true, false])
    func whatWasDoneComesBack(asSnapshot: Bool) throws {
        var random = SeededRandom(seed: UInt64.random(in: 0...UInt64.max))
        let seed = random.next()
        print("seed \(seed)")
        random = SeededRandom(seed: seed)
        for _ in 0..<10 {
            let files = MemoryFileSystem()
            var elapsed: Int64 = 0
            for _ in 0..<4 {
                let server = try Self.server(files, after: elapsed, seed: random.next()) {
                    $0.aofUseRDBPreamble = asSnapshot
                    $0.hashMaxListpackEntries = 4
                }
                for _ in 0..<120 {
                    try server.run(RandomWrites.line(&random))
                    if random.below(20) == 0 {
                        let pause = Int64(random.below(40))
                        elapsed += pause
                        server.advance(milliseconds: pause)
                        server.runDueWork()
                    }
                    if random.below(60) == 0 { try server.run("BGREWRITEAOF") }
                }
                try server.run("EXEC")
                let digest = try server.run("DEBUG DIGEST")
                try server.expect(["DEBUG LOADAOF": .ok])
                #expect(try server.run("DEBUG DIGEST") == digest)
                server.server.stop()
                let again = try Self.server(files, after: elapsed)
                #expect(try again.run("DEBUG DIGEST") == digest)
                again.server.stop()
            }
        }
    }

    @Test(arguments: [true, false])
    func aRewriteLeavesWhatIsNeeded(asSnapshot: Bool) throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files) { $0.aofUseRDBPreamble = asSnapshot }
        for number in 0..<100 { try server.run("SET k \(number)") }
        for number in 0..<200 { try server.run("SADD s \(number) m\(number)") }
        for number in 0..<200 { try server.run("HSET h f\(number) \(number)") }
        try server.run("HPEXPIRE h 5000 FIELDS 1 f7")
        try server.run("PEXPIRE s 9000")
        let digest = try server.run("DEBUG DIGEST")
        try server.expect(["BGREWRITEAOF": .simpleString("Background append only file rewriting started")])
        #expect(try server.rewriteEnds())
        let base = "appendonly.aof.2.base.\(asSnapshot ? "rdb" : "aof")"
        #expect(
            Self.manifest(files)
                == "file \(base) seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n")
        #expect(
            Set(files.files.keys)
                == Set([base, "appendonly.aof.2.incr.aof", "appendonly.aof.manifest"].map { Self.directory + $0 }))
        try server.expect(["DEBUG LOADAOF": .ok, "DEBUG DIGEST": digest, "PTTL s": 9000])
        try server.expect(["HPTTL h FIELDS 1 f7": [5000]])
    }

    @Test func loggingBeginsWhileTheServerRuns() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files) { $0.appendonly = false }
        try server.expect(["SET a 1": .ok, "CONFIG SET appendonly yes": .ok, "SET b 2": .ok])
        #expect(try server.rewriteEnds())
        try server.expect(["SET c 3": .ok])
        let digest = try server.run("DEBUG DIGEST")
        try server.expect(["DEBUG LOADAOF": .ok, "DEBUG DIGEST": digest, "GET b": "2"])
        try server.expect(["CONFIG SET appendonly no": .ok, "SET d 4": .ok, "DEBUG LOADAOF": .ok, "GET d": .null])
        try server.expect(["CONFIG SET appendonly yes": .ok])
        #expect(try server.rewriteEnds())
        #expect(
            Self.manifest(files)
                == "file appendonly.aof.2.base.rdb seq 2 type b\nfile appendonly.aof.2.incr.aof seq 2 type i\n")
    }

    @Test func savedDataIsWhereLoggingBegins() throws {
        let files = MemoryFileSystem()
        var configuration = Configuration()
        configuration.dir = "/data"
        let first = try TestServer(configuration: configuration, fileSystem: files)
        try first.expect(["SET old 1": .ok, "SAVE": .ok])
        var options = StartOptions()
        options.configuration = configuration
        options.configuration.appendonly = true
        options.isDaemon = true
        options.fileSystem = files
        options.clock = ManualClock(wallMilliseconds: TestServer.start)
        let server = try MartletServer(options)
        #expect(try server.connect().send("GET", "old") == "1")
        server.stop()
        try Self.server(files).expect(["GET old": "1"])
    }

    @Test func filesOfOldVersionsAreTakenOver() throws {
        let files = MemoryFileSystem()
        files.set("/data/appendonly.aof", to: Array("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n".utf8))
        let server = try Self.server(files)
        try server.expect(["GET k": "v", "SET l w": .ok])
        #expect(
            Self.manifest(files)
                == "file appendonly.aof seq 1 type b\nfile appendonly.aof.1.incr.aof seq 1 type i\n")
        #expect(files.files["/data/appendonly.aof"] == nil)
        server.server.stop()
        let again = try Self.server(files)
        try again.expect([
            "GET k": "v", "GET l": "w", "BGREWRITEAOF": .simpleString("Background append only file rewriting started"),
        ])
        #expect(try again.rewriteEnds())
        #expect(Self.manifest(files).hasPrefix("file appendonly.aof.2.base.rdb seq 2 type b\n"))
    }

    @Test func replacedFilesStayWhereThatIsWished() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files) { $0.aofDisableAutoGC = true }
        for _ in 0..<2 {
            try server.run("BGREWRITEAOF")
            #expect(try server.rewriteEnds())
        }
        #expect(
            Self.manifest(files) == """
                file appendonly.aof.3.base.rdb seq 3 type b
                file appendonly.aof.2.incr.aof seq 2 type h
                file appendonly.aof.2.base.rdb seq 2 type h
                file appendonly.aof.1.incr.aof seq 1 type h
                file appendonly.aof.1.base.rdb seq 1 type h
                file appendonly.aof.3.incr.aof seq 3 type i

                """)
        #expect(files.files.count == 7)
        try server.expect(["CONFIG SET aof-disable-auto-gc no": .ok])
        #expect(
            Self.manifest(files)
                == "file appendonly.aof.3.base.rdb seq 3 type b\nfile appendonly.aof.3.incr.aof seq 3 type i\n")
        #expect(files.files.count == 3)
    }

    @Test func aRewriteAndASnapshotTakeTurns() throws {
        let server = try Self.server(MemoryFileSystem()) { $0.rdbKeySaveDelay = 1 }
        try server.expect(["SET a 1": .ok, "BGSAVE": .simpleString("Background saving started")])
        try server.expect([
            "BGREWRITEAOF": .simpleString("Background append only file rewriting scheduled"),
            "CONFIG SET rdb-key-save-delay 0": .ok,
        ])
        #expect(try server.rewriteEnds())
        #expect(try server.run("INFO persistence").string?.contains("aof_rewrites:1\r\n") == true)
    }

    @Test func aSnapshotWaitsForARewriteWhereThatIsWished() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        try server.expect(["SET a 1": .ok])
        try files.whileBusy {
            try server.expect([
                "BGREWRITEAOF": .simpleString("Background append only file rewriting started"),
                "BGSAVE": .error(
                    "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order "
                        + "to schedule a BGSAVE whenever possible."),
                "BGSAVE SCHEDULE": .simpleString("Background saving scheduled"),
            ])
            #expect(files.files["/data/dump.rdb"] == nil)
        }
        #expect(try server.rewriteEnds())
        #expect(
            eventually {
                server.runDueWork()
                return files.files["/data/dump.rdb"] != nil
            })
    }

    /// SAVE breaks a rewrite off at whatever step it is; a later one must not lose what that step has done.
    @Test func aRewriteThatIsBrokenOffLosesNothing() throws {
        for number in 0..<40 {
            let files = MemoryFileSystem()
            let server = try Self.server(files)
            for round in 0..<3 {
                try server.run("SET k\(round) v")
                try server.run("BGREWRITEAOF")
                for _ in 0..<(number % 10) { try server.run("SET busy \(number)") }
                try server.expect(["SAVE": .ok, "SET after\(round) v": .ok])
            }
            #expect(try server.rewriteEnds())
            let digest = try server.run("DEBUG DIGEST")
            server.server.stop()
            #expect(try Self.server(files).run("DEBUG DIGEST") == digest)
        }
    }

    @Test func progressIsToldWhileKeysAreWritten() throws {
        let server = try Self.server(MemoryFileSystem()) { $0.rdbKeySaveDelay = 1 }
        for number in 0..<500 { try server.run("SET k\(number) v") }
        for command in ["BGSAVE", "BGREWRITEAOF"] {
            try server.run(command)
            #expect(
                try eventually {
                    let info = try server.run("INFO persistence").string ?? ""
                    return info.contains("current_save_keys_total:500\r\n")
                        && !info.contains("current_save_keys_processed:0\r\n")
                        && !info.contains("current_fork_perc:0.00\r\n")
                })
            try server.run("CONFIG SET rdb-key-save-delay 0")
            #expect(
                try eventually {
                    let info = try server.run("INFO persistence").string ?? ""
                    return info.contains("current_save_keys_total:0\r\n") && info.contains("current_fork_perc:0.00\r\n")
                })
            try server.run("CONFIG SET rdb-key-save-delay 1")
        }
    }

    @Test func aFileThatHasGrownIsRewrittenByItself() throws {
        let server = try Self.server(MemoryFileSystem()) {
            $0.autoAOFRewriteMinSize = 1000
            // Nothing is put off then.
            $0.appendfsync = .always
        }
        for number in 0..<100 { try server.run("SET k \(number)") }
        server.runDueWork()
        #expect(try server.rewriteEnds())
        #expect(try server.run("INFO persistence").string?.contains("aof_rewrites:1\r\n") == true)
    }

    // MARK: Broken files

    private static func start(_ log: String, _ change: (inout Configuration) -> Void = { _ in }) throws -> TestServer {
        let files = MemoryFileSystem()
        files.set(directory + "appendonly.aof.1.incr.aof", to: Array(log.utf8))
        files.set(
            directory + "appendonly.aof.manifest", to: Array("file appendonly.aof.1.incr.aof seq 1 type i\n".utf8))
        return try server(files, change)
    }

    private static let set = "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
    private static let multi = "*1\r\n$5\r\nMULTI\r\n"

    @Test func whatIsBrokenOffIsCutOff() throws {
        for count in 1..<Self.set.utf8.count {
            let other = Array(Self.set.replacing("k\r\n", with: "x\r\n").utf8)
            let log = Self.set + String(decoding: other.prefix(count), as: UTF8.self)
            let server = try Self.start(log)
            try server.expect(["GET k": "v", "GET x": .null, "SET y 1": .ok, "DEBUG LOADAOF": .ok, "GET y": "1"])
            #expect(throws: StartError.self) { try Self.start(log) { $0.aofLoadTruncated = false } }
        }
        let server = try Self.start(Self.set + Self.multi + "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n")
        try server.expect(["GET k": "v", "DEBUG LOADAOF": .ok, "GET k": "v"])
    }

    @Test(arguments: [
        "!!!", "*0\r\n", "*-1\r\n", "*1\r\n:1\r\n", "*1\r\n$-1\r\n", "*1\r\n$3\r\nGETxx", "*a\r\n",
        "*1\r\n$3\rXGET\r\n", "*1\r\n$3\r\nBLA\r\n", "*1\r\n$3\r\nGET\r\n",
        "*99999999999999999999\r\n", "*2\r\n$6\r\nCONFIG\r\n$3\r\nBLA\r\n", "*1\r\n$6\r\nCONFIG\r\n",
        "*2\r\n$6\r\nOBJECT\r\n$3\r\nBLA\r\n", "*2\r\n$3\r\nSET\r\n$1\r\na\r\n",
    ])
    func whatIsNoCommandIsRefused(_ text: String) {
        #expect(throws: StartError.self) { try Self.start(Self.set + text + Self.set) }
    }

    /// A command that is refused although it was executed once is no reason not to start, but nobody overlooks it.
    @Test func whatIsRefusedIsToldAndCounted() throws {
        let server = try Self.start(
            Self.set + "*3\r\n$6\r\nEXPIRE\r\n$1\r\nk\r\n$3\r\nabc\r\n" + "*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n")
        try server.expect(["GET k": "v", "TTL k": -1])
        #expect(try server.run("INFO stats").string?.contains("unexpected_error_replies:2\r\n") == true)
    }

    /// Without a checksum what is broken may load, but never harms.
    @Test func flippedBitsDoNoHarm() throws {
        let files = MemoryFileSystem()
        let first = try Self.server(files)
        var random = TestRandom()
        var dice = SeededRandom(seed: random.seed)
        for _ in 0..<60 { try first.run(RandomWrites.line(&dice)) }
        first.server.stop()
        let whole = files.files
        var (refused, served) = (0, 0)
        for _ in 0..<400 {
            let files = MemoryFileSystem()
            let names = whole.keys.sorted()
            let chosen = names[random.below(names.count)]
            for (name, bytes) in whole {
                var bytes = bytes
                if name == chosen, !bytes.isEmpty { bytes[random.below(bytes.count)] ^= 1 << UInt8(random.below(8)) }
                files.set(name, to: bytes)
            }
            do {
                let server = try Self.server(files)
                try server.expect(["SET after 1": .ok, "GET after": "1"])
                served += 1
            } catch is StartError {
                refused += 1
            }
        }
        #expect(refused > 0 && served > 0, "seed \(random.seed)")
    }

    /// A length that is not there costs nothing.
    @Test func lengthsAreNotBelieved() throws {
        for text in ["*2147483647\r\n", "*1\r\n$999999999999999999\r\nGET\r\n", "*3\r\n$1000000000000\r\n"] {
            let server = try Self.start(Self.set + text)
            try server.expect(["GET k": "v"])
        }
    }

    @Test func onlyChangesAreExecuted() throws {
        let server = try Self.start("*1\r\n$8\r\nSHUTDOWN\r\n*2\r\n$4\r\nPING\r\n$1\r\nx\r\n" + Self.set)
        try server.expect(["GET k": "v"])
    }

    @Test func aTruncatedFileInTheMiddleIsRefused() throws {
        let files = MemoryFileSystem()
        files.set(Self.directory + "a.aof", to: Array(Self.set.utf8.dropLast(3)))
        files.set(Self.directory + "b.aof", to: Array(Self.set.utf8))
        let manifest = "file a.aof seq 1 type i\nfile b.aof seq 2 type i\n"
        files.set(Self.directory + "appendonly.aof.manifest", to: Array(manifest.utf8))
        #expect(throws: StartError.self) { try Self.server(files) }
        // With nothing behind it, nothing is lost.
        files.set(Self.directory + "b.aof", to: [])
        try Self.server(files).expect(["GET k": .null, "SET k 1": .ok])
    }
}
