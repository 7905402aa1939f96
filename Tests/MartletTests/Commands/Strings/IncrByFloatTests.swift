// INCRBYFLOAT; the arithmetic itself has its tests in Values.

import Testing

@testable import Martlet

struct IncrByFloatTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test func addsAndShortens() throws {
        try server.expect([
            "INCRBYFLOAT a 1": "1", "INCRBYFLOAT a 0.25": "1.25", "GET a": "1.25", "SET a 3": .ok,
            "INCRBYFLOAT a 1.1": "4.1", "INCRBYFLOAT a -1.1": "3", "SET a 17179869184": .ok,
            "INCRBYFLOAT a 1.5": "17179869185.5", "SET a 5.0e3": .ok, "INCRBYFLOAT a 2.0e2": "5200", "SET a 1": .ok,
            "INCRBYFLOAT a -1.1": "-0.1", "INCRBYFLOAT b 0.024390243902439": "0.024390243902439",
            "INCRBYFLOAT b -0.024390243902439": "0",
        ])
    }

    @Test func wantsNumbers() throws {
        try server.plantList("l")
        try server.expect([
            "INCRBYFLOAT l 1": .wrongType, "INCRBYFLOAT l x": .wrongType, "INCRBYFLOAT a x": .notFloat,
            "INCRBYFLOAT a \"\"": .notFloat, "INCRBYFLOAT a nan": .notFloat, "INCRBYFLOAT a \" 1\"": .notFloat,
            "SET v \"  11\"": .ok, "INCRBYFLOAT v 1": .notFloat, "SET v 1": .ok, "SETRANGE v 2 2": 3,
            "INCRBYFLOAT v 1": .notFloat, "INCRBYFLOAT a +inf": .error("ERR increment would produce NaN or Infinity"),
            "GET a": .null, "SET i inf": .ok,
            "INCRBYFLOAT i -inf": .error("ERR increment would produce NaN or Infinity"),
        ])
    }

    @Test func storesText() throws {
        try server.run("SETEX a 10 2")
        try server.expect(["INCRBYFLOAT a 1": "3"])
        #expect(server.encoding("a") == "embstr")
        #expect(server.deadline("a") == TestServer.start + 10_000)
        try server.expect(["INCR a": 4])
        #expect(server.encoding("a") == "int")
        try server.run("INCRBYFLOAT big 1e300")
        #expect(server.encoding("big") == "raw")
        try server.expectChanges(["INCRBYFLOAT a 0": 1, "INCRBYFLOAT a x": 0])
    }
}
