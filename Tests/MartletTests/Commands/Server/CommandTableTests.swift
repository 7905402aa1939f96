// COMMAND and its subcommands. Wire texts are those of Redis 7.0.15.

import Testing

@testable import Martlet

struct CommandTableTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    @Test("INFO is Redis's, byte for byte")
    func info() throws {
        let resp2 = """
            *2 *10 $3 set :-3 *2 +write +denyoom :1 :1 :1 *3 +@write +@string +@slow *0 *1 *8 $5 notes $48 RW and \
            ACCESS due to the optional `GET` argument $5 flags *4 +RW +access +update +variable_flags $12 \
            begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 $9 find_keys *4 $4 type $5 range $4 spec *6 $7 \
            lastkey :0 $7 keystep :1 $5 limit :0 *0 *10 $9 client|id :2 *3 +noscript +loading +stale :0 :0 :0 *2 \
            +@slow +@connection *0 *0 *0
            """
        let resp3 = """
            *2 *10 $3 set :-3 ~2 +write +denyoom :1 :1 :1 ~3 +@write +@string +@slow ~0 ~1 %4 $5 notes $48 RW and \
            ACCESS due to the optional `GET` argument $5 flags ~4 +RW +access +update +variable_flags $12 \
            begin_search %2 $4 type $5 index $4 spec %1 $5 index :1 $9 find_keys %2 $4 type $5 range $4 spec %3 $7 \
            lastkey :0 $7 keystep :1 $5 limit :0 ~0 *10 $9 client|id :2 ~3 +noscript +loading +stale :0 :0 :0 ~2 \
            +@slow +@connection ~0 ~0 ~0
            """
        #expect(try server.wireWords("COMMAND INFO set CLIENT|ID", .resp2) == resp2)
        #expect(try server.wireWords("COMMAND INFO SET client|id", .resp3) == resp3)
    }

    @Test("INFO has null for what does not exist")
    func unknownInfo() throws {
        #expect(try server.wireWords("COMMAND INFO get|key config|get|key nosuch |", .resp2) == "*4 $-1 $-1 $-1 $-1")
        #expect(try server.wireWords("COMMAND INFO nosuch", .resp3) == "*1 _")
    }

    @Test("COMMAND and COMMAND INFO describe all commands, COUNT counts them")
    func everything() throws {
        let count = CommandTable.families.joined().count
        try server.expect(["COMMAND COUNT": .integer(Int64(count))])
        let all = try server.run("COMMAND")
        #expect(all.elements?.count == count)
        #expect(try server.run("COMMAND INFO") == all)
        let config = try #require(all.elements?.first { $0.elements?.first == "config" }?.elements)
        #expect(
            config.last?.elements?.compactMap { $0.elements?.first?.string } == [
                "config|get", "config|help", "config|resetstat", "config|rewrite", "config|set",
            ])
    }

    @Test("DOCS has Redis's fields and types")
    func docs() throws {
        let summary = SelectCommand.spec.summary
        let tail = "$5 since $5 1.0.0 $5 group $10 connection $10 complexity $4 O(1) $9 arguments *1"
        let argument = "$4 name $5 index $4 type $7 integer"
        #expect(
            try server.wireWords("COMMAND DOCS select", .resp2)
                == "*2 $6 select *10 $7 summary $\(summary.utf8.count) \(summary) \(tail) *4 \(argument)")
        #expect(
            try server.wireWords("COMMAND DOCS SELECT nosuch", .resp3)
                == "%1 $6 select %5 $7 summary $\(summary.utf8.count) \(summary) \(tail) %2 \(argument)")
        try server.expect(["COMMAND DOCS nosuch": .map([])])
    }

    @Test("DOCS of a container hold its subcommands; of a superseded command what replaces it")
    func nestedDocs() throws {
        let config = try fields("config")
        guard case .map(let subcommands) = config["subcommands"] else {
            Issue.record("no subcommands")
            return
        }
        #expect(
            subcommands.map { $0.key.string } == [
                "config|get", "config|help", "config|resetstat", "config|rewrite", "config|set",
            ])
        let getset = try fields("getset")
        #expect(getset["doc_flags"] == .set([.simpleString("deprecated")]))
        #expect(getset["deprecated_since"] == "6.2.0" && getset["replaced_by"]?.string != nil)
        #expect(try fields("debug")["doc_flags"] == .set([.simpleString("syscmd")]))
        #expect(try fields("set")["history"]?.elements?.count == SetCommand.spec.history.count)
    }

    private func fields(_ command: String) throws -> [String: RESPValue] {
        guard case .map(let commands) = try server.run("COMMAND DOCS \(command)"),
            case .map(let fields) = commands.first?.value
        else { return [:] }
        return Dictionary(uniqueKeysWithValues: fields.map { ($0.key.string ?? "", $0.value) })
    }

    @Test("LIST filters by pattern, category and module")
    func list() throws {
        let all = try server.run("COMMAND LIST").elements ?? []
        #expect(all.contains("set") && all.contains("client|list"))
        let bitmaps = try server.run("COMMAND LIST FILTERBY ACLCAT BitMap").elements ?? []
        #expect(bitmaps.compactMap(\.string).sorted() == BitmapCommands.all.map(\.name).sorted())
        let syntax = RESPValue.error("ERR syntax error")
        try server.expect([
            "COMMAND LIST FILTERBY PATTERN set": ["set"], "COMMAND LIST FILTERBY PATTERN SELEC?": ["select"],
            "COMMAND LIST FILTERBY PATTERN config|*s*": ["config|resetstat", "config|set"],
            "COMMAND LIST FILTERBY PATTERN nosuch*": [], "COMMAND LIST FILTERBY ACLCAT nosuch": [],
            "COMMAND LIST FILTERBY MODULE nosuch": [], "COMMAND LIST x": syntax, "COMMAND LIST FILTERBY": syntax,
            "COMMAND LIST FILTERBY PATTERN": syntax, "COMMAND LIST FILTERBY x y": syntax,
            "COMMAND LIST FILTERBY PATTERN a b": syntax,
        ])
    }

    @Test("GETKEYS finds the keys of a request")
    func keys() throws {
        let invalid = RESPValue.error("ERR Invalid command specified")
        let wrongCount = RESPValue.error("ERR Invalid number of arguments specified for command")
        try server.expect([
            "COMMAND GETKEYS get key": ["key"], "COMMAND GETKEYS MSET a 1 b 2": ["a", "b"],
            "COMMAND GETKEYS lcs a b IDX": ["a", "b"], "COMMAND GETKEYS bitop and d a b": ["d", "a", "b"],
            "COMMAND GETKEYS object encoding a": ["a"], "COMMAND GETKEYS del a a": ["a", "a"],
            "COMMAND GETKEYS nosuch a": invalid, "COMMAND GETKEYS object nosuch": invalid,
            "COMMAND GETKEYS get a b": wrongCount, "COMMAND GETKEYS mset a": wrongCount,
            "COMMAND GETKEYS ping a": .error("ERR The command has no key arguments"),
            "COMMAND GETKEYS get": .error("ERR wrong number of arguments for 'command|getkeys' command"),
        ])
    }

    @Test("GETKEYSANDFLAGS tells what happens to them, also where that depends on the words")
    func keysAndFlags() throws {
        let cases: [(String, String)] = [
            ("set k v", "OW update"), ("set k v EX 5 get", "RW access update"), ("set get get", "OW update"),
            ("get k", "RO access"), ("bitfield k GET u8 0", "RO access"),
            ("bitfield k OVERFLOW SAT GET u8 0", "RO access"), ("bitfield k GET u8 0 SET u8 0 1", "RW access update"),
            ("bitfield k GET", "RW access update"), ("del k", "RM delete"),
        ]
        for (request, flags) in cases {
            let reply = try server.run("COMMAND GETKEYSANDFLAGS \(request)")
            let names = reply.elements?.first?.elements?.last?.elements?.compactMap(\.string)
            #expect(names?.joined(separator: " ") == flags, "\(request)")
        }
        #expect(try server.wireWords("COMMAND GETKEYSANDFLAGS set k v", .resp3) == "*1 *2 $1 k ~2 +OW +update")
    }

    @Test("every command can be looked up by its own name and shows its arity")
    func lookups() throws {
        for spec in CommandTable.families.joined() {
            let entry = try server.run("COMMAND INFO \(spec.name)").elements?.first?.elements
            #expect(entry?.first?.string == spec.name && entry?[1] == .integer(Int64(spec.arity)), "\(spec.name)")
        }
    }
}

