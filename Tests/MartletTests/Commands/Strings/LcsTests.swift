// LCS; the algorithm itself has its tests in Values.

import Testing

@testable import Martlet

struct LcsTests {
    private let server: TestServer

    init() throws {
        server = try TestServer()
        try server.run("MSET a ohmytext b mynewtext n 1234 m 8324")
    }

    @Test func subsequenceAndLength() throws {
        try server.expect([
            "LCS a b": "mytext", "LCS a b LEN": 6, "LCS a none": "", "LCS none a len": 0, "LCS a a": "ohmytext",
            "LCS n m": "34", "LCS a b MINMATCHLEN 4": "mytext", "LCS a b WITHMATCHLEN": "mytext",
            "LCS a b LEN WITHMATCHLEN MINMATCHLEN 3": 6,
        ])
    }

    @Test func matches() throws {
        func map(_ matches: RESPValue, _ length: Int64) -> RESPValue {
            .map([.init("matches", matches), .init("len", .integer(length))])
        }
        try server.expect([
            "LCS a b IDX": map([[[4, 7], [5, 8]], [[2, 3], [0, 1]]], 6),
            "LCS a b IDX MINMATCHLEN 4": map([[[4, 7], [5, 8]]], 6),
            "LCS a b IDX MINMATCHLEN -9 WITHMATCHLEN": map([[[4, 7], [5, 8], 4], [[2, 3], [0, 1], 2]], 6),
            "LCS a b IDX MINMATCHLEN 9223372036854775807": map([], 6), "LCS a none IDX": map([], 0),
        ])
    }

    @Test func mapInBothProtocols() throws {
        let body = "$7\r\nmatches\r\n*1\r\n*2\r\n*2\r\n:4\r\n:7\r\n*2\r\n:5\r\n:8\r\n$3\r\nlen\r\n:6\r\n"
        #expect(try server.wire("LCS a b IDX MINMATCHLEN 4", .resp2) == "*4\r\n" + body)
        #expect(try server.wire("LCS a b IDX MINMATCHLEN 4", .resp3) == "%2\r\n" + body)
    }

    @Test func refusals() throws {
        try server.plantList("l")
        let notString = RESPValue.error("ERR The specified keys must contain string values")
        try server.expect([
            "LCS a l": notString, "LCS l a junk": notString, "LCS a b junk": .syntaxError,
            "LCS a b MINMATCHLEN": .syntaxError, "LCS a b MINMATCHLEN x": .notInteger,
            "LCS a b LEN IDX": .error("ERR If you want both the length and indexes, please just use IDX."),
        ])
    }

    @Test func memoryLimit() throws {
        var configuration = Configuration()
        configuration.protoMaxBulkLength = 1024 * 1024
        let server = try TestServer(configuration: configuration)
        let text = String(repeating: "x", count: 600)
        try server.run("MSET a \(text) b \(text)")
        let refusal = RESPValue.error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
        try server.expect(["LCS a b": refusal, "LCS a b LEN": refusal, "LCS a none LEN": 0])
    }
}
