// Random set commands against Swift sets, with limits so low that all encodings take their turns.

import Testing

@testable import Martlet

struct SetModelTests {
    @Test("random commands find what the model finds", arguments: [21, 22, 23, 24, 25, 26] as [UInt64])
    func model(seed: UInt64) throws {
        var configuration = Configuration()
        configuration.setMaxIntsetEntries = 8
        configuration.setMaxListpackEntries = 10
        configuration.setMaxListpackValue = 12
        let server = try TestServer(seed: seed, configuration: configuration)
        var dice = SeededRandom(seed: seed)
        var models: [String: Swift.Set<String>] = ["x": [], "y": [], "z": []]
        for step in 0..<600 {
            let note: Comment = "seed \(seed), step \(step)"
            let key = ["x", "y", "z"][dice.below(3)]
            let other = ["x", "y", "z"][dice.below(3)]
            let member = Self.member(&dice, step)
            switch dice.below(10) {
            case 0...3:
                let isNew = models[key]?.insert(member).inserted == true
                #expect(try server.run("SADD \(key) \(member)") == .integer(isNew ? 1 : 0), note)
            case 4, 5:
                let existed = models[key]?.remove(member) != nil
                #expect(try server.run("SREM \(key) \(member)") == .integer(existed ? 1 : 0), note)
            case 6:
                let existed = models[key]?.contains(member) == true
                #expect(try server.run("SMOVE \(key) \(other) \(member)") == .integer(existed ? 1 : 0), note)
                if existed {
                    models[key]?.remove(member)
                    models[other]?.insert(member)
                }
            case 7:
                let result = try combine(server, &dice, models[key] ?? [], models[other] ?? [], "\(key) \(other)", note)
                models["z"] = result
            case 8:
                let popped = try server.run("SPOP \(key)")
                if case .bulkString(let bytes) = popped {
                    #expect(models[key]?.remove(String(decoding: bytes, as: UTF8.self)) != nil, note)
                } else {
                    #expect(models[key]?.isEmpty == true, note)
                }
            default:
                try server.run("DEL \(key)")
                models[key] = []
                if dice.below(2) == 0 {
                    try server.run("COPY \(other) \(key)")
                    models[key] = models[other]
                }
            }
            for (key, model) in models { try check(server, key, model, note) }
        }
    }

    private static func member(_ dice: inout SeededRandom, _ step: Int) -> String {
        switch dice.below(20) {
        case 0: "a-member-that-is-long-\(step % 3)"
        case 1...8: "\((dice.below(14) - 7) * [1, 1000, 100_000, 1 << 40][dice.below(4)])"
        default: "m\(dice.below(12))"
        }
    }

    private func combine(
        _ server: TestServer, _ dice: inout SeededRandom, _ first: Swift.Set<String>, _ second: Swift.Set<String>,
        _ keys: String, _ note: Comment
    ) throws -> Swift.Set<String> {
        let (name, result): (String, Swift.Set<String>) =
            switch dice.below(3) {
            case 0: ("SINTERSTORE", first.intersection(second))
            case 1: ("SUNIONSTORE", first.union(second))
            default: ("SDIFFSTORE", first.subtracting(second))
            }
        #expect(try server.run("SINTERCARD 2 \(keys)") == .integer(Int64(first.intersection(second).count)), note)
        #expect(try server.run("\(name) z \(keys)") == .integer(Int64(result.count)), note)
        return result
    }

