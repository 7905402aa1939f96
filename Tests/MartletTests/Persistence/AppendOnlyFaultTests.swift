// The append only file on a disk that fails, and on one whose power is cut: what comes back is the state after some
// number of the requests, and no request that was acknowledged under `always` is missing.

import Synchronization
import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct AppendOnlyFaultTests {
    private static func server(_ files: MemoryFileSystem, _ policy: SyncPolicy = .always) throws -> TestServer {
        try AppendOnlyFileTests.server(files) { $0.appendfsync = policy }
    }

    /// A server that never writes, which tells what each number of requests leads to.
    private static func digests(of lines: [String]) throws -> [RESPValue] {
        let model = try TestServer()
        var digests = [try model.run("DEBUG DIGEST")]
        for line in lines {
            try model.run(line)
            digests.append(try model.run("DEBUG DIGEST"))
        }
        return digests
    }

    /// Runs the workload until something is not acknowledged; returns how many requests were, and how many may have
    /// been executed.
    private static func run(_ lines: [String], _ files: MemoryFileSystem) -> (acknowledged: Int, executed: Int) {
        guard let server = try? Self.server(files) else { return (0, 0) }
        var acknowledged = 0
        for line in lines {
            guard let reply = try? server.run(line), !reply.isFailure else { break }
            acknowledged += 1
            server.runDueWork()
            // Its steps fall in the same place every time then.
            if line == "BGREWRITEAOF" { _ = try? server.rewriteEnds() }
        }
        return (acknowledged, min(lines.count, acknowledged + 1))
    }

    private static let workload: [String] = {
        var random = SeededRandom(seed: 7)
        var lines: [String] = []
        while lines.count < 24 {
            let line = RandomWrites.line(&random)
            // No chance, no time, and nothing that may be refused: the model does the same.
            if ["SPOP", "PX", "EXPIRE", "MULTI", "EXEC", "RENAME", "SELECT", "SWAPDB", "KEEPTTL"].contains(
                where: line.contains)
            {
                continue
            }
            guard let model = try? TestServer() else { return [] }
            if lines.contains(where: { (try? model.run($0).isFailure) ?? true }) { return [] }
            if (try? model.run(line).isFailure) ?? true { continue }
            lines.append(line)
            if lines.count == 12 { lines.append("BGREWRITEAOF") }
        }
        return lines
    }()

    @Test(arguments: [ENOSPC, EIO])
    func everyStepMayFail(errno: Int32) throws {
        let lines = Self.workload
        #expect(lines.count >= 24)
        let digests = try Self.digests(of: lines)
        let untouched = MemoryFileSystem()
        _ = Self.run(lines, untouched)
        #expect(untouched.calls > 40)
        for isLasting in [false, true] {
            for call in 1...(untouched.calls + 10) {
                let files = MemoryFileSystem()
                files.fail(at: call, with: errno, lasting: isLasting)
                let (acknowledged, executed) = Self.run(lines, files)
                files.fail(at: nil)
                let server = try Self.server(files)
                let digest = try server.run("DEBUG DIGEST")
                #expect(
                    digests[acknowledged...executed].contains(digest),
                    "call \(call), lasting \(isLasting): \(acknowledged) acknowledged")
                try server.expect(["SET afterwards 1": .ok, "DEBUG LOADAOF": .ok, "GET afterwards": "1"])
            }
        }
    }

    /// The power is cut after a random number of steps; what was not synced may be there, torn, or not at all.
    @Test func thePowerMayBeCut() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let lines = Self.workload
        let digests = try Self.digests(of: lines)
        for _ in 0..<300 {
            let files = MemoryFileSystem()
            files.fail(at: 1 + random.below(140), with: EIO, lasting: true)
            let (acknowledged, executed) = Self.run(lines, files)
            let disk = files.cutPower(&random)
            let server = try Self.server(disk)
            let digest = try server.run("DEBUG DIGEST")
            #expect(digests[acknowledged...executed].contains(digest), "\(acknowledged) acknowledged")
        }
    }

    /// Without a sync for each request any number of the last ones may be missing, but none in between.
    @Test(arguments: [SyncPolicy.everySecond, .never])
    func whatIsLeftIsAPrefix(policy: SyncPolicy) throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        let lines = Self.workload.filter { $0 != "BGREWRITEAOF" }
        let digests = try Self.digests(of: lines)
        for _ in 0..<100 {
            let files = MemoryFileSystem()
            let server = try Self.server(files, policy)
            let count = random.below(lines.count + 1)
            for line in lines.prefix(count) {
                try server.run(line)
                if random.below(3) == 0 { server.advance(milliseconds: Int64(random.below(1500))) }
                server.runDueWork()
            }
            let disk = files.cutPower(&random)
            let digest = try Self.server(disk, policy).run("DEBUG DIGEST")
            #expect(digests[...count].contains(digest))
        }
    }

    // MARK: What clients see

    @Test func afterAFailedWriteNothingIsPromisedUntilItSucceeds() throws {
        let files = MemoryFileSystem()
        let server = try AppendOnlyFileTests.server(files) { $0.appendfsync = .never }
        try server.expect(["SET a 1": .ok])
        files.fail(at: 1, with: ENOSPC, lasting: true)
        try server.expect(["SET b 2": .ok])
        let refusal = RESPValue.error("MISCONF Errors writing to the AOF file: No space left on device")
        try server.expect(["SET c 3": refusal, "GET b": "2"])
        #expect(try server.run("INFO persistence").string?.contains("aof_last_write_status:err") == true)
        files.fail(at: nil)
        server.runDueWork()
        try server.expect(["SET d 4": .ok, "DEBUG LOADAOF": .ok, "GET b": "2", "GET d": "4"])
        #expect(try server.run("INFO persistence").string?.contains("aof_last_write_status:ok") == true)
    }

    @Test func underAlwaysAFailedWriteIsNotAcknowledged() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        try server.expect(["SET a 1": .ok])
        files.fail(at: 1, with: ENOSPC, lasting: true)
        #expect(try server.run("SET b 2") == .error(ReplyError.changeNotSaved.text))
        try server.expect(["SET c 3": .error("MISCONF Errors writing to the AOF file: No space left on device")])
        try server.expect(["GET a": "1"])
        files.fail(at: nil)
        server.runDueWork()
        try server.expect(["SET d 4": .ok, "DEBUG LOADAOF": .ok, "GET b": "2", "GET d": "4"])
    }

    /// A message tells of what was done before it, and who hears it may act on that. Over a socket: in process a change
    /// is on disk before its command returns.
    @Test func aMessageLeavesWhenWhatWasDoneIsOnDisk() throws {
        let files = MemoryFileSystem()
        let server = try ListeningServer { options in
            options.fileSystem = files
            options.configuration.dir = "/data"
            options.configuration.appendonly = true
            options.configuration.appendfsync = .always
        }
        let onDisk = Mutex<[Bool]>([])
        let witness = server.inspect { network in
            let witness = WitnessTransport(network.server) {
                let log = files.synced("/data/appendonlydir/appendonly.aof.1.incr.aof")
                onDisk.withLock { $0.append(String(decoding: log, as: UTF8.self).contains("secret")) }
            }
            network.server.pubSub.subscribe(witness.session, to: Array("news".utf8), .channel)
            return witness
        }
        let client = try server.client()
        try client.send("SET secret 1\r\nPUBLISH news told\r\n")
        #expect(try client.reply() == .ok)
        #expect(try client.reply() == 1)
        // Messages go out behind the replies of their turn: the next one's reply comes when they have.
        try client.send("PING\r\n")
        #expect(try client.reply() == .simpleString("PONG"))
        #expect(onDisk.withLock { $0 } == [true])
        server.inspect { _ in witness.session.detach() }
    }

    /// A sync that failed is not tried again as if nothing had happened: the file is written anew.
    @Test func afterAFailedSyncTheFileIsRewritten() throws {
        let files = MemoryFileSystem()
        let server = try Self.server(files)
        try server.expect(["SET a 1": .ok])
        files.fail(at: 2, with: EIO)
        #expect(try server.run("SET b 2") == .error(ReplyError.changeNotSaved.text))
        try server.expect(["SET c 3": .error("MISCONF Errors writing to the AOF file: Input/output error")])
        #expect(try server.rewriteEnds())
        try server.expect(["SET d 4": .ok])
        #expect(files.files["/data/appendonlydir/appendonly.aof.2.base.rdb"] != nil)
        var random = SeededRandom(seed: 1)
        let again = try Self.server(files.cutPower(&random))
        try again.expect(["GET a": "1", "GET b": "2", "GET c": .null, "GET d": "4"])
    }

    /// A write that would wait for a sync is put off, but no longer than two seconds.
    @Test func aBusyDiskIsWaitedForAWhile() throws {
        let files = MemoryFileSystem()
        let server = try AppendOnlyFileTests.server(files)
        func delayed() throws -> String? {
            try server.run("INFO persistence").string?.split(separator: "\r\n").first {
                $0.hasPrefix("aof_delayed_fsync")
            }.map(String.init)
        }
        let written = { files.files["/data/appendonlydir/appendonly.aof.1.incr.aof"]?.count ?? 0 }
        try files.whileBusy {
            try server.expect(["SET a 1": .ok])
            let before = written()
            try server.expect(["SET b 2": .ok])
            #expect(written() == before)
            #expect(try delayed() == "aof_delayed_fsync:0")
            server.advance(milliseconds: 2100)
            try server.expect(["SET c 3": .ok])
            #expect(written() > before)
            server.runDueWork()
            #expect(try delayed() == "aof_delayed_fsync:1")
        }
        try server.expect(["DEBUG LOADAOF": .ok, "GET b": "2", "GET c": "3"])
    }

    /// After three failures in a row none begins by itself for a minute; one that is asked for does.
    @Test func aRewriteThatFailsAgainAndAgainWaits() throws {
        let files = MemoryFileSystem()
        let server = try AppendOnlyFileTests.server(files) {
            $0.appendfsync = .always
            $0.autoAOFRewriteMinSize = 1
        }
        func count(_ name: String) throws -> Int {
            let line = try server.run("INFO persistence").string?.split(separator: "\r\n").first {
                $0.hasPrefix(name + ":")
            }
            return Int(line?.drop { $0 != ":" }.dropFirst() ?? "") ?? -1
        }
        files.refuse { $0.contains("temp-rewriteaof") }
        #expect(
            try eventually {
                try server.run("SET k v")
                server.runDueWork()
                return try count("aof_rewrites_consecutive_failures") == 3
            })
        for number in 0..<200 { try server.expect(["SET k \(number)": .ok]) }
        let rewrites = try count("aof_rewrites")
        server.runDueWork()
        #expect(try count("aof_rewrites") == rewrites)
        files.refuse { _ in false }
        server.runDueWork()
        #expect(try count("aof_rewrites") == rewrites)
        server.advance(milliseconds: 61_000)
        server.runDueWork()
        #expect(try server.rewriteEnds())
        #expect(try count("aof_rewrites_consecutive_failures") == 0)
    }

    @Test func aClientWhoseChangeWasNotSavedIsLetGo() throws {
        let files = MemoryFileSystem()
        let server = try ListeningServer {
            $0.fileSystem = files
            $0.configuration.dir = "/data"
            $0.configuration.appendonly = true
            $0.configuration.appendfsync = .always
        }
        let (writer, reader) = (try server.client(), try server.client())
        #expect(try writer.call("SET", "a", "1") == .ok)
        files.fail(at: 1, with: ENOSPC, lasting: true)
        #expect(try reader.call("GET", "a") == "1")
        #expect(throws: ConnectionClosed.self) { try writer.call("SET", "b", "2") }
        #expect(try reader.call("GET", "a") == "1")
    }
}

extension RESPValue {
    fileprivate var isFailure: Bool { if case .error = self { true } else { false } }
}
