// ACL: users, what they may do, and what happens to those who are in while that changes.

import Testing

@testable import Martlet

struct ACLTests {
    private static let everything = "on nopass sanitize-payload ~* &* +@all"

    private func denied(_ user: String, _ command: String) -> RESPValue {
        .error("NOPERM User \(user) has no permissions to run the '\(command)' command")
    }

    private static let keyDenied = RESPValue.error(
        "NOPERM this user has no permissions to access one of the keys used as arguments")
    private static let channelDenied = RESPValue.error(
        "NOPERM this user has no permissions to access one of the channels used as arguments")

    private func refusedRule(_ rule: String, _ reason: String) -> RESPValue {
        .error("ERR Error in ACL SETUSER modifier '\(rule)': \(reason)")
    }

    @Test("a new user is off, may do nothing, and is told as rules")
    func newUser() throws {
        let server = try TestServer()
        try server.expect([
            "ACL WHOAMI": "default", "ACL LIST": [.text("user default \(Self.everything)")],
            "ACL SETUSER ann": .ok, "ACL USERS": ["ann", "default"],
            "ACL LIST": [
                "user ann off sanitize-payload resetchannels -@all", .text("user default \(Self.everything)"),
            ],
            "AUTH ann x": .error("WRONGPASS invalid username-password pair or user is disabled."),
            "ACL SETUSER \"a b\"": .error("ERR Usernames can't contain spaces or null characters"),
            "ACL SETUSER \"\"": .error("ERR Usernames can't contain spaces or null characters"),
            "ACL GETUSER nobody": .null,
            "ACL DELUSER ann nobody": 1, "ACL USERS": ["default"],
            "ACL DELUSER default": .error("ERR The 'default' user cannot be removed"),
        ])
    }

    @Test("passwords are added, removed, and told as digests")
    func passwords() throws {
        let server = try TestServer()
        let wrong = RESPValue.error("WRONGPASS invalid username-password pair or user is disabled.")
        let digest = SHA256.digest(of: Array("two".utf8)).hexadecimal
        try server.expect([
            "ACL SETUSER ann on >one +@all": .ok, "AUTH ann one": .ok, "ACL WHOAMI": "ann", "AUTH ann two": wrong,
            "ACL SETUSER ann #\(digest)": .ok, "AUTH ann two": .ok, "ACL SETUSER ann <one": .ok, "AUTH ann one": wrong,
            "ACL SETUSER ann <one": refusedRule(
                "<one", "The password you are trying to remove from the user does not exist"),
            "ACL SETUSER ann #\(digest.uppercased())": refusedRule(
                "#\(digest.uppercased())",
                "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"),
            "ACL SETUSER ann nopass": .ok, "AUTH ann whatever": .ok, "ACL SETUSER ann resetpass": .ok,
            "AUTH ann whatever": wrong,
            "ACL SETUSER ann !\(digest)": refusedRule(
                "!\(digest)", "The password you are trying to remove from the user does not exist"),
        ])
        #expect(try server.run("ACL GETUSER ann").pair("flags") == .set(["on", "sanitize-payload"]))
    }

