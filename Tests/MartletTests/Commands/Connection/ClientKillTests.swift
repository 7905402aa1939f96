// CLIENT KILL: whom it meets, and that nothing else ends.

import Testing

@testable import Martlet

struct ClientKillTests {
    let server: ListeningServer
    let admin: SocketClient

    init() throws {
        server = try ListeningServer()
        admin = try server.client()
    }

    private func id(_ client: SocketClient) throws -> Int64 { try #require(try client.call("CLIENT", "ID").integer) }

    private func address(_ client: SocketClient, _ field: String = "addr") throws -> String {
        let info = try #require(try client.call("CLIENT", "INFO").string)
        let found = info.split(separator: " ").first { $0.hasPrefix(field + "=") }
        return String(try #require(found).dropFirst(field.count + 1))
    }

    private func isEnded(_ client: SocketClient) throws -> Bool { try client.rest() == "" }

    @Test func byAddressInTheOldForm() throws {
        let victim = try server.client()
        #expect(try admin.call("CLIENT", "KILL", try address(victim)) == .ok)
        #expect(try isEnded(victim))
        #expect(try admin.call("CLIENT", "KILL", "000.123.321.567:0") == .error("ERR No such client"))
        #expect(try admin.call("PING") == .simpleString("PONG"))
    }

    @Test func byFilters() throws {
        let (first, second, third) = (try server.client(), try server.client(), try server.client())
        #expect(try admin.call("CLIENT", "KILL", "ID", "\(try id(first))") == 1)
        #expect(try isEnded(first))
        #expect(try admin.call("CLIENT", "KILL", "ADDR", try address(second), "TYPE", "pubsub") == 0)
        #expect(try admin.call("CLIENT", "KILL", "ADDR", try address(second), "TYPE", "normal", "USER", "default") == 1)
        #expect(try isEnded(second))
        #expect(try third.call("SUBSCRIBE", "c").elements?.count == 3)
        #expect(try admin.call("CLIENT", "KILL", "TYPE", "PUBSUB") == 1)
        #expect(try isEnded(third))
        #expect(try admin.call("CLIENT", "KILL", "TYPE", "replica") == 0)
    }

    @Test func byAge() throws {
        let clock = ManualClock(wallMilliseconds: 1_700_000_000_000)
        let server = try ListeningServer { $0.clock = clock }
        let old = try server.client()
        #expect(try old.call("PING") == .simpleString("PONG"))
        clock.advance(milliseconds: 100_000)
        let young = try server.client()
        #expect(try young.call("CLIENT", "KILL", "MAXAGE", "101") == 0)
        #expect(try young.call("CLIENT", "KILL", "MAXAGE", "9223372036854775807") == 0)
        #expect(try young.call("CLIENT", "KILL", "MAXAGE", "100", "SKIPME", "no") == 1)
        #expect(try isEnded(old))
        #expect(try young.call("PING") == .simpleString("PONG"))
    }

    /// One's own connection is spared unless that is asked for; then it ends behind the reply.
    @Test func oneself() throws {
        let others = [try server.client(), try server.client()]
        for other in others { _ = try other.call("PING") }
        #expect(try admin.call("CLIENT", "KILL", "LADDR", try address(admin, "laddr")) == 2)
        for other in others { #expect(try isEnded(other)) }
        #expect(try admin.call("CLIENT", "KILL", "SKIPME", "yes") == 0)
        let last = try server.client()
        #expect(try last.call("CLIENT", "KILL", "SKIPME", "no") == 2)
        #expect(try isEnded(last) && isEnded(admin))
    }

    @Test func whoWaitsEndsToo() throws {
        let waiting = try server.client()
        let number = try id(waiting)
        try waiting.request("WAIT", "1", "0")
        #expect(try eventually { try admin.call("INFO", "clients").string?.contains("blocked_clients:1") ?? false })
        #expect(try admin.call("CLIENT", "KILL", "ID", "\(number)") == 1)
        #expect(try isEnded(waiting))
        #expect(try admin.call("INFO", "clients").string?.contains("blocked_clients:0") == true)
    }

    @Test func connectionsInProcess() throws {
        let local = try server.server.connect()
        let number = try #require(try local.send("CLIENT", "ID").integer)
        #expect(try admin.call("CLIENT", "KILL", "ID", "\(number)") == 1)
        #expect(throws: ConnectionClosed.self) { try local.send("PING") }
        let another = try server.server.connect()
        let own = try #require(try another.send("CLIENT", "ID").integer)
        #expect(try another.send("CLIENT", "KILL", "ID", "\(own)", "SKIPME", "no") == 1)
        #expect(throws: ConnectionClosed.self) { try another.send("PING") }
    }

    @Test(arguments: [
        (["ID", "0"], "ERR client-id should be greater than 0"),
        (["ID", "x"], "ERR client-id should be greater than 0"),
        (["TYPE", "odd"], "ERR Unknown client type 'odd'"), (["USER", "nobody"], "ERR No such user 'nobody'"),
        (["SKIPME", "maybe"], "ERR syntax error"), (["ODD", "1"], "ERR syntax error"),
        (["ID", "1", "TYPE"], "ERR syntax error"), (["MAXAGE", "x"], "ERR maxage is not an integer or out of range"),
        (["MAXAGE", "-1"], "ERR maxage should be greater than 0"),
    ])
    func mistakes(words: [String], error: String) throws {
        try admin.send(encodedRequest((["CLIENT", "KILL"] + words).map { Array($0.utf8) }))
        #expect(try admin.reply() == .error(error))
    }
}
