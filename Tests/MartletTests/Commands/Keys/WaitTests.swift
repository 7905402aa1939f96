// WAIT, WAITAOF and CLIENT UNBLOCK: what a client waits for, and what becomes of what it sends meanwhile.

import Testing

@testable import Martlet

struct WaitTests {
    private static let noLog: RESPValue =
        .error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
    private static let unblocked: RESPValue = .error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    /// Nothing is synced by itself.
    private static func unsynced(_ files: MemoryFileSystem = MemoryFileSystem()) throws -> ListeningServer {
        try ListeningServer {
            $0.fileSystem = files
            $0.configuration.dir = "/data"
            $0.configuration.appendonly = true
            $0.configuration.appendfsync = .never
        }
    }

    /// The client's id, once it waits.
    private func waitUntilBlocked(_ server: ListeningServer, _ count: Int = 1) -> Bool {
        eventually { server.inspect { $0.server.blocked.count } == count }
    }

    @Test func argumentsAreChecked() throws {
        let server = try TestServer()
        try server.expect([
            "WAIT 0 0": 0, "WAIT -1 0": 0,
            "WAIT a 0": .error("ERR value is not an integer or out of range"),
            "WAIT 1 a": .error("ERR timeout is not an integer or out of range"),
            "WAIT 1 -1": .error("ERR timeout is negative"),
            "WAIT 1 9223372036854775807": .error("ERR timeout is out of range"),
            "WAITAOF 2 0 0": .error("ERR value is out of range, value must between 0 and 1"),
            "WAITAOF -1 0 0": .error("ERR value is out of range, value must between 0 and 1"),
            "WAITAOF 0 -1 0": .error("ERR value is out of range, must be positive"),
            "WAITAOF 0 0 -1": .error("ERR timeout is negative"),
            "WAITAOF 1 0 0": Self.noLog, "WAITAOF 0 0 0": [0, 0],
            "CLIENT UNBLOCK a": .error("ERR value is not an integer or out of range"),
            "CLIENT UNBLOCK 1 SOON": .error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
            "CLIENT UNBLOCK 99": 0, "CLIENT UNBLOCK 1": 0,
        ])
    }

    /// Also within the second for which a sync could wait.
    @Test(arguments: [SyncPolicy.always, .everySecond])
    func whatWasWrittenGetsToTheDisk(policy: SyncPolicy) throws {
        let files = MemoryFileSystem()
        let server = try ListeningServer {
            $0.clock = ManualClock(wallMilliseconds: TestServer.start)
            $0.fileSystem = files
            $0.configuration.dir = "/data"
            $0.configuration.appendonly = true
            $0.configuration.appendfsync = policy
        }
        let client = try server.client()
        #expect(try client.call("WAITAOF", "1", "0", "0") == [1, 0])
        for number in 0..<3 {
            #expect(try client.call("SET", "k", "\(number)") == .ok)
            #expect(try client.call("WAITAOF", "1", "0", "0") == [1, 0])
            let log = files.synced("/data/appendonlydir/appendonly.aof.1.incr.aof")
            #expect(String(decoding: log, as: UTF8.self).hasSuffix("\(number)\r\n"))
        }
        #expect(try client.call("MULTI") == .ok)
        #expect(try client.call("SET", "k", "v") == .simpleString("QUEUED"))
        #expect(try client.call("WAITAOF", "0", "1", "0") == .simpleString("QUEUED"))
        #expect(try client.call("WAIT", "1", "0") == .simpleString("QUEUED"))
        #expect(try client.call("EXEC") == [.ok, [0, 0], 0])
    }

