// MULTI, EXEC, DISCARD, WATCH: what is queued, what aborts, what a watch sees.

import Testing

@testable import Martlet

struct TransactionTests {
    private static let queued = RESPValue.simpleString("QUEUED")
    private static let aborted = RESPValue.error("EXECABORT Transaction discarded because of previous errors.")

    @Test func commandsWaitForExec() throws {
        let server = try TestServer()
        let other = try server.client()
        try server.expect(["MULTI": .ok, "SET k 1": Self.queued, "INCR k": Self.queued, "GET k": Self.queued])
        #expect(try other.run("EXISTS k") == 0)
        #expect(try server.run("EXEC") == [.ok, 2, "2"])
        #expect(try other.run("GET k") == "2")
        #expect(try server.run("EXEC") == .error("ERR EXEC without MULTI"))
    }

    /// All of it is done, also when the client is gone before its end.
    @Test func aClientThatEndsItselfHasDoneAll() throws {
        let server = try TestServer()
        let client = try server.client()
        let id = try client.run("CLIENT ID").integer ?? 0
        for line in ["MULTI", "SET a 1", "CLIENT KILL ID \(id) SKIPME no", "SET b 1"] { try client.run(line) }
        _ = try? client.run("EXEC")
        #expect(throws: ConnectionClosed.self) { try client.run("PING") }
        try server.expect(["EXISTS a b": 2])
    }

    @Test func errorsWhileQueueingAbort() throws {
        let server = try TestServer()
        for line in ["NOSUCH", "GET", "CONFIG NOSUCH"] {
            #expect(try server.run("MULTI") == .ok)
            #expect(try server.run("SET k v") == Self.queued)
            let refusal = try server.run(line)
            guard case .error = refusal else {
                Issue.record("\(line) gave \(refusal)")
                continue
            }
            #expect(try server.run("EXEC") == Self.aborted)
            #expect(try server.run("EXISTS k") == 0)
        }
    }

