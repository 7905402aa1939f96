// AUTH, and HELLO's AUTH, with and without a password.

import Testing

@testable import Martlet

struct AuthTests {
    private static let wrong = RESPValue.error("WRONGPASS invalid username-password pair or user is disabled.")
    private static let needed = RESPValue.error("NOAUTH Authentication required.")

    /// A server with this password, whose connection has not given it.
    private func locked(_ password: [UInt8] = Array("secret".utf8)) throws -> TestServer {
        var configuration = Configuration()
        configuration.requirepass = password
        let server = try TestServer(configuration: configuration)
        server.inspect {
            for session in $0.clients.all { session.become($0.users.defaultUser, isAuthenticated: false) }
        }
        return server
    }

    @Test("without a configured password the short form is refused and the long one takes anything")
    func noPassword() throws {
        try TestServer().expect([
            "AUTH secret": .error(
                "ERR AUTH <password> called without any password configured for the default user. "
                    + "Are you sure your configuration is correct?"),
            "AUTH default secret": .ok, "AUTH other secret": Self.wrong, "AUTH Default secret": Self.wrong,
            "AUTH a b c": .error("ERR syntax error"),
            "AUTH": .error("ERR wrong number of arguments for 'auth' command"),
        ])
    }

    @Test("until the right password is given there are few commands")
    func password() throws {
        try locked().expect([
            "GET a": Self.needed, "COMMAND COUNT": Self.needed,
            "NOSUCH": .error(
                "ERR unknown command 'NOSUCH', with args beginning with: "),
            "AUTH": .error("ERR wrong number of arguments for 'auth' command"),
            "AUTH wrong": Self.wrong, "AUTH secre": Self.wrong, "AUTH secretsecret": Self.wrong,
            "AUTH \"\"": Self.wrong, "AUTH default wrong": Self.wrong, "AUTH other secret": Self.wrong,
            "GET a": Self.needed, "AUTH secret": .ok, "GET a": .null, "AUTH wrong": Self.wrong, "GET a": .null,
            "AUTH default secret": .ok,
        ])
    }

    @Test("a password is bytes, zero bytes included")
    func binaryPassword() throws {
        try locked(Array("abc\0def".utf8)).expect([
            "AUTH abc": Self.wrong, #"AUTH "abc\x00deg""#: Self.wrong, #"AUTH "abc\x00def""#: .ok, "GET a": .null,
        ])
    }

    @Test("HELLO lets in, and says what is missing")
    func hello() throws {
        let server = try locked()
        let refused = RESPValue.error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH <user> "
                + "<pass> option can be used to authenticate the client and select the RESP protocol version at "
                + "the same time")
        try server.expect([
            "HELLO": refused, "HELLO 3": refused, "HELLO 3 AUTH default wrong": Self.wrong, "GET a": Self.needed,
        ])
        guard case .map(let fields) = try server.run("HELLO 3 AUTH default secret") else {
            Issue.record("no map")
            return
        }
        #expect(fields.count == 7)
        try server.expect(["GET a": .null])
    }

    @Test("CONFIG SET requirepass shuts out nobody who is in, and an empty password lets everybody in")
    func configuredPassword() throws {
        let server = try TestServer()
        try server.expect(["CONFIG SET requirepass secret": .ok, "GET a": .null])
        let second = try server.server.connect()
        server.inspect { $0.clients[2]?.become($0.users.defaultUser, isAuthenticated: false) }
        #expect(try second.send("GET", "a") == Self.needed)
        try server.expect(["CONFIG SET requirepass \"\"": .ok])
        #expect(try second.send("GET", "a") == .null)
        // It has come in by no password of its own.
        try server.expect(["CONFIG SET requirepass again": .ok])
        #expect(try second.send("GET", "a") == Self.needed)
    }

    @Test("RESET asks for the password again, except from within the program")
    func reset() throws {
        let server = try locked()
        try server.expect(["AUTH secret": .ok, "RESET": .simpleString("RESET"), "GET a": .null])
        #expect(server.inspect { $0.clients[1]?.isTrusted } == true)
    }
}