    @Test func patienceEnds() throws {
        let server = try Self.unsynced()
        let client = try server.client()
        #expect(try client.call("WAIT", "1", "20") == 0)
        #expect(try client.call("WAITAOF", "1", "0", "20") == [1, 0])
        #expect(try client.call("SET", "k", "v") == .ok)
        #expect(try client.call("WAITAOF", "1", "0", "20") == [0, 0])
        #expect(try client.call("WAITAOF", "0", "1", "20") == [0, 0])
        #expect(try client.call("CONFIG", "SET", "appendfsync", "always") == .ok)
        #expect(try client.call("SET", "k", "w") == .ok)
        #expect(try client.call("WAITAOF", "1", "0", "0") == [1, 0])
        #expect(try client.call("WAITAOF", "1", "1", "20") == [1, 0])
    }

    @Test func turningTheLogOffEndsTheWait() throws {
        let server = try Self.unsynced()
        let (client, other) = (try server.client(), try server.client())
        try client.request("SET", "k", "v")
        try client.request("WAITAOF", "1", "0", "0")
        #expect(try client.reply() == .ok)
        #expect(waitUntilBlocked(server))
        #expect(try other.call("CONFIG", "SET", "appendonly", "no") == .ok)
        #expect(try client.reply() == Self.noLog)
        // Everything that was done before is in the base that it begins with.
        #expect(try client.call("SET", "l", "v") == .ok)
        #expect(try other.call("CONFIG", "SET", "appendonly", "yes") == .ok)
        #expect(try client.call("WAITAOF", "1", "0", "0") == [1, 0])
    }

    @Test func anotherClientEndsTheWait() throws {
        let server = try Self.unsynced()
        let (client, other) = (try server.client(), try server.client())
        let id = try client.call("CLIENT", "ID")
        guard case .integer(let number) = id else { throw NoAnswer() }
        #expect(try client.call("SET", "k", "v") == .ok)
        for (reason, reply) in [("ERROR", Self.unblocked), ("TIMEOUT", [0, 0]), ("", [0, 0])] {
            try client.request("WAITAOF", "1", "0", "0")
            #expect(waitUntilBlocked(server))
            #expect(try other.call("INFO", "clients").string?.contains("blocked_clients:1\r\n") == true)
            #expect(try other.call("CLIENT", "LIST", "ID", "\(number)").string?.contains(" flags=b ") == true)
            let reasons = reason.isEmpty ? [] : [reason]
            try other.send(encodedRequest((["CLIENT", "UNBLOCK", "\(number)"] + reasons).map { Array($0.utf8) }))
            #expect(try other.reply() == 1)
            #expect(try client.reply() == reply)
        }
        #expect(try other.call("INFO", "clients").string?.contains("blocked_clients:0\r\n") == true)
    }