struct KeyRangeTests {
    private func range(_ keys: [KeySpec]) -> [Int] {
        let range = CommandSpec(
            "x", summary: "", since: "", group: .generic, complexity: "", arity: 1, keys: keys
        ).legacyRange
        return [range.first, range.last, range.step, range.missesKeys ? 1 : 0]
    }

    @Test("the old form of key positions follows from the specifications as in Redis")
    func ranges() {
        #expect(range([]) == [0, 0, 0, 0])
        #expect(range([.key(1, .readOnly)]) == [1, 1, 1, 0])
        #expect(range([.keys(from: 1, step: 2, .overwrite)]) == [1, -1, 2, 0])
        // Neighbours are one range.
        #expect(range([.key(1, .readWrite), .key(2, .overwrite)]) == [1, 2, 1, 0])
        #expect(range([.key(2, .overwrite), .keys(from: 3, .readOnly)]) == [2, -1, 1, 0])
        // A gap, a step and a keyword are beyond the old form.
        #expect(range([.key(1, .readOnly), .key(3, .overwrite)]) == [1, 1, 1, 1])
        let store = KeySpec(
            .overwrite, begin: .keyword("STORE", startFrom: 2), find: .range(last: 0, step: 1, limit: 0))
        #expect(range([.key(1, .readOnly), store]) == [1, 1, 1, 1])
        #expect(range([store]) == [0, 0, 0, 1])
        #expect(range([.key(1, [.readOnly, .incomplete])]) == [1, 1, 1, 1])
        let counted = KeySpec(.readOnly, begin: .index(2), find: .keyNumber(index: 0, first: 1, step: 1))
        #expect(range([counted]) == [0, 0, 0, 1])
    }

