// MSET and MSETNX.

import Testing

@testable import Martlet

struct MsetTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test func msetSetsAllAndDropsDeadlines() throws {
        try server.plantList("c")
        try server.expect(["SETEX a 100 old": .ok, "MSET a 1 b \"\" c 3 a 4": .ok, "MGET a b c": ["4", "", "3"]])
        #expect(server.deadline("a") == nil)
    }

    @Test func msetnxSetsAllOrNothing() throws {
        try server.plantList("l")
        try server.expect([
            "MSETNX a 1 b 2": 1, "MSETNX c 3 a 4": 0, "MGET a b c": ["1", "2", .null], "MSETNX d 1 l 2": 0,
            "MSETNX e 1 e 2": 1, "GET e": "2",
        ])
    }

    @Test func wantPairs() throws {
        try server.expect([
            "MSET a 1 b": .error("ERR wrong number of arguments for 'mset' command"),
            "MSETNX a 1 b": .error("ERR wrong number of arguments for 'msetnx' command"),
            "MSET a": .error("ERR wrong number of arguments for 'mset' command"), "GET a": .null,
        ])
    }

    @Test func countEachPair() throws {
        try server.expectChanges(["MSET a 1 b 2 a 3": 3, "MSETNX c 1 d 2": 2, "MSETNX c 1 x 2": 0, "MSET a": 0])
    }
}
