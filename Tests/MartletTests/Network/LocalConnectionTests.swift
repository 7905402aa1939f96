// In-process connections from threads and tasks, beside busy sockets, across a stop.

import Dispatch
import Synchronization
import Testing

@testable import Martlet

struct LocalConnectionTests {
    @Test func typesAreThoseOfRESP3() throws {
        var options = StartOptions()
        options.clock = ManualClock(wallMilliseconds: TestServer.start)
        let server = try MartletServer(options)
        let connection = try server.connect()
        #expect(try connection.send("SET", "k", [0, 255, 13, 10]) == .ok)
        #expect(try connection.send("GET", "k") == .bulkString([0, 255, 13, 10]))
        #expect(try connection.send("GET", "none") == .null)
        #expect(try connection.send("STRLEN", "k") == 4)
        #expect(try connection.send("NOSUCH") == .error("ERR unknown command 'NOSUCH', with args beginning with: "))
        #expect(try connection.send("SET", "n", 42, "EX", 100) == .ok)
        #expect(try connection.send("GET", "n").string == "42")
        #expect(try connection.send("TTL", "n").integer == 100)
        server.stop()
    }

    @Test func sessionsAreTheirOwn() throws {
        let server = try MartletServer()
        let (one, other) = (try server.connect(), try server.connect())
        #expect(try one.send("SELECT", 3) == .ok)
        #expect(try one.send("SET", "k", "v") == .ok)
        #expect(try other.send("GET", "k") == .null)
        #expect(try one.send("HELLO", 2).elements?.count == 14)
        #expect(try one.send("GET", "k") == "v")
        server.stop()
    }

    @Test func largeValuesPass() throws {
        let server = try MartletServer()
        let connection = try server.connect()
        for size in [0, 1, 4096, 16_383, 16_384, 100_000, 5_000_000] {
            let value = [UInt8](repeating: 7, count: size)
            #expect(try connection.send("SET", "k", value) == .ok)
            #expect(try connection.send("GET", "k") == .bulkString(value))
        }
        server.stop()
    }

    @Test func quitClosesThisConnectionOnly() throws {
        let server = try MartletServer()
        let (one, other) = (try server.connect(), try server.connect())
        #expect(try one.send("QUIT") == .ok)
        #expect(throws: ConnectionClosed.self) { try one.send("PING") }
        #expect(try other.send("PING") == .simpleString("PONG"))
        let engine = server.engine
        #expect(engine.loop.perform { engine.server.clients.count } == 1)
        server.stop()
    }

    @Test func droppedConnectionsAreForgotten() throws {
        let server = try MartletServer()
        let stays = try server.connect()
        for _ in 0..<100 { #expect(try server.connect().send("PING") == .simpleString("PONG")) }
        let engine = server.engine
        #expect(eventually { engine.loop.perform { engine.server.clients.count } == 1 })
        #expect(try stays.send("PING") == .simpleString("PONG"))
        server.stop()
    }

    @Test func nothingIsAnsweredAfterStop() async throws {
        let server = try MartletServer()
        let connection = try server.connect()
        await server.stop()
        #expect(throws: ConnectionClosed.self) { try connection.send("PING") as RESPValue }
        await #expect(throws: ConnectionClosed.self) { try await connection.send("PING") }
        #expect(throws: ConnectionClosed.self) { try server.connect() }
    }

    /// INCR counts every call exactly once, whoever makes it and however the loop is entered.
    @Test func threadsTasksAndSocketsAtOnce() async throws {
        let server = try ListeningServer()
        let shared = try server.server.connect()
        let (threads, tasks, calls) = (4, 8, 2000)
        let busy = try server.client()
        let pipelines = 50
        let pipeline = Array(repeatElement(encodedRequest("INCR", "counter"), count: 1000).joined())
        let group = DispatchGroup()
        for _ in 0..<threads {
            DispatchQueue.global().async(group: group) {
                for _ in 0..<calls { _ = try? shared.send("INCR", "counter") }
            }
        }
        await withTaskGroup(of: Void.self) { tasksGroup in
            for _ in 0..<tasks {
                tasksGroup.addTask { for _ in 0..<calls { _ = try? await shared.send("INCR", "counter") } }
            }
            for _ in 0..<pipelines {
                try? busy.send(pipeline)
                for _ in 0..<1000 { _ = try? busy.reply() }
            }
        }
        await withCheckedContinuation { continuation in group.notify(queue: .global()) { continuation.resume() } }
        let total = Int64((threads + tasks) * calls + pipelines * 1000)
        #expect(try await shared.send("GET", "counter").string == "\(total)")
    }

    @Test func callsThatMeetAStopEnd() async throws {
        for _ in 0..<20 {
            let server = try ListeningServer()
            let connection = try server.server.connect()
            let busy = try server.client()
            try busy.send(Array(repeatElement(encodedRequest("SET", "k", "v"), count: 2000).joined()))
            let group = DispatchGroup()
            for _ in 0..<4 {
                DispatchQueue.global().async(group: group) {
                    // Ends with ConnectionClosed.
                    while (try? connection.send("INCR", "k2")) != nil {}
                }
            }
            await server.server.stop()
            await withCheckedContinuation { continuation in group.notify(queue: .global()) { continuation.resume() } }
        }
    }
}