    private func check(_ server: TestServer, _ key: String, _ model: Swift.Set<String>, _ note: Comment) throws {
        #expect(try Self.members(server, key) == model, note)
        #expect(try server.run("SCARD \(key)") == .integer(Int64(model.count)), note)
        #expect(try server.run("EXISTS \(key)") == .integer(model.isEmpty ? 0 : 1), note)
        if let member = model.first { #expect(try server.run("SISMEMBER \(key) \(member)") == 1, note) }
    }

    private static func members(_ server: TestServer, _ key: String) throws -> Swift.Set<String> {
        guard case .set(let members) = try server.run("SMEMBERS \(key)") else { return [] }
        return Swift.Set(
            members.compactMap { member in
                if case .bulkString(let bytes) = member { String(decoding: bytes, as: UTF8.self) } else { nil }
            })
    }
}

struct SetEncodingTests {
    @Test func encodingsFollowTheContent() throws {
        let server = try TestServer()
        func encoding(_ key: String) throws -> RESPValue { try server.run("OBJECT ENCODING \(key)") }
        try server.run("SADD a 1 2 3")
        #expect(try encoding("a") == "intset")
        try server.run("SADD a x")
        #expect(try encoding("a") == "listpack")
        try server.run("SADD a \(String(repeating: "y", count: 65))")
        #expect(try encoding("a") == "hashtable")
        try server.run("SADD b " + (0..<513).map(String.init).joined(separator: " "))
        #expect(try encoding("b") == "hashtable")
        try server.run("SADD c " + (0..<512).map(String.init).joined(separator: " "))
        #expect(try encoding("c") == "intset")
        try server.run("SADD c 512")
        #expect(try encoding("c") == "hashtable")
        try server.run("SADD d " + (0..<129).map { "m\($0)" }.joined(separator: " "))
        #expect(try encoding("d") == "hashtable")
        try server.run("SINTERSTORE e b c")
        #expect(try encoding("e") == "intset" || encoding("e") == "hashtable")
    }

    /// Every member comes up about equally often: 20 members, 20,000 draws, 999 degrees of doubt.
    @Test(arguments: [10, 200])
    func randomMembersAreUniform(size: Int) throws {
        let server = try TestServer(seed: 99)
        try server.run("SADD s " + (0..<size).map { "m\($0)" }.joined(separator: " "))
        guard case .array(let drawn) = try server.run("SRANDMEMBER s -\(size * 1000)") else {
            Issue.record("no array")
            return
        }
        var counts: [[UInt8]: Int] = [:]
        for member in drawn { if case .bulkString(let bytes) = member { counts[bytes, default: 0] += 1 } }
        #expect(counts.count == size)
        let chiSquare = counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
        #expect(chiSquare < Double(size) + 6 * (2 * Double(size)).squareRoot(), "seed 99")
    }

    @Test func countsOfRandomMembers() throws {
        let server = try TestServer()
        try server.run("SADD s " + (0..<300).map { "m\($0)" }.joined(separator: " "))
        for count in [1, 50, 150, 299, 300, 400] {
            guard case .array(let members) = try server.run("SRANDMEMBER s \(count)") else {
                Issue.record("no array")
                continue
            }
            let texts = Swift.Set(members.map { "\($0)" })
            #expect(texts.count == min(count, 300) && members.count == texts.count)
        }
        guard case .set(let popped) = try server.run("SPOP s 100") else {
            Issue.record("no set")
            return
        }
        #expect(Swift.Set(popped.map { "\($0)" }).count == 100)
        #expect(try server.run("SCARD s") == 200)
    }
}

struct RepeatedSetTests {
    @Test func aSetThatIsNamedOftenCountsOnce() throws {
        let server = try TestServer()
        try server.run("SADD s " + (0..<300).map { "m\($0)" }.joined(separator: " "))
        try server.run("SADD t " + (200..<500).map { "m\($0)" }.joined(separator: " "))
        let often = [String](repeating: "s", count: 1000).joined(separator: " ")
        let both = [String](repeating: "s t", count: 500).joined(separator: " ")
        try server.expect([
            "SINTERCARD 1000 \(often)": 300, "SINTERCARD 1000 \(often) LIMIT 7": 7,
            "SINTERCARD 1000 \(both)": 100, "SINTERCARD 1001 \(both) none": 0,
            "SINTERSTORE d \(often)": 300, "SINTERSTORE d \(both)": 100, "SINTERSTORE d s none s": 0,
            "SUNIONSTORE d \(often)": 300, "SUNIONSTORE d \(both) none": 500,
            "SDIFFSTORE d s": 300, "SDIFFSTORE d s s": 0, "SDIFFSTORE d s t t none t": 200,
            "SDIFFSTORE d \(both)": 0, "SDIFFSTORE d none \(often)": 0, "SDIFF s s": .set([]),
            "SADD d m1 m2": 2, "SDIFFSTORE d d d": 0, "EXISTS d": 0,
        ])
    }
}
