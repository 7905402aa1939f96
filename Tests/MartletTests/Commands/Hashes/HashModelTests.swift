// Random hash commands against a dictionary, with limits so low that all encodings take their turns, and on a clock
// that moves, so that fields and keys vanish.

import Testing

@testable import Martlet

struct HashModelTests {
    private struct Field {
        var value: String
        var deadline: Int64?
    }

    private struct Model {
        var fields: [String: Field] = [:]
        var now = TestServer.start

        mutating func advance(_ milliseconds: Int64) {
            now += milliseconds
            fields = fields.filter { now <= $0.value.deadline ?? Int64.max }
        }
    }

    @Test("random commands find what the model finds", arguments: [11, 12, 13, 14, 15, 16] as [UInt64])
    func model(seed: UInt64) throws {
        var configuration = Configuration()
        configuration.hashMaxListpackEntries = 6
        configuration.hashMaxListpackValue = 12
        let server = try TestServer(seed: seed, configuration: configuration)
        var dice = SeededRandom(seed: seed)
        var model = Model()
        for step in 0..<600 {
            let note: Comment = "seed \(seed), step \(step)"
            let name = "f\(dice.below(9))"
            switch dice.below(10) {
            case 0...2:
                let value = dice.below(12) == 0 ? "a-value-that-is-long-\(step)" : "\(dice.below(1000))"
                let isNew = model.fields[name] == nil
                #expect(try server.run("HSET h \(name) \(value)") == .integer(isNew ? 1 : 0), note)
                model.fields[name] = Field(value: value, deadline: nil)
            case 3:
                let existed = model.fields.removeValue(forKey: name) != nil
                #expect(try server.run("HDEL h \(name)") == .integer(existed ? 1 : 0), note)
            case 4, 5:
                let time = Int64(dice.below(50))
                let reply = try server.run("HPEXPIRE h \(time) FIELDS 1 \(name)")
                guard model.fields[name] != nil else {
                    #expect(reply == [-2], note)
                    continue
                }
                #expect(reply == (time == 0 ? [2] : [1]), note)
                if time == 0 { model.fields[name] = nil } else { model.fields[name]?.deadline = model.now + time }
            case 6:
                let reply = try server.run("HPERSIST h FIELDS 1 \(name)")
                let field = model.fields[name]
                #expect(reply == [field == nil ? -2 : field?.deadline == nil ? -1 : 1], note)
                model.fields[name]?.deadline = nil
            case 7:
                let amount = Int64(dice.below(20))
                server.advance(milliseconds: amount)
                model.advance(amount)
                if dice.below(2) == 0 { server.runDueWork() }
            case 8:
                try server.run("COPY h copy REPLACE")
                try server.run("DEL h")
                try server.run("RENAME copy h")
            default:
                let field = model.fields[name]
                #expect(
                    try server.run("HGET h \(name)") == field.map { .bulkString(Array($0.value.utf8)) } ?? .null, note)
                let ttl = field.map { $0.deadline.map { $0 - model.now } ?? -1 } ?? -2
                #expect(try server.run("HPTTL h FIELDS 1 \(name)") == [.integer(ttl)], note)
            }
            try check(server, model, note)
        }
    }

    private func check(_ server: TestServer, _ model: Model, _ note: Comment) throws {
        let wire = try server.wire("HKEYS h")
        let names = Swift.Set(wire.split(separator: "\r\n").filter { $0.first == "f" }.map(String.init))
        #expect(names == Swift.Set(model.fields.keys), note)
        server.runDueWork()
        #expect(try server.run("HLEN h") == .integer(Int64(model.fields.count)), note)
        #expect(try server.run("EXISTS h") == .integer(model.fields.isEmpty ? 0 : 1), note)
    }
}

struct HashExpiryTests {
    @Test func aFieldIsGoneOnTime() throws {
        let server = try TestServer()
        try server.run("HSET h a 1 b 2")
        #expect(try server.run("HPEXPIRE h 100 FIELDS 2 a missing") == [1, -2])
        #expect(try server.run("OBJECT ENCODING h") == "listpackex")
        server.advance(milliseconds: 100)
        #expect(try server.run("HGET h a") == "1")
        server.advance(milliseconds: 1)
        #expect(try server.run("HGET h a") == .null)
        server.runDueWork()
        #expect(try server.run("HLEN h") == 1)
        #expect(try server.run("TTL h") == -1)
    }

