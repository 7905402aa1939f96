// What each command is logged as: the request, or what leads to the same data whenever it is executed again.

import Testing

@testable import Martlet

struct CommandLogTests {
    /// A server that logs, and the file that it logs to.
    final class LoggingServer {
        let files = MemoryFileSystem()
        let server: TestServer

        init(_ change: (inout Configuration) -> Void = { _ in }) throws {
            var configuration = Configuration()
            configuration.dir = "/data"
            configuration.appendonly = true
            // Nothing is put off then.
            configuration.appendfsync = .always
            change(&configuration)
            server = try TestServer(configuration: configuration, fileSystem: files)
        }

        var logged: [UInt8] { files.files["/data/appendonlydir/appendonly.aof.1.incr.aof"] ?? [] }

        /// The commands logged while `body` ran, words parted by blanks.
        func commands(_ body: () throws -> Void) throws -> [String] {
            let before = logged.count
            try body()
            return try Self.commands(Array(logged.dropFirst(before)))
        }

        static func commands(_ bytes: [UInt8]) throws -> [String] {
            var reader = AOFReader(try MemoryFile.holding(bytes))
            var found: [String] = []
            while true {
                switch try reader.next() {
                case .command:
                    reader.withCommand { words in
                        found.append((0..<words.count).map { words.text($0) }.joined(separator: " "))
                    }
                case .note: found.append("note")
                case .end: return found
                case .cut, .malformed: throw Broken()
                }
            }
        }
    }

    struct Broken: Error {}

    private static let start = TestServer.start

    @Test(arguments: [
        (["SET k v"], ["SET k v"]),
        (["SET k v EX 10"], ["SET k v PXAT \(start + 10000)"]),
        (["SET k v NX GET PX 10"], ["SET k v PXAT \(start + 10)"]),
        (["SET k v XX"], []),
        (["SET k v GET"], ["SET k v"]),
        (["SET k v KEEPTTL"], ["SET k v KEEPTTL"]),
        (["SETEX k 10 v"], ["SET k v PXAT \(start + 10000)"]),
        (["PSETEX k 10 v"], ["SET k v PXAT \(start + 10)"]),
        (["GETSET k v"], ["SET k v"]),
        (["SET k v", "GETDEL k"], ["SET k v", "DEL k"]),
        (["SET k v", "GETEX k"], ["SET k v"]),
        (["SET k v", "GETEX k EX 1"], ["SET k v", "PEXPIREAT k \(start + 1000)"]),
        (["SET k v", "GETEX k PERSIST"], ["SET k v"]),
        (["SET k v PX 5", "GETEX k PERSIST"], ["SET k v PXAT \(start + 5)", "PERSIST k"]),
        (["SET k v", "GETEX k PXAT 1"], ["SET k v", "DEL k"]),
        (["SET k 1", "INCRBYFLOAT k 0.5"], ["SET k 1", "SET k 1.5 KEEPTTL"]),
        (["SET k v", "EXPIRE k 10"], ["SET k v", "PEXPIREAT k \(start + 10000)"]),
        (["SET k v", "EXPIRE k -1"], ["SET k v", "DEL k"]),
        (["SET k v", "CONFIG SET lazyfree-lazy-expire yes", "EXPIRE k -1"], ["SET k v", "UNLINK k"]),
        (["EXPIRE k 10", "GET k", "DEL k", "SISMEMBER k x"], []),
        (["HINCRBYFLOAT h f 1.5"], ["HSET h f 1.5"]),
        (
            ["HSET h f 1 g 2", "HEXPIRE h 10 FIELDS 2 f x"],
            ["HSET h f 1 g 2", "HPEXPIREAT h \(start + 10000) FIELDS 1 f"]
        ),
        (["HSET h f 1", "HPEXPIREAT h 5 FIELDS 1 f"], ["HSET h f 1", "HDEL h f"]),
        (["HSET h f 1 g 2", "HGETDEL h FIELDS 2 f x"], ["HSET h f 1 g 2", "HDEL h f"]),
        (["HSET h f 1", "HGETEX h PX 7 FIELDS 1 f"], ["HSET h f 1", "HPEXPIREAT h \(start + 7) FIELDS 1 f"]),
        (
            ["HSETEX h PX 7 FIELDS 1 f 1"],
            ["MULTI", "HSET h f 1", "HPEXPIREAT h \(start + 7) FIELDS 1 f", "EXEC"]
        ),
        (["SADD s a", "SPOP s"], ["SADD s a", "SREM s a"]),
        (["SADD s a b", "SPOP s 5"], ["SADD s a b", "DEL s"]),
        (["FLUSHDB", "FLUSHALL"], ["FLUSHDB", "FLUSHALL"]),
        (["MULTI", "SET a 1", "GET a", "SET b 2", "EXEC"], ["MULTI", "SET a 1", "SET b 2", "EXEC"]),
        (["MULTI", "SET a 1", "EXEC"], ["SET a 1"]),
        (["MULTI", "GET a", "EXEC"], []),
        (["MULTI", "SET a 1", "DISCARD"], []),
        (["SELECT 3", "SET k v", "SELECT 0", "SWAPDB 0 3"], ["SELECT 3", "SET k v", "SELECT 0", "SWAPDB 0 3"]),
    ])
    func requestsAreLoggedAs(_ lines: [String], _ logged: [String]) throws {
        let server = try LoggingServer()
        let commands = try server.commands { for line in lines { try server.server.run(line) } }
        // The first command chooses its database.
        #expect((logged.contains("SELECT 0") ? commands : commands.filter { $0 != "SELECT 0" }) == logged)
    }

