// Hashes with values too long for a listpack: one block while they are small, a table when they are not; the same to
// whoever asks.

import Testing

@testable import Martlet

struct HashLongValueTests {
    private func kind(of key: String, _ server: TestServer) -> ValueKind? {
        server.server.engine.loop.perform { [engine = server.server.engine] in
            let bytes = Array(key.utf8)
            return engine.server.keyspace.value.lookup(bytes.span, in: 0, for: .inspect)?.valueKind
        }
    }

    @Test func theyAreTablesToWhoeverAsks() throws {
        let server = try TestServer()
        try server.run("HSET h a 1 b 2")
        #expect(try server.run("OBJECT ENCODING h") == "listpack")
        try server.run("HSET h long \(String(repeating: "x", count: 65))")
        #expect(try server.run("OBJECT ENCODING h") == "hashtable")
        #expect(kind(of: "h", server) == .hashPackedTable)
        // It does not go back.
        try server.run("HDEL h long")
        #expect(try server.run("OBJECT ENCODING h") == "hashtable")
        #expect(try server.run("HGETALL h") == .map([.init("a", "1"), .init("b", "2")]))
        let text = String(repeating: "y", count: 300)
        try server.run("HSET made \(text) 1 n 5")
        #expect(kind(of: "made", server) == .hashPackedTable)
        #expect(try server.run("HINCRBY made n 3") == .integer(8))
        #expect(try server.run("HSTRLEN made \(text)") == .integer(1))
    }

    @Test func manyFieldsOrManyBytesAreATable() throws {
        let server = try TestServer()
        let text = String(repeating: "x", count: 100)
        for number in 0..<EncodingLimits.blockFields {
            try server.run("HSET fields f\(number) \(number == 0 ? text : "v")")
        }
        #expect(kind(of: "fields", server) == .hashPackedTable)
        try server.run("HSET fields one-more v")
        #expect(kind(of: "fields", server) == .hashTable)
        #expect(try server.run("HLEN fields") == .integer(Int64(EncodingLimits.blockFields + 1)))

        for number in 0..<60 { try server.run("HSET bytes f\(number) \(text)") }
        #expect(kind(of: "bytes", server) == .hashTable)
        #expect(try server.run("HLEN bytes") == .integer(60))
        try server.run("HSET grown f \(text)")
        try server.run("HSET grown f \(String(repeating: "x", count: EncodingLimits.blockBytes))")
        #expect(kind(of: "grown", server) == .hashTable)
        #expect(try server.run("HSTRLEN grown f") == .integer(Int64(EncodingLimits.blockBytes)))

        // Many short ones are a listpack, and no block of 64 when a long one comes.
        for number in 0..<100 { try server.run("HSET short f\(number) v") }
        #expect(kind(of: "short", server) == .hashListpack)
        try server.run("HSET short long \(text)")
        #expect(kind(of: "short", server) == .hashTable)
    }

    @Test func deadlinesOfFieldsMakeATable() throws {
        let server = try TestServer()
        let text = String(repeating: "x", count: 100)
        try server.run("HSET h a 1 long \(text) b 2")
        #expect(try server.run("HPEXPIRE h 50 FIELDS 1 b") == [.integer(1)])
        #expect(kind(of: "h", server) == .hashTable)
        #expect(try server.run("HPERSIST h FIELDS 2 a b") == [.integer(-1), .integer(1)])
        try server.run("HPEXPIRE h 50 FIELDS 2 b long")
        server.advance(milliseconds: 51)
        #expect(try server.run("HGETALL h") == .map([.init("a", "1")]))
    }

    @Test func theyAreSavedAsTables() throws {
        let server = try TestServer()
        let text = String(repeating: "x", count: 100)
        try server.run("HSET h a 1 long \(text)")
        let digest = try server.run("DEBUG DIGEST")
        guard case .bulkString(let payload) = try server.run("DUMP h") else {
            Issue.record("no payload")
            return
        }
        // RDB_TYPE_HASH: pairs, as Redis writes its tables.
        #expect(payload.first == 4)
        try server.run("DEBUG RELOAD")
        #expect(try server.run("DEBUG DIGEST") == digest)
        #expect(try server.run("OBJECT ENCODING h") == "hashtable")
        #expect(kind(of: "h", server) == .hashPackedTable)
        try server.run("COPY h copy")
        #expect(kind(of: "copy", server) == .hashPackedTable)
        #expect(try server.run("HGET copy long") == .bulkString(Array(text.utf8)))
    }

    /// The model's commands, with values and numbers of fields around the limits of a block.
    @Test func randomSizesFindWhatTheModelFinds() throws {
        var random = TestRandom()
        for _ in 0..<20 {
            let seed = random.next()
            var dice = SeededRandom(seed: seed)
            let server = try TestServer(seed: seed)
            var model: [String: String] = [:]
            for _ in 0..<400 {
                let name = "f\(dice.below(80))"
                if dice.below(4) == 0 {
                    let existed = model.removeValue(forKey: name) != nil
                    #expect(try server.run("HDEL h \(name)") == .integer(existed ? 1 : 0), "seed \(seed)")
                } else {
                    let value = String(repeating: "v", count: 1 + dice.below(dice.below(5) == 0 ? 200 : 30))
                    let isNew = model.updateValue(value, forKey: name) == nil
                    #expect(try server.run("HSET h \(name) \(value)") == .integer(isNew ? 1 : 0), "seed \(seed)")
                }
            }
            for (name, value) in model {
                #expect(try server.run("HGET h \(name)") == .bulkString(Array(value.utf8)), "seed \(seed)")
            }
            #expect(try server.run("HLEN h") == .integer(Int64(model.count)), "seed \(seed)")
        }
    }
}
