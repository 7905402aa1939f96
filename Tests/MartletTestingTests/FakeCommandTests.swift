// The command FAKE: the same controls for tests in other languages.

import Martlet
import MartletTesting
import Testing

struct FakeCommandTests {
    private func send(_ connection: LocalConnection, _ line: String) throws -> RESPValue {
        try connection.send(line.split(separator: " ").map(String.init))
    }

    @Test func isOffUnlessOffered() throws {
        let fake = try MartletFake()
        let connection = try fake.connect()
        guard case .error(let text) = try connection.send("FAKE", "FREEZE") else {
            Issue.record("FAKE is known")
            return
        }
        #expect(text.hasPrefix("ERR unknown command 'FAKE'"))
        #expect(try connection.send("COMMAND", "INFO", "FAKE").elements == [.null])
        expect(fake).received("FAKE", "FREEZE", times: 0)
    }

    @Test func clock() throws {
        let fake = try MartletFake(offersCommand: true)
        let connection = try fake.connect()
        _ = try send(connection, "FAKE FREEZE")
        _ = try send(connection, "SET a 1 PX 5000")
        #expect(try send(connection, "FAKE ADVANCE 4999").integer == fake.clock.milliseconds)
        #expect(fake["a"] == "1" && !fake.clock.isRunning)
        _ = try send(connection, "FAKE ADVANCE 2")
        #expect(fake["a"] == nil)
        #expect(try send(connection, "FAKE SETTIME 2000000000000").integer == 2_000_000_000_000)
        _ = try send(connection, "FAKE RESUME")
        #expect(fake.clock.isRunning)
        #expect(try send(connection, "FAKE ADVANCE -1") != .integer(0))
    }

    @Test func faults() throws {
        let fake = try MartletFake(offersCommand: true)
        let connection = try fake.connect()
        let added = try connection.send("FAKE", "FAULT", "ERROR", "LOADING wait", "TIMES", 1, "ON", "GET", "a*")
        #expect(added == .integer(1))
        #expect(try send(connection, "FAKE FAULT ERROR OOM SKIP 1 ON SET") == .integer(2))
        #expect(try send(connection, "GET abc") == .error("LOADING wait"))
        #expect(try send(connection, "GET abc") == .null)
        #expect(try send(connection, "SET a 1") == .simpleString("OK"))
        #expect(try send(connection, "SET a 1") == .error("OOM"))
        let listed = try send(connection, "FAKE FAULTS").elements ?? []
        #expect(listed.count == 2 && fake.faults.map(\.fired) == [1, 1])
        #expect(try send(connection, "FAKE CLEAR 2") == .integer(1))
        #expect(try send(connection, "FAKE CLEAR 2") == .integer(0))
        #expect(try send(connection, "SET a 1") == .simpleString("OK"))
        #expect(try send(connection, "FAKE CLEAR") == .integer(1))
        for wrong in [
            "FAULT", "FAULT ERROR", "FAULT CUT SIDEWAYS", "FAULT HALF TIMES", "FAULT HALF TIMES 0", "FAULT HALF ODD 1",
            "FAULT DISK ODD", "CONNECTIONS", "ADVANCE x", "ODD",
        ] {
            guard case .error = try send(connection, "FAKE " + wrong) else {
                Issue.record("\(wrong) is taken")
                continue
            }
        }
        _ = try send(connection, "FAKE FAULT CUT AFTER ON SET")
        #expect(throws: ConnectionClosed.self) { try send(connection, "SET a 2") }
        #expect(fake["a"] == "2")
    }

    @Test func receivedAndReset() throws {
        let fake = try MartletFake(offersCommand: true)
        let connection = try fake.connect()
        for number in 0..<3 { _ = try send(connection, "SET k\(number) v") }
        let all = try send(connection, "FAKE RECEIVED").elements ?? []
        #expect(all.count == 3 && all[0].elements?.compactMap(\.string) == ["SET", "k0", "v"])
        #expect(try send(connection, "FAKE RECEIVED 1").elements?.count == 1)
        _ = try send(connection, "FAKE FORGET")
        #expect(fake.received.isEmpty)
        _ = try send(connection, "FAKE FAULT HALF")
        _ = try send(connection, "FAKE FAULT CONNECTIONS")
        #expect(throws: ConnectionClosed.self) { try fake.connect() }
        _ = try send(connection, "FAKE SETTIME 1000")
        _ = try send(connection, "FAKE RESET")
        #expect(fake.keys == [] && fake.clock.milliseconds > 1_700_000_000_000 && fake.clock.isRunning)
        #expect(try fake.connect().send("PING") == .simpleString("PONG"))
        #expect(try send(connection, "FAKE HELP").elements?.isEmpty == false)
    }
}
