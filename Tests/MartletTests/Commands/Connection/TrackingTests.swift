// CLIENT TRACKING: who is told when a key changes, in which mode, and what the table forgets.

import Testing

@testable import Martlet

struct TrackingTests {
    private static func invalidate(_ keys: RESPValue...) -> RESPValue { .push(["invalidate", .array(keys)]) }

    @Test func aReadKeyIsToldOnce() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("CLIENT TRACKING ON")
        try client.run("MGET a b")
        try server.run("SET a 1")
        try server.run("SET a 2")
        try server.run("SET c 1")
        try server.run("DEL b")
        try server.run("HSET b f v")
        #expect(await client.message() == Self.invalidate("a"))
        #expect(await client.message() == Self.invalidate("b"))
        #expect(server.inspect { $0.tracking.keyCount == 0 && $0.tracking.itemCount == 0 })
    }

    @Test func modes() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("CLIENT TRACKING ON OPTIN")
        try client.run("GET a")
        try client.run("CLIENT CACHING YES")
        try client.run("GET b")
        try client.run("GET c")
        try server.run("MSET a 1 b 1 c 1")
        #expect(await client.message() == Self.invalidate("b"))
        try client.run("CLIENT TRACKING OFF")
        try client.run("CLIENT TRACKING ON OPTOUT NOLOOP")
        try client.run("CLIENT CACHING NO")
        try client.run("GET a")
        try client.run("MGET b c")
        try client.run("SET b own")
        try server.run("MSET a 1 b 1 c 1")
        #expect(await client.message() == Self.invalidate("c"))
    }

    @Test func broadcastTellsOfPrefixesOnceATurn() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("CLIENT TRACKING ON BCAST PREFIX a: PREFIX b: NOLOOP")
        try server.run("SET a:1 v")
        #expect(await client.message() == Self.invalidate("a:1"))
        try client.run("SET a:2 v")
        try server.run("SET c:1 v")
        try server.run("SET b:1 v")
        #expect(await client.message() == Self.invalidate("b:1"))
        #expect(
            try client.run("CLIENT TRACKING ON BCAST PREFIX a:x")
                == .error(
                    "ERR Prefix 'a:x' overlaps with an existing prefix 'a:'. Prefixes for a single client must not "
                        + "overlap."))
    }

    @Test func broadcastTellsOfManyKeysAtOnce() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("CLIENT TRACKING ON BCAST PREFIX a: PREFIX b:")
        let keys = (100_000..<150_000).map { "a:\($0)" }
        try server.run("MSET " + (keys + ["b:1", "c:1"]).map { "\($0) v" }.joined(separator: " "))
        let isTold = await client.message() == .push(["invalidate", .array(keys.map { .text($0) })])
        #expect(isTold)
        #expect(await client.message() == Self.invalidate("b:1"))
    }

    @Test func flushTellsOfAllKeys() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("CLIENT TRACKING ON")
        try client.run("GET a")
        try server.run("FLUSHALL")
        #expect(await client.message() == .push(["invalidate", .null]))
        #expect(server.inspect { $0.tracking.keyCount == 0 })
    }

    @Test func expiryTellsThoseWhoDidNotAskForIt() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("CLIENT TRACKING ON NOLOOP")
        try client.run("SET a v PX 10")
        try client.run("GET a")
        server.advance(milliseconds: 20)
        server.runDueWork()
        #expect(await client.message() == Self.invalidate("a"))
    }

    @Test func redirectionAndItsEnd() async throws {
        let server = try TestServer()
        let (client, receiver) = (try server.client(), try server.client())
        let id = try #require(try receiver.run("CLIENT ID").integer)
        #expect(
            try client.run("CLIENT TRACKING ON REDIRECT 999")
                == .error("ERR The client ID you want redirect to does not exist"))
        #expect(try client.run("CLIENT TRACKING ON REDIRECT \(id)") == .ok)
        #expect(try client.run("CLIENT GETREDIR") == .integer(id))
        try client.run("GET a")
        try server.run("SET a 1")
        #expect(await receiver.message() == Self.invalidate("a"))
        try client.run("GET a")
        try receiver.run("QUIT")
        try server.run("SET a 2")
        #expect(await client.message() == .push(["tracking-redir-broken", .integer(id)]))
        #expect(try client.run("CLIENT GETREDIR") == .integer(id))
        let info = try client.run("CLIENT TRACKINGINFO")
        #expect("\(info)".contains("broken_redirect") || info.elements == nil)
    }

    @Test func resp2ReceiversGetAMessage() throws {
        let server = try TestServer()
        let client = try server.client()
        let id = try #require(try server.run("CLIENT ID").integer)
        try client.run("CLIENT TRACKING ON REDIRECT \(id)")
        _ = try server.wire("SUBSCRIBE __redis__:invalidate")
        try client.run("GET a")
        try client.run("SET a 1")
        #expect(server.inspect { $0.tracking.itemCount == 0 })
        #expect(try server.wire("UNSUBSCRIBE").hasPrefix("*3"))
    }

    @Test func theTableHasALimit() async throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run("CONFIG SET tracking-table-max-keys 10")
        try client.run("CLIENT TRACKING ON")
        for number in 0..<15 { try client.run("GET k\(number)") }
        #expect(server.inspect { $0.tracking.keyCount } == 10)
        try server.run("CONFIG SET tracking-table-max-keys 1")
        #expect(server.inspect { $0.tracking.keyCount } == 1)
        var told: Swift.Set<String> = []
        for _ in 0..<14 {
            guard let keys = await client.message()?.elements?[1].elements else { break }
            told.formUnion(keys.compactMap(\.string))
        }
        #expect(told.count == 14)
    }

    @Test func whatTrackingRefuses() throws {
        let server = try TestServer()
        let another = "before disabling tracking for this client, and then re-enabling it with a different mode."
        try server.expect([
            "CLIENT TRACKING ON PREFIX a": .error("ERR PREFIX option requires BCAST mode to be enabled"),
            "CLIENT TRACKING ON BCAST OPTIN": .error("ERR OPTIN and OPTOUT are not compatible with BCAST"),
            "CLIENT TRACKING ON OPTIN OPTOUT": .error("ERR You can't specify both OPTIN mode and OPTOUT mode"),
            "CLIENT TRACKING MAYBE": .error("ERR syntax error"),
            "CLIENT TRACKING ON NOSUCH": .error("ERR syntax error"),
            "CLIENT CACHING YES": .error(
                "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode "
                    + "enabled"),
            "CLIENT GETREDIR": -1, "CLIENT TRACKING ON OPTIN": .ok,
            "CLIENT CACHING NO": .error(
                "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode."),
            "CLIENT CACHING MAYBE": .error("ERR syntax error"),
            "CLIENT TRACKING ON OPTOUT": .error("ERR You can't switch OPTIN/OPTOUT mode \(another)"),
            "CLIENT TRACKING ON BCAST": .error("ERR You can't switch BCAST mode on/off \(another)"),
            "CLIENT GETREDIR": 0, "CLIENT TRACKING OFF": .ok, "CLIENT TRACKING OFF": .ok, "CLIENT GETREDIR": -1,
        ])
    }

    @Test func aClosedClientIsForgotten() throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("CLIENT TRACKING ON BCAST")
        #expect(server.inspect { $0.tracking.clientCount == 1 && $0.tracking.prefixCount == 1 })
        try client.run("QUIT")
        #expect(server.inspect { $0.tracking.clientCount == 0 && $0.tracking.prefixCount == 0 })
        #expect(server.inspect { !$0.keyspace.value.journal.wantsTouches })
    }
}