    @Test func errorsWhileRunningDoNot() throws {
        let server = try TestServer()
        try server.run("SET s text")
        try server.expect(["MULTI": .ok, "INCR s": Self.queued, "HSET s f v": Self.queued, "SET t v": Self.queued])
        #expect(
            try server.run("EXEC") == [.error("ERR value is not an integer or out of range"), .wrongType, .ok])
    }

    @Test func whatMultiRefuses() throws {
        let server = try TestServer()
        try server.expect([
            "DISCARD": .error("ERR DISCARD without MULTI"), "MULTI": .ok,
            "MULTI": .error("ERR MULTI calls can not be nested"),
            "WATCH k": .error("ERR WATCH inside MULTI is not allowed"), "SET k v": Self.queued, "DISCARD": .ok,
            "EXISTS k": 0,
            // Neither of the two errors aborts a transaction, as in Redis; a command that may not be in one does.
            "MULTI": .ok, "SHUTDOWN": .error("ERR Command not allowed inside a transaction"), "EXEC": Self.aborted,
        ])
    }

    @Test func aRefusedExecEndsTheTransaction() throws {
        let server = try TestServer()
        try server.expect([
            "MULTI": .ok, "SET k v": Self.queued,
            "EXEC now": .error(
                "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"),
            "EXISTS k": 0, "EXEC": .error("ERR EXEC without MULTI"),
        ])
    }

    @Test func anEmptyTransactionAndReset() throws {
        let server = try TestServer()
        try server.expect(["MULTI": .ok, "EXEC": [], "MULTI": .ok, "SET k v": Self.queued])
        #expect(try server.run("RESET") == .simpleString("RESET"))
        try server.expect(["GET k": .null, "EXEC": .error("ERR EXEC without MULTI")])
    }

    @Test func largeArgumentsWaitToo() throws {
        let server = try TestServer()
        let large = [UInt8](repeating: 9, count: 300_000)
        try server.run("MULTI")
        #expect(try server.connection.send("SET", "k", large) == Self.queued)
        #expect(try server.connection.send("GET", "k") == Self.queued)
        #expect(try server.run("EXEC") == [.ok, .bulkString(large)])
    }

    /// Of a command the queue keeps its words and a number.
    @Test func theQueueCountsWhatItTakes() {
        let transaction = Transaction()
        var requests = RequestQueue()
        withArguments(["SET", "key", "value"]) { arguments in
            for _ in 0..<10_000 {
                transaction.append(CommandID(index: 1), [], arguments)
                requests.append(arguments)
            }
        }
        let numbers = transaction.memoryBytes - requests.memoryBytes
        #expect(numbers >= 8 * 10_000 && numbers < 8 * 25_000)
    }

    @Test func aResetSelectsForTheRestOfTheTransaction() throws {
        let server = try TestServer()
        try server.expect([
            "MULTI": .ok, "SELECT 3": Self.queued, "SET k v": Self.queued, "EXEC": [.ok, .ok], "GET k": "v",
            "SELECT 0": .ok, "GET k": .null,
        ])
    }

    // MARK: WATCH

    /// What another client does to the watched keys k (which holds 1) and none, and whether EXEC goes ahead.
    @Test(arguments: [
        ("GET k", true), ("SET k 1", false), ("SET other 1", true), ("DEL k", false), ("DEL none", true),
        ("SET none 1", false), ("EXPIRE k 100", false), ("PERSIST k", true), ("FLUSHALL", false), ("FLUSHDB", false),
        ("SWAPDB 0 1", false), ("SWAPDB 2 3", true), ("SWAPDB 0 0", true), ("MOVE k 1", false), ("RENAME k j", false),
        ("COPY k none", false),
        ("APPEND k x", false), ("SETNX k 2", true), ("HSET none f v", false), ("SADD none m", false),
        ("TOUCH k", true), ("OBJECT ENCODING k", true), ("GETEX k", true), ("GETDEL k", false), ("SETBIT k 1 1", false),
    ])
    func watchSees(line: String, goesAhead: Bool) throws {
        let server = try TestServer()
        let other = try server.client()
        try server.run("SET k 1")
        try server.expect(["WATCH k none": .ok, "MULTI": .ok, "PING": Self.queued])
        try other.run(line)
        #expect(try server.run("EXEC") == (goesAhead ? [.simpleString("PONG")] : .null), "\(line)")
        // The watch is over.
        try other.run("SET k 5")
        try server.expect(["MULTI": .ok, "PING": Self.queued, "EXEC": [.simpleString("PONG")]])
    }

    @Test func watchSeesExpiry() throws {
        let server = try TestServer()
        try server.run("SET k v PX 10")
        try server.expect(["WATCH k": .ok, "MULTI": .ok, "PING": Self.queued])
        server.advance(milliseconds: 20)
        #expect(try server.run("EXEC") == .null)
        // A key that was over before is no change when it is removed.
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET k v PX 10": .ok])
        server.advance(milliseconds: 20)
        try server.expect(["WATCH k": .ok, "MULTI": .ok, "PING": Self.queued])
        #expect(try server.run("EXEC") == [.simpleString("PONG")])
    }

    @Test func watchSeesFieldsExpire() throws {
        let server = try TestServer()
        try server.run("HSET h a 1 b 2")
        try server.run("HPEXPIRE h 10 FIELDS 1 a")
        try server.expect(["WATCH h": .ok, "MULTI": .ok, "PING": Self.queued])
        server.advance(milliseconds: 20)
        server.runDueWork()
        #expect(try server.run("EXEC") == .null)
    }

    @Test func unwatchAndDiscardForget() throws {
        let server = try TestServer()
        let other = try server.client()
        for line in ["UNWATCH", "MULTI\nDISCARD", "RESET"] {
            try server.run("WATCH k")
            try other.run("SET k v")
            for part in line.split(separator: "\n") { try server.run(String(part)) }
            try server.expect(["MULTI": .ok, "PING": Self.queued, "EXEC": [.simpleString("PONG")]])
        }
        #expect(server.inspect { $0.watches.isEmpty })
    }

    @Test func aClosedConnectionWatchesNothing() throws {
        let server = try TestServer()
        do {
            let other = try server.client()
            try other.run("WATCH k")
            #expect(server.inspect { !$0.watches.isEmpty })
            try other.run("QUIT")
        }
        #expect(server.inspect { $0.watches.isEmpty && !$0.keyspace.value.journal.wantsTouches })
    }

    /// The retry loop that every client library has: of two writers that meet, both get their turn.
    @Test func optimisticLockingCountsRight() throws {
        let server = try TestServer()
        let clients = try (0..<3).map { _ in try server.client() }
        var dice = SeededRandom(seed: 7)
        try server.run("SET n 0")
        var steps = [Int](repeating: 0, count: clients.count)
        var seen = [Int64](repeating: 0, count: clients.count)
        var successes: Int64 = 0
        for _ in 0..<600 {
            let who = dice.below(clients.count)
            switch steps[who] {
            case 0: try clients[who].run("WATCH n")
            case 1: seen[who] = Int64(try clients[who].run("GET n").string ?? "") ?? -1
            case 2:
                try clients[who].run("MULTI")
                try clients[who].run("SET n \(seen[who] + 1)")
            default: if try clients[who].run("EXEC") != .null { successes += 1 }
            }
            steps[who] = (steps[who] + 1) % 4
        }
        #expect(try server.run("GET n").string == "\(successes)")
        #expect(successes > 20)
    }
}

struct WatchRegistryTests {
    private let registry = WatchRegistry()
    private let session = Session(id: 1, monotonicSeconds: 0)
    private let other = Session(id: 2, monotonicSeconds: 0)

    private func key(_ number: Int, in database: Int = 0) -> DatabaseKey {
        DatabaseKey(database: database, key: Array("key:\(number)".utf8))
    }

    @Test func whatIsReplacedTouchesASessionOnce() {
        for number in 0..<20_000 { registry.watch(key(number), existed: false, by: session) }
        registry.watch(key(0), existed: false, by: session)
        registry.watch(key(0, in: 1), existed: true, by: other)
        #expect(registry.count == 20_001 && session.watches.count == 20_000)
        var asked = 0
        func replace(_ database: Int, exists: Bool) {
            registry.replaced(database) { _ in
                asked += 1
                return exists
            }
        }
        replace(0, exists: false)
        #expect(asked == 20_000 && !session.isTouched)
        replace(0, exists: true)
        #expect(asked == 20_001 && session.isTouched && !other.isTouched)
        replace(0, exists: true)
        #expect(asked == 20_001)
        // Whoever saw a key that is gone, or another one now, need not be asked about it.
        replace(1, exists: false)
        #expect(asked == 20_001 && other.isTouched)
        registry.unwatchAll(session)
        #expect(registry.count == 1 && !session.isTouched && session.watchMemory == 0)
    }

    @Test func expiryTouchesWhoSawTheKeyAlive() {
        registry.watch(key(1), existed: true, by: session)
        registry.watch(key(1), existed: false, by: other)
        registry.touched(key(1).key.span, in: 0, byTime: true)
        #expect(session.isTouched && !other.isTouched)
        registry.touched(key(1).key.span, in: 0, byTime: false)
        #expect(other.isTouched)
    }
}