    @Test func anEmptiedHashIsRemoved() throws {
        let server = try TestServer()
        try server.run("HSET h a 1")
        try server.run("HPEXPIRE h 5 FIELDS 1 a")
        server.advance(milliseconds: 6)
        server.runDueWork()
        #expect(try server.run("DBSIZE") == 0)
    }

    /// More fields than one slice removes, in a table.
    @Test func manyFieldsAreDueAtOnce() throws {
        let server = try TestServer()
        for first in stride(from: 0, to: 5000, by: 500) {
            try server.run("HSET h keep 1 " + (first..<first + 500).map { "f\($0) v" }.joined(separator: " "))
            let names = (first..<first + 500).map { "f\($0)" }.joined(separator: " ")
            try server.run("HPEXPIRE h 50 FIELDS 500 \(names)")
        }
        try server.run("PEXPIRE h 1000")
        #expect(try server.run("OBJECT ENCODING h") == "hashtable")
        server.advance(milliseconds: 51)
        server.runDueWork()
        #expect(try server.run("HLEN h") == 1)
        #expect(try server.run("PTTL h") == 949)
        server.advance(milliseconds: 950)
        server.runDueWork()
        #expect(try server.run("DBSIZE") == 0)
    }

    @Test func keysWithTimedFieldsAreNotCountedAsVolatile() throws {
        let server = try TestServer()
        try server.run("HSET h a 1")
        try server.run("HEXPIRE h 100 FIELDS 1 a")
        #expect(try server.wire("INFO keyspace").contains("keys=1,expires=0"))
        try server.run("EXPIRE h 100")
        #expect(try server.wire("INFO keyspace").contains("keys=1,expires=1"))
        try server.run("PERSIST h")
        #expect(try server.wire("INFO keyspace").contains("keys=1,expires=0"))
        try server.run("DEL h")
        #expect(try server.run("DBSIZE") == 0)
    }

    @Test func conditionsOfHExpire() throws {
        let server = try TestServer()
        try server.run("HSET h a 1")
        #expect(try server.run("HEXPIRE h 10 XX FIELDS 1 a") == [0])
        #expect(try server.run("HEXPIRE h 10 GT FIELDS 1 a") == [0])
        #expect(try server.run("HEXPIRE h 10 LT FIELDS 1 a") == [1])
        #expect(try server.run("HEXPIRE h 20 NX FIELDS 1 a") == [0])
        #expect(try server.run("HEXPIRE h 20 GT FIELDS 1 a") == [1])
        #expect(try server.run("HTTL h FIELDS 1 a") == [20])
        #expect(try server.run("HEXPIRETIME h FIELDS 1 a") == [.integer(TestServer.start / 1000 + 20)])
        #expect(try server.run("HEXPIREAT h 1 FIELDS 1 a") == [2])
        #expect(try server.run("EXISTS h") == 0)
    }