    /// Redis 7.4 knows no HSETEX.
    @Test func fieldsThatAreSetUnderAConditionAreLoggedAsSet() throws {
        let server = try LoggingServer()
        let commands = try server.commands {
            try server.server.run("HSETEX h FNX FIELDS 2 f 1 g 2")
            try server.server.run("HPEXPIRE h 7 FIELDS 1 f")
            try server.server.run("HSETEX h FXX KEEPTTL FIELDS 2 f 3 g 4")
        }
        let deadline = "HPEXPIREAT h \(TestServer.start + 7) FIELDS 1 f"
        #expect(
            commands.filter { $0 != "SELECT 0" } == [
                "HSET h f 1 g 2", deadline, "MULTI", "HSET h f 3 g 4", deadline, "EXEC",
            ])
    }

    /// A key that is made or grows has changed, although no value could be written.
    @Test func bitfieldsThatOnlyGrow() throws {
        let server = try LoggingServer()
        let lines = [
            "BITFIELD k OVERFLOW FAIL SET u8 0 300", "BITFIELD k OVERFLOW FAIL SET u8 100 300",
            "BITFIELD k OVERFLOW FAIL SET u8 0 300",
        ]
        let commands = try server.commands { for line in lines { try server.server.run(line) } }
        #expect(commands.filter { $0 != "SELECT 0" } == Array(lines.prefix(2)))
        try server.server.expect(["STRLEN k": 14])
    }

    @Test func timesThatAreOver() throws {
        let server = try LoggingServer()
        try server.server.run("SET k v PX 5")
        try server.server.run("HSET h f 1 g 2")
        try server.server.run("HPEXPIRE h 5 FIELDS 1 f")
        server.server.advance(milliseconds: 100)
        let commands = try server.commands {
            try server.server.run("HINCRBY h f 3")
            // Active expiry was first here.
            try server.server.run("SET k w")
        }
        #expect(commands == ["MULTI", "HDEL h f", "HINCRBY h f 3", "EXEC", "DEL k", "SET k w"])
        try server.server.run("SET other v PX 5")
        server.server.advance(milliseconds: 100)
        #expect(try server.commands { server.server.runDueWork() } == ["DEL other"])
    }

    @Test func noSelectIsMissingAfterASwitchOfFiles() throws {
        let server = try LoggingServer()
        try server.server.run("SET a 1")
        try server.server.run("BGREWRITEAOF")
        #expect(try server.server.rewriteEnds())
        try server.server.run("SET b 2")
        let second = server.files.files["/data/appendonlydir/appendonly.aof.2.incr.aof"] ?? []
        #expect(try LoggingServer.commands(second) == ["SELECT 0", "SET b 2"])
    }

    @Test func timesAreNoted() throws {
        let server = try LoggingServer { $0.aofTimestampEnabled = true }
        try server.server.run("SET a 1")
        try server.server.run("SET a 2")
        server.server.advance(milliseconds: 1000)
        try server.server.run("SET a 3")
        #expect(
            try LoggingServer.commands(server.logged)
                == ["note", "SELECT 0", "SET a 1", "SET a 2", "note", "SET a 3"])
        #expect(String(decoding: server.logged.prefix(16), as: UTF8.self) == "#TS:\(Self.start / 1000)\r\n")
    }
}

extension TestServer {
    /// Waits for a rewrite of the append only file; true when it succeeded.
    func rewriteEnds() throws -> Bool {
        let isOver = try eventually {
            runDueWork()
            let info = try run("INFO persistence").string ?? ""
            // After three failures the next attempt would have to wait for the clock.
            let isGivenUp = info.contains("aof_rewrites_consecutive_failures:3")
            return info.contains("aof_rewrite_in_progress:0")
                && (isGivenUp || info.contains("aof_rewrite_scheduled:0"))
        }
        return try isOver && run("INFO persistence").string?.contains("aof_last_bgrewrite_status:ok") ?? false
    }
}