    /// What a client sends behind a command that waits is executed afterwards, however it arrived.
    @Test func whatFollowsWaits() throws {
        let server = try Self.unsynced()
        let (client, other) = (try server.client(), try server.client())
        let large = String(repeating: "x", count: 200_000)
        try client.send(
            encodedRequest("SET", "k", "v") + encodedRequest("WAIT", "1", "0") + encodedRequest("INCR", "n")
                + encodedRequest("WAIT", "1", "0")
                + encodedRequest("INCR", "n") + encodedRequest("SET", "l", large).prefix(70_000))
        #expect(try client.reply() == .ok)
        #expect(waitUntilBlocked(server))
        try client.send(Array(encodedRequest("SET", "l", large).dropFirst(70_000)))
        try client.send("INCR n\r\n")
        #expect(try other.call("GET", "n") == .null)
        for expected in 1...2 {
            let sessions = server.inspect { network in
                network.server.clients.all.filter(\.isBlocked).map(\.id)
            }
            let id = try #require(sessions.first)
            #expect(try other.call("CLIENT", "UNBLOCK", "\(id)") == 1)
            #expect(try client.reply() == 0)
            #expect(try client.reply() == .integer(Int64(expected)))
            if expected == 1 { #expect(waitUntilBlocked(server)) }
        }
        #expect(try client.reply() == .ok)
        #expect(try client.reply() == 3)
        #expect(try other.call("STRLEN", "l") == 200_000)
    }

    @Test func anErrorBehindAWaitComesBehindIt() throws {
        let server = try ListeningServer()
        let client = try server.client()
        try client.send("WAIT 1 50\r\nSET k v\r\n*1\r\nx\r\n")
        #expect(try client.rest() == ":0\r\n+OK\r\n-ERR Protocol error: expected '$', got 'x'\r\n")
    }

    @Test func aSilentClientHearsNothing() throws {
        let server = try ListeningServer()
        let client = try server.client()
        try client.send(
            "CLIENT REPLY SKIP\r\nWAIT 1 20\r\nPING\r\nCLIENT REPLY OFF\r\nWAIT 1 20\r\nCLIENT REPLY ON\r\n")
        #expect(try client.reply() == .simpleString("PONG"))
        #expect(try client.reply() == .ok)
    }

    @Test func whoeverLeavesIsForgotten() throws {
        let server = try ListeningServer()
        let client = try server.client()
        try client.send("WAIT 1 0\r\nSET k v\r\n")
        #expect(waitUntilBlocked(server))
        client.close()
        #expect(waitUntilBlocked(server, 0))
        #expect(try server.client().call("EXISTS", "k") == 0)
    }

    /// In process, requests queue up behind the one that waits.
    @Test func inProcessToo() async throws {
        let server = try TestServer()
        let connection = server.connection
        async let first = connection.send("WAIT", "1", "1000")
        #expect(await soon { server.blockedCount == 1 })
        async let second = connection.send("INCR", "n")
        #expect(try await server.server.connect().send("EXISTS", "n") == 0)
        server.advance(milliseconds: 999)
        server.runDueWork()
        #expect(server.blockedCount == 1)
        server.advance(milliseconds: 1)
        server.runDueWork()
        let replies = try await [first, second]
        #expect(replies == [0, 1])
    }

    @Test func aStopEndsTheWait() async throws {
        let server = try TestServer()
        let connection = server.connection
        let reply = Task { try await connection.send("WAIT", "1", "0") }
        #expect(await soon { server.blockedCount == 1 })
        await server.server.stop()
        await #expect(throws: ConnectionClosed.self) { try await reply.value }
    }
}

extension TestServer {
    fileprivate var blockedCount: Int {
        let engine = server.engine
        return engine.loop.perform { engine.server.blocked.count }
    }
}

struct BlockedClientsTests {
    private let blocked = BlockedClients()

    private func sessions(_ count: Int) -> [Session] {
        (0..<count).map { Session(id: Int64($0 + 1), monotonicSeconds: 0) }
    }

    @Test func manyComeAndGo() {
        let all = sessions(20_000)
        for session in all { blocked.postpone(session) }
        #expect(blocked.count == all.count && blocked.timedCount == 0)
        #expect(!blocked.unblock(all[0], by: .timeout, savedOffset: nil))
        for session in all.dropLast() { blocked.remove(session) }
        #expect(blocked.count == 1 && !all[0].isBlocked && all[all.count - 1].isBlocked)
        blocked.endPostponements()
        #expect(blocked.isEmpty && all.allSatisfy { !$0.isBlocked })
    }

    /// The one that would have been next may leave before.
    @Test func deadlinesFollowThoseWhoWait() {
        let all = sessions(3)
        for (session, timeout) in zip(all, [10, 20, 30] as [Int64]) {
            blocked.block(session, for: .replicas, timeout: timeout, now: 0)
        }
        #expect(blocked.timedCount == 3 && blocked.earliestDeadline == 10)
        blocked.remove(all[0])
        blocked.serve(savedOffset: nil, now: 10)
        #expect(blocked.count == 2 && blocked.earliestDeadline == 20)
        blocked.serve(savedOffset: nil, now: 20)
        #expect(!all[1].isBlocked && all[2].isBlocked && blocked.earliestDeadline == 30)
        #expect(blocked.unblock(all[2], by: .timeout, savedOffset: nil))
        #expect(!blocked.unblock(all[2], by: .timeout, savedOffset: nil))
        #expect(blocked.isEmpty && blocked.earliestDeadline == .max)
    }
}