    @Test("keys behind a number or a keyword are found, and what does not fit is refused")
    func positions() {
        let counted = KeySpec(.readOnly, begin: .index(2), find: .keyNumber(index: 0, first: 1, step: 1))
        let store = KeySpec(
            .overwrite, begin: .keyword("STORE", startFrom: 2), find: .range(last: 0, step: 1, limit: 0))
        let half = KeySpec(
            .readOnly, begin: .keyword("STREAMS", startFrom: 1), find: .range(last: -1, step: 1, limit: 2))
        let positions: (KeySpec, String) -> [Int]? = { spec, line in
            let words = line.split(separator: " ").map(String.init)
            return spec.positions(count: words.count, word: { words[$0] })
        }
        #expect(positions(counted, "eval s 2 a b c") == [3, 4])
        #expect(positions(counted, "eval s 0") == [])
        #expect(positions(counted, "eval s 3 a b") == nil)
        #expect(positions(counted, "eval s -1 a b") == nil)
        #expect(positions(counted, "eval s x") == nil)
        #expect(positions(counted, "eval s 9223372036854775807 a") == nil)
        #expect(positions(store, "sort a store b") == [3])
        #expect(positions(store, "sort a") == [])
        #expect(positions(half, "xread streams a b 0 0") == [2, 3])
    }
}
