// CLIENT and its subcommands.

import Testing

@testable import Martlet

struct ClientTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    /// The fields of one line of CLIENT LIST in their order.
    private func fields(_ line: String) -> [(name: String, value: String)] {
        line.split(separator: " ").map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts[0]), String(parts[1]))
        }
    }

    private func field(_ name: String, _ line: String) -> String? { fields(line).first { $0.name == name }?.value }

    @Test("ids count up from one and never return")
    func ids() throws {
        try server.expect(["CLIENT ID": 1])
        let second = try server.server.connect()
        #expect(try second.send("CLIENT", "ID") == 2)
        _ = try second.send("QUIT")
        #expect(try server.server.connect().send("CLIENT", "ID") == 3)
    }

    @Test("a name holds no blanks and is taken away by an empty one")
    func names() throws {
        let refused = RESPValue.error("ERR Client names cannot contain spaces, newlines or special characters.")
        try server.expect([
            "CLIENT GETNAME": .null, "CLIENT SETNAME me": .ok, "CLIENT GETNAME": "me",
            "CLIENT SETNAME \"a b\"": refused,
            "CLIENT SETNAME \"a\\n\"": refused, "CLIENT SETNAME \"\\x7f\"": refused,
            "CLIENT SETNAME \"\\xff\"": refused,
            "CLIENT GETNAME": "me", "CLIENT SETNAME !~": .ok, "CLIENT GETNAME": "!~", "CLIENT SETNAME \"\"": .ok,
            "CLIENT GETNAME": .null,
        ])
    }

    @Test("a client tells its library")
    func library() throws {
        try server.expect([
            "CLIENT SETINFO lib-name redis-py": .ok, "CLIENT SETINFO LIB-VER 5.0": .ok,
            "CLIENT SETINFO LIB-VER \"5 0\"": .error(
                "ERR LIB-VER cannot contain spaces, newlines or special characters."),
            "CLIENT SETINFO lib-name \"a b\"": .error(
                "ERR lib-name cannot contain spaces, newlines or special characters."),
            "CLIENT SETINFO other x": .error("ERR Unrecognized option 'other'"),
            "CLIENT SETINFO LIB-NAME": .error("ERR wrong number of arguments for 'client|setinfo' command"),
        ])
        let line = try #require(try server.run("CLIENT INFO").string)
        #expect(field("lib-name", line) == "redis-py" && field("lib-ver", line) == "5.0")
        try server.expect(["CLIENT SETINFO lib-name \"\"": .ok])
        #expect(field("lib-name", try #require(try server.run("CLIENT INFO").string)) == "")
    }

    @Test("a line has Redis's fields in Redis's order")
    func lineFields() throws {
        let line = try #require(try server.run("CLIENT LIST").string)
        let names = """
            id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem rbs \
            rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver watch tot-net-in tot-net-out \
            tot-cmds
            """
        #expect(fields(line).map(\.name).joined(separator: " ") == names)
        #expect(line.hasSuffix("\n"))
        #expect(
            line.hasPrefix("id=1 addr=in-process:0 laddr=in-process:0 fd=-1 name= age=0 idle=0 flags=N db=0 sub=0 "))
        #expect(field("argv-mem", line) == "10" && field("cmd", line) == "client|list")
        #expect(field("user", line) == "default" && field("resp", line) == "3" && field("multi", line) == "-1")
    }

    @Test("bytes and commands are counted, by a socket and in process")
    func traffic() throws {
        let listening = try ListeningServer()
        let client = try listening.client()
        #expect(try client.call("PING") == .simpleString("PONG"))
        // "*1\r\n$4\r\nPING\r\n", and CLIENT INFO itself; "+PONG\r\n".
        let line = try #require(try client.call("CLIENT", "INFO").string)
        #expect(field("tot-net-in", line) == "\(14 + 26)" && field("tot-net-out", line) == "7")
        #expect(line.hasSuffix(" tot-cmds=1\n"))
        try server.run("PING")
        #expect(try server.run("CLIENT INFO").string?.hasSuffix(" tot-cmds=1\n") == true)
    }

    @Test("the age grows, and a silent client gets idle")
    func ages() throws {
        let second = try server.server.connect()
        server.advance(milliseconds: 5000)
        server.runDueWork()
        _ = try second.send("PING")
        server.advance(milliseconds: 2000)
        let line = try #require(try server.run("CLIENT LIST ID 2").string)
        #expect(field("age", line) == "7" && field("idle", line) == "2" && field("cmd", line) == "ping")
    }

    @Test("a client that has sent nothing has no last command")
    func silentClient() throws {
        let second = try server.server.connect()
        let line = try #require(try server.run("CLIENT LIST ID 2").string)
        #expect(field("cmd", line) == "NULL" && field("argv-mem", line) == "0")
        withExtendedLifetime(second) {}
    }

    @Test("LIST shows all, or those asked for, in the order asked for")
    func listing() throws {
        let others = [try server.server.connect(), try server.server.connect()]
        let ids: (String) throws -> [String] = { line in
            let text = try #require(try server.run(line).string)
            return text.split(separator: "\n").map { field("id", String($0)) ?? "" }
        }
        #expect(try ids("CLIENT LIST") == ["1", "2", "3"])
        #expect(try ids("CLIENT LIST TYPE normal") == ["1", "2", "3"])
        #expect(try ids("CLIENT LIST TYPE pubsub") == [])
        #expect(try ids("CLIENT LIST ID 3 1 9 3") == ["3", "1", "3"])
        withExtendedLifetime(others) {}
    }

    @Test("what LIST refuses, it says")
    func listErrors() throws {
        let syntax = RESPValue.error("ERR syntax error")
        try server.expect([
            "CLIENT LIST TYPE x": .error("ERR Unknown client type 'x'"),
            "CLIENT LIST ID x": .error("ERR Invalid client ID"),
            "CLIENT LIST ID": syntax, "CLIENT LIST x": syntax, "CLIENT LIST TYPE normal x": syntax,
            "CLIENT INFO x": .error("ERR wrong number of arguments for 'client|info' command"),
            "CLIENT": .error("ERR wrong number of arguments for 'client' command"),
            "CLIENT X": .error("ERR unknown subcommand 'X'. Try CLIENT HELP."),
        ])
    }

    @Test("lists are verbatim text in RESP3 and bulk strings in RESP2")
    func replyTypes() throws {
        #expect(try server.wire("CLIENT INFO", .resp3).hasPrefix("="))
        #expect(try server.wire("CLIENT LIST", .resp3).contains("\r\ntxt:id=1 "))
        #expect(try server.wire("CLIENT LIST", .resp2).hasPrefix("$"))
        #expect(try server.wire("CLIENT GETNAME", .resp3) == "_\r\n")
    }

    @Test("HELP names every subcommand")
    func help() throws {
        let lines = try #require(try server.run("CLIENT HELP").elements).compactMap(\.string)
        #expect(lines.first == "CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")
        for name in ClientCommand.spec.subcommands.map({ $0.name.uppercased() }) {
            #expect(lines.contains { $0.hasPrefix(name) }, "\(name)")
        }
    }
}