    @Test("commands: one, a subcommand, a category, a first word")
    func commands() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run("ACL SETUSER ann on nopass ~* +get +config|get +@hash -hgetall +select|0 +acl|whoami")
        try client.run("AUTH ann x")
        #expect(try client.run("GET a") == .null)
        #expect(try client.run("SET a b") == denied("ann", "set"))
        #expect(try client.run("CONFIG GET port") != denied("ann", "config|get"))
        #expect(try client.run("CONFIG SET hz 10") == denied("ann", "config|set"))
        #expect(try client.run("HGET h f") == .null)
        #expect(try client.run("HGETALL h") == denied("ann", "hgetall"))
        #expect(try client.run("SELECT 0") == .ok)
        #expect(try client.run("SELECT 1") == denied("ann", "select"))
        // What lets a client in or out is for everybody.
        #expect(try client.run("AUTH ann y") == .ok)
        #expect(
            try server.run("ACL GETUSER ann").pair("commands")
                == "-@all +get +config|get +@hash -hgetall +select|0 +acl|whoami")
    }

    @Test("later rules take the place of earlier ones about the same command")
    func rulesAreShort() throws {
        let server = try TestServer()
        for (rules, told) in [
            ("+memory|doctor", "-@all +memory|doctor"), ("+memory", "-@all +memory"), ("-memory", "-@all -memory"),
            ("+@all -client|kill", "+@all -client|kill"), ("-client", "+@all -client"),
            ("+client|id", "+@all -client +client|id"), ("-@admin +@admin", "+@all -client +client|id +@admin"),
            ("allcommands", "+@all"), ("nocommands", "-@all"), ("+GET +Get", "-@all +get"),
            // These will be there one day; a list of users may speak of them.
            ("-lpush +cluster|info +script|load", "-@all +get -lpush +cluster|info +script|load"),
        ] {
            try server.run("ACL SETUSER ann \(rules)")
            #expect(try server.run("ACL GETUSER ann").pair("commands") == .text(told), "\(rules)")
        }
        let unknown = "Unknown command or category name in ACL"
        try server.expect([
            "ACL SETUSER ann +nosuch": refusedRule("+nosuch", unknown),
            "ACL SETUSER ann -@nosuch": refusedRule("-@nosuch", unknown),
            "ACL SETUSER ann +config|nosuch": refusedRule("+config|nosuch", unknown),
            "ACL SETUSER ann -get|a": refusedRule("-get|a", unknown),
            "ACL SETUSER ann +get|a|b": refusedRule("+get|a|b", unknown),
            "ACL SETUSER ann +config|get|port": refusedRule(
                "+config|get|port", "Allowing first-arg of a subcommand is not supported"),
            "ACL SETUSER ann +select|": refusedRule("+select|", "Syntax error"),
            // It could not be written down.
            #"ACL SETUSER ann "+get|a b""#: refusedRule("+get|a b", "Syntax error"),
            "ACL SETUSER ann what": refusedRule("what", "Syntax error"),
        ])
    }

    @Test("each category alone is told as it was said")
    func categories() throws {
        let server = try TestServer()
        for category in ACLCategories.names {
            try server.run("ACL SETUSER ann reset +@all -@\(category)")
            #expect(try server.run("ACL GETUSER ann").pair("commands") == .text("+@all -@\(category)"))
        }
    }

    @Test("keys to read, to write, and both; existence needs either")
    func keys() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run("ACL SETUSER ann on nopass +@all %R~read* %W~write* ~both*")
        try client.run("AUTH ann x")
        for (line, isAllowed) in [
            ("GET read", true), ("GET write", false), ("SET read 1", false), ("SET write 1", true),
            ("SET write 1 GET", false), ("SET both 1 GET", true), ("GET other", false), ("MGET read both other", false),
            ("MGET read both", true), ("COPY read write", true), ("COPY write read", false),
            ("EXISTS read write", true), ("EXISTS other", false), ("BITFIELD read GET u4 0", true),
            ("BITFIELD read SET u4 0 1", false), ("BITFIELD both SET u4 0 1", true), ("SINTERCARD 2 read both", true),
            ("SINTERCARD 2 read write", false),
            ("STRLEN write", true), ("MSET write 1 read 2", false), ("OBJECT ENCODING other", false), ("PING", true),
        ] {
            #expect((try client.run(line) != Self.keyDenied) == isAllowed, "\(line)")
        }
        let rules = try server.run("ACL GETUSER ann")
        #expect(rules.pair("keys") == "%R~read* %W~write* ~both*")
        try server.run("ACL SETUSER ann %W~read*")
        #expect(try server.run("ACL GETUSER ann").pair("keys") == "~read* %W~write* ~both*")
        for rules in ["%RW~*", "%R~* %W~*", "~*"] {
            try server.run("ACL SETUSER bob resetkeys \(rules)")
            #expect(try server.run("ACL GETUSER bob").pair("keys") == "~*", "\(rules)")
        }
        try server.expect([
            "ACL SETUSER ann %~x": refusedRule("%~x", "Syntax error"),
            "ACL SETUSER ann %": refusedRule("%", "Syntax error"),
            "ACL SETUSER ann %RR~x": refusedRule("%RR~x", "Syntax error"),
            "ACL SETUSER ann ~* ~x": refusedRule(
                "~x",
                "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any "
                    + "effect. Try 'resetkeys' to start with an empty list of patterns"),
        ])
    }

    @Test("channels are matched, patterns of subscriptions compared; who may not listen any more is let go")
    func channels() async throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run("ACL SETUSER ann on nopass +@all resetchannels &news:* &all")
        try client.run("AUTH ann x")
        #expect(try client.run("PUBLISH news:1 x") == 0)
        #expect(try client.run("PUBLISH other x") == Self.channelDenied)
        #expect(try client.run("SPUBLISH other x") == Self.channelDenied)
        #expect(try client.run("SUBSCRIBE news:1 other") == Self.channelDenied)
        #expect(try client.run("PSUBSCRIBE news:1") == Self.channelDenied)
        #expect(try client.run("UNSUBSCRIBE other").isError == false)
        #expect(try client.run("PSUBSCRIBE news:*").isError == false)
        // More or the same keeps the connection, less does not.
        try server.run("ACL SETUSER ann &more")
        #expect(try client.run("PING").isError == false)
        try server.run("ACL SETUSER ann resetchannels &all")
        #expect(throws: ConnectionClosed.self) { try client.run("PING") }
    }

    @Test("selectors are alternatives, each for a whole request")
    func selectors() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run(#"ACL SETUSER ann on nopass +ping (+@write ~w*) "(+get %R~r*)" ( +mget ~a ~b )"#)
        try client.run("AUTH ann x")
        for (line, reply) in [
            ("PING", RESPValue.simpleString("PONG")), ("SET w 1", .ok), ("SET r 1", Self.keyDenied),
            ("GET r", .null), ("GET w", Self.keyDenied), ("MGET a b", [.null, .null]), ("MGET a c", Self.keyDenied),
            ("STRLEN r", denied("ann", "strlen")),
        ] {
            #expect(try client.run(line) == reply, "\(line)")
        }
        let line =
            "on nopass sanitize-payload resetchannels -@all +ping (~w* resetchannels -@all +@write) "
            + "(%R~r* resetchannels -@all +get) (~a ~b resetchannels -@all +mget)"
        #expect(try server.run("ACL LIST").elements?.first == .text("user ann \(line)"))
        try server.run("ACL SETUSER bob \(line)")
        #expect(try server.run("ACL LIST").elements?.dropFirst().first == .text("user bob \(line)"))
        try server.expect([
            "ACL SETUSER ann (+get": .error("ERR Unmatched parenthesis in acl selector starting at '(+get'."),
            "ACL SETUSER ann )": refusedRule(")", "Syntax error"),
            #"ACL SETUSER ann "(~a) +get)""#: refusedRule("(~a) +get)", "Syntax error"),
            "ACL SETUSER ann (on)": refusedRule("(on)", "Syntax error"), "ACL SETUSER ann clearselectors": .ok,
        ])
        #expect(try server.run("ACL GETUSER ann").pair("selectors") == [])
        #expect(try client.run("GET r") == denied("ann", "get"))
    }

    @Test("rules have their effect all together or not at all")
    func allOrNone() throws {
        let server = try TestServer()
        try server.run("ACL SETUSER ann on +get")
        let before = try server.run("ACL LIST")
        try server.run("ACL SETUSER ann off +set ~a* nosuch")
        #expect(try server.run("ACL LIST") == before)
        #expect(try server.run("ACL SETUSER bob nosuch").isError)
        #expect(try server.run("ACL GETUSER bob") == .null)
    }

    @Test("what was queued is looked at again when EXEC runs it")
    func transactions() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run("ACL SETUSER ann on nopass ~* +multi +exec +incr +get")
        for line in ["AUTH ann x", "MULTI", "INCR a", "GET a"] { try client.run(line) }
        try server.run("ACL SETUSER ann -incr")
        let reason =
            "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This "
            + "command is no longer allowed for the following reason: no permission to execute the command or "
            + "subcommand"
        #expect(try client.run("EXEC") == [.error(reason), .null])
        try client.run("MULTI")
        #expect(try client.run("INCR a") == denied("ann", "incr"))
        #expect(try client.run("EXEC").isError)
        let entries = try server.run("ACL LOG").elements ?? []
        #expect(entries.map { $0.pair("context") } == ["multi"])
        #expect(entries.first?.pair("count") == 2)
    }

    @Test("ACL LOG puts together what is alike, and forgets what is old")
    func log() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run("ACL SETUSER ann on >pw ~a* +get +acl|whoami")
        for line in ["AUTH ann no", "AUTH ann pw", "GET b", "GET b", "SET a b", "GET c"] { try client.run(line) }
        let entries = try server.run("ACL LOG").elements ?? []
        #expect(entries.map { $0.pair("reason") } == ["key", "command", "key", "auth"])
        #expect(entries.map { $0.pair("object") } == ["c", "set", "b", "AUTH"])
        #expect(entries.map { $0.pair("count") } == [1, 1, 2, 1])
        #expect(entries.map { $0.pair("entry-id") } == [3, 2, 1, 0])
        #expect(entries.allSatisfy { $0.pair("username") == "ann" && $0.pair("context") == "toplevel" })
        #expect(try server.run("ACL LOG 2").elements?.count == 2)
        #expect(try server.run("ACL LOG -1") == [])
        let info = try server.run("INFO stats").string ?? ""
        for line in ["auth:1", "cmd:1", "key:3", "channel:0"] { #expect(info.contains("acl_access_denied_\(line)")) }
        server.advance(milliseconds: 60_001)
        try client.run("GET c")
        #expect(try server.run("ACL LOG").elements?.first?.pair("count") == 1)
        try server.run("CONFIG SET acllog-max-len 2")
        #expect(try server.run("ACL LOG").elements?.count == 2)
        try server.expect(["ACL LOG RESET": .ok, "ACL LOG": []])
    }

    @Test("DRYRUN tells what a user lacks")
    func dryRun() throws {
        let server = try TestServer()
        try server.run("ACL SETUSER ann +@all -config ~a &c")
        try server.expect([
            "ACL DRYRUN ann GET a": .ok, "ACL DRYRUN ann get b": "User ann has no permissions to access the 'b' key",
            "ACL DRYRUN ann CONFIG GET x": "User ann has no permissions to run the 'config|get' command",
            "ACL DRYRUN ann PUBLISH d x": "User ann has no permissions to access the 'd' channel",
            "ACL DRYRUN ann SUNSUBSCRIBE d": .ok,
            "ACL DRYRUN ann SET a": .error("ERR wrong number of arguments for 'set' command"),
            "ACL DRYRUN ann nosuch a": .error("ERR Command 'nosuch' not found"),
            "ACL DRYRUN nobody GET a": .error("ERR User 'nobody' not found"),
        ])
    }

    @Test("who is removed is out, and the default user is requirepass's")
    func removalAndDefault() throws {
        let server = try TestServer()
        let client = try server.client()
        try server.run("ACL SETUSER ann on nopass +@all")
        try client.run("AUTH ann x")
        #expect(try client.run("ACL DELUSER ann") == 1)
        #expect(throws: ConnectionClosed.self) { try client.run("PING") }
        try server.run("CONFIG SET requirepass secret")
        let digest = SHA256.digest(of: Array("secret".utf8)).hexadecimal
        #expect(try server.run("ACL GETUSER default").pair("passwords") == [.text(digest)])
        try server.run("CONFIG SET requirepass \"\"")
        #expect(try server.run("ACL LIST") == [.text("user default \(Self.everything)")])
        // Parts of the same program are nobody that rules are about.
        try server.run("ACL SETUSER default off -@all")
        #expect(try server.run("PING") == .simpleString("PONG"))
        #expect(try server.run("CLIENT KILL USER nobody") == .error("ERR No such user 'nobody'"))
    }
}

extension RESPValue {
    /// The value behind a name in a map.
    fileprivate func pair(_ name: String) -> RESPValue? {
        guard case .map(let pairs) = self else { return nil }
        return pairs.first { $0.key == .text(name) }?.value
    }
}