    @Test(arguments: [
        ("HEXPIRE h -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0"),
        ("HEXPIRE h 99999999999999 FIELDS 1 a", "ERR invalid expire time in 'hexpire' command"),
        ("HEXPIRE h 1 FELDS 1 a", "ERR Mandatory argument FIELDS is missing or not at the right position"),
        ("HEXPIRE h 1 FIELDS 0 a", "ERR Parameter `numFields` should be greater than 0"),
        ("HEXPIRE h 1 FIELDS 2 a", "ERR The `numfields` parameter must match the number of arguments"),
        ("HTTL h FIELDS x a", "ERR Parameter `numFields` should be greater than 0"),
        ("HSETEX h FNX FXX FIELDS 1 a b", "ERR Only one of FXX or FNX arguments can be specified"),
        ("HSETEX h FIELDS 1 a b c", "ERR The `numfields` parameter must match the number of arguments"),
        ("HSETEX h FIELDS 1 a b FIELDS 1 c d", "ERR FIELDS keyword specified multiple times"),
        (
            "HSETEX h EX 10 EX 20 FIELDS 1 a b",
            "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified"
        ),
        (
            "HGETEX h FIELDS 1 a PERSIST PX 20",
            "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified"
        ),
        ("HEXPIRE h 10 NX XX FIELDS 1 a", "ERR Multiple condition flags specified"),
        // What no field can have, a file would refuse.
        ("HSETEX h PXAT 9223372036854775807 FIELDS 1 a b", "ERR invalid expire time in 'hsetex' command"),
        ("HSETEX h PX 70368744177664 FIELDS 1 a b", "ERR invalid expire time in 'hsetex' command"),
        ("HGETEX h PXAT 281474976710656 FIELDS 1 a", "ERR invalid expire time in 'hgetex' command"),
        ("HGETEX h EX 9223372036854775807 FIELDS 1 a", "ERR invalid expire time in 'hgetex' command"),
        ("HGETEX h PX -1 FIELDS 1 a", "ERR invalid expire time, must be >= 0"),
        ("HSETEX h FIELDS 1 a", "ERR wrong number of arguments for 'hsetex' command"),
        ("HEXPIRE s 1 FIELDS 1 a", "WRONGTYPE Operation against a key holding the wrong kind of value"),
    ])
    func refusals(command: String, error: String) throws {
        let server = try TestServer()
        try server.run("HSET h a 1")
        try server.run("SET s 1")
        #expect(try server.run(command) == .error(error))
    }

    @Test func newerCommands() throws {
        let server = try TestServer()
        #expect(try server.run("HSETEX h FNX EX 10 FIELDS 2 a 1 b 2") == 1)
        #expect(try server.run("HSETEX h FNX FIELDS 2 b 3 c 4") == 0)
        #expect(try server.run("HSETEX h FXX KEEPTTL FIELDS 1 a 5") == 1)
        #expect(try server.run("HTTL h FIELDS 3 a b c") == [10, 10, -2])
        #expect(try server.run("HGETEX h PERSIST FIELDS 2 a c") == ["5", .null])
        #expect(try server.run("HTTL h FIELDS 1 a") == [-1])
        #expect(try server.run("HGETDEL h FIELDS 3 a b c") == ["5", "2", .null])
        #expect(try server.run("EXISTS h") == 0)
    }

    /// A reply that no memory would hold is not begun.
    @Test func randomFieldsWithoutEnd() throws {
        let server = try TestServer()
        try server.run("HSET h a 1")
        #expect(try server.run("HRANDFIELD h -9223372036854775") == .error("ERR value is out of range"))
        #expect(try server.run("HRANDFIELD h -5 WITHVALUES").elements?.count == 5)
    }

    /// Redis 8.6 takes options behind the fields, too; a time of 0 has passed.
    @Test func optionsInAnyOrder() throws {
        let server = try TestServer()
        #expect(try server.run("HSETEX h FIELDS 2 a 1 b 2 EX 10") == 1)
        #expect(try server.run("HSETEX h FXX FIELDS 1 a 3 KEEPTTL") == 1)
        #expect(try server.run("HGETEX h FIELDS 1 b PERSIST") == ["2"])
        #expect(try server.run("HEXPIRE h 20 FIELDS 1 b NX") == [1])
        #expect(try server.run("HTTL h FIELDS 2 a b") == [10, 20])
        #expect(try server.run("HGETEX h PX 0 FIELDS 1 b") == ["2"])
        #expect(try server.run("HSETEX h EX 0 FIELDS 1 c 1") == 1)
        #expect(try server.run("HGETALL h") == .map([.init("a", "3")]))
    }

    @Test func setClearsAndIncrementKeepsTheDeadline() throws {
        let server = try TestServer()
        try server.run("HSETEX h EX 10 FIELDS 2 a 1 b 1")
        try server.run("HINCRBY h a 5")
        try server.run("HSET h b 2")
        #expect(try server.run("HTTL h FIELDS 2 a b") == [10, -1])
    }
}
