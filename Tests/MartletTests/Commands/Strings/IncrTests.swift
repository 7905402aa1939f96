// INCR, DECR, INCRBY, DECRBY.

import Testing

@testable import Martlet

struct IncrTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test func addAndSubtract() throws {
        try server.expect([
            "INCR a": 1, "INCR a": 2, "DECR a": 1, "DECR b": -1, "INCRBY a 17179869184": 17_179_869_185,
            "DECRBY a 17179869186": -1, "INCRBY a -9": -10, "DECRBY a -10": 0, "GET a": "0",
            "DECRBY m 9223372036854775807": -9_223_372_036_854_775_807, "DECR m": -9_223_372_036_854_775_808,
        ])
    }

    @Test func overflowsAreRefused() throws {
        let overflow = RESPValue.error("ERR increment or decrement would overflow")
        try server.expect([
            "SET a 9223372036854775807": .ok, "INCR a": overflow, "INCRBY a 1": overflow, "DECRBY a -1": overflow,
            "SET b -9223372036854775808": .ok, "DECR b": overflow, "INCRBY b -1": overflow,
            "DECRBY c -9223372036854775808": .error("ERR decrement would overflow"), "GET c": .null,
            "GET a": "9223372036854775807", "GET b": "-9223372036854775808",
        ])
    }

    @Test func wantIntegers() throws {
        try server.plantList("l")
        try server.expect([
            "INCR l": .wrongType, "INCRBY l x": .notInteger, "INCRBY a 1.0": .notInteger, "INCRBY a \"\"": .notInteger,
            "DECRBY a \" 1\"": .notInteger,
        ])
        for value in ["\"   11\"", "\"11   \"", "abc", "1.5", "\"\"", "9223372036854775808", "01", "+1"] {
            try server.run("SET v \(value)")
            #expect(try server.run("INCR v") == .notInteger, "\(value)")
        }
    }

    @Test func changeNumbersInPlace() throws {
        try server.run("SET a 20000")
        let address = server.address("a")
        try server.expect([
            "INCR a": 20001, "DECRBY a 30000": -9999, "INCRBY a 9223372036854775807": 9_223_372_036_854_765_808,
        ])
        #expect(server.address("a") == address)
        #expect(server.encoding("a") == "int")
    }

    @Test func turnTextThatSpellsANumberIntoOne() throws {
        try server.expect(["SET a 1": .ok, "APPEND a 0": 2])
        #expect(server.encoding("a") == "raw")
        try server.expect(["INCR a": 11])
        #expect(server.encoding("a") == "int")
    }

    @Test func keepDeadlines() throws {
        try server.expect(["SETEX a 10 1": .ok, "INCR a": 2, "SETEX b 10 1": .ok, "APPEND b 0": 2, "INCR b": 11])
        #expect(server.deadline("a") == TestServer.start + 10_000)
        #expect(server.deadline("b") == TestServer.start + 10_000)
        server.advance(milliseconds: 10_001)
        try server.expect(["INCR a": 1])
        #expect(server.deadline("a") == nil)
    }

    @Test func countChanges() throws {
        try server.expectChanges(["INCR a": 1, "INCRBY a 0": 1, "DECRBY a x": 0, "SET b z": 1, "INCR b": 0])
    }
}
