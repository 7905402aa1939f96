// DUMP and RESTORE: payloads of a real Redis 7.0.15, the way there and back, options, and what must be refused.

import Testing

@testable import Martlet

struct DumpRestoreTests {
    /// Payload of Redis 7.0.15, how the value is asked for, and the reply.
    private static let payloads: [(hex: String, line: String, reply: RESPValue)] = [
        ("00c0010a002678e7b6d10111fc", "GET k", "1"),
        ("00c2701101000a0001a408fe953095a5", "GET k", "70000"),
        ("000568656c6c6f0a006372df766534200a", "GET k", "hello"),
        ("00c30940c8016161e0bb000161610a001f99f72e01b20de3", "STRLEN k", 200),
        ("0401016601760a00adf24356b1860efc", "HGET k f", "v"),
        (
            "10c32b40611b610000000800816602817602816e02f240e20104846c6f6e6705bc78e03200093d836e656704dffb02ff0a00"
                + "9ac9237a411e780d", "HGET k neg", "-5"
        ),
        ("0b180400000004000000fbffffff0100000002000000e09304000a0085663c444c155562", "SISMEMBER k 300000", 1),
        ("020101610a006296e97e44d21a6d", "SISMEMBER k a", 1),
    ]

    private static func bytes(_ hex: String) -> [UInt8] {
        stride(from: 0, to: hex.utf8.count, by: 2).compactMap { offset in
            let start = hex.index(hex.startIndex, offsetBy: offset)
            return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)
        }
    }

    private static func restore(_ server: TestServer, _ payload: [UInt8], _ options: String...) throws -> RESPValue {
        let request: [any RESPArgument] = ["RESTORE", "k", "0", payload]
        return try server.connection.send(request + options.map { $0 as any RESPArgument })
    }

    /// A payload with a right checksum, whatever stands in it.
    private static func sealed(_ body: [UInt8], version: UInt8 = 10) -> [UInt8] {
        let bytes = body + [version, 0]
        let crc = CRC64.of(bytes.span)
        return bytes + (0..<8).map { UInt8(truncatingIfNeeded: crc >> UInt64(8 * $0)) }
    }

    @Test func redisPayloadsAreRestored() throws {
        let server = try TestServer()
        for (hex, line, reply) in Self.payloads {
            #expect(try Self.restore(server, Self.bytes(hex), "REPLACE") == .ok, "\(line)")
            #expect(try server.run(line) == reply, "\(line)")
        }
    }

    /// Where nothing is compressed and nothing has an order of its own, the bytes are Redis's.
    @Test func payloadsAreRedis() throws {
        let server = try TestServer()
        try server.run("SET a 1")
        try server.run("SET b 70000")
        try server.run("SET d hello")
        try server.run("SADD s 1 2 300000 -5")
        for (key, hex) in [
            ("a", Self.payloads[0].hex), ("b", Self.payloads[1].hex), ("d", Self.payloads[2].hex),
            ("s", Self.payloads[6].hex),
        ] {
            #expect(try server.run("DUMP \(key)") == .bulkString(Self.bytes(hex)), "\(key)")
        }
        #expect(try server.run("DUMP none") == .null)
    }

    @Test func deadlinesOfFieldsTravel() throws {
        for entries in [128, 0] {
            var configuration = Configuration()
            configuration.hashMaxListpackEntries = entries
            let server = try TestServer(configuration: configuration)
            try server.run("HSET h a 1 b 2 c 3 d 4")
            try server.run("HPEXPIRE h 5000 FIELDS 1 b")
            try server.run("HPEXPIRE h 3000 FIELDS 1 d")
            let payload = try #require(try server.run("DUMP h").bytes)
            #expect(payload[payload.count - 10] == 12, "an older reader must refuse it")
            #expect(try Self.restore(server, payload) == .ok)
            #expect(try server.run("HPTTL k FIELDS 4 a b c d") == [-1, 5000, -1, 3000])
            server.advance(milliseconds: 4000)
            server.runDueWork()
            #expect(try server.run("HLEN k") == 3)
            // What is over is not restored; when all is, neither is the key.
            #expect(try Self.restore(server, payload, "REPLACE") == .ok)
            #expect(try server.run("HMGET k a b d") == ["1", "2", .null])
        }
    }

    @Test func aHashOfDeadFieldsIsNoKey() throws {
        let server = try TestServer()
        try server.run("HSET h a 1")
        try server.run("HPEXPIRE h 5 FIELDS 1 a")
        let payload = try #require(try server.run("DUMP h").bytes)
        server.advance(milliseconds: 10)
        #expect(try server.run("SET k old") == .ok)
        #expect(try Self.restore(server, payload, "REPLACE") == .ok)
        #expect(try server.run("EXISTS k") == 0)
    }

    @Test func options() throws {
        let server = try TestServer()
        let payload = Self.bytes(Self.payloads[0].hex)
        let restore = { (words: [any RESPArgument]) in try server.connection.send(["RESTORE"] + words) }
        #expect(try restore(["k", "1000", payload]) == .ok)
        #expect(try server.run("PTTL k") == 1000)
        #expect(try restore(["k", "0", payload]) == .error("BUSYKEY Target key name already exists."))
        #expect(try restore(["k", "0", payload, "replace"]) == .ok)
        #expect(try server.run("TTL k") == -1)
        let later = TestServer.start + 5000
        #expect(try restore(["k", Int(later), payload, "REPLACE", "ABSTTL"]) == .ok)
        #expect(try server.run("PEXPIRETIME k") == .integer(later))
        #expect(try restore(["k", "1", payload, "REPLACE", "ABSTTL"]) == .ok)
        #expect(try server.run("EXISTS k") == 0)
        // Beyond what a number holds: in Redis such a time has passed, too, but the payload is looked at before.
        #expect(
            try restore(["k", Int.max, "x"]) == .error("ERR DUMP payload version or checksum are wrong"))
        #expect(try restore(["k", Int.max, payload]) == .ok)
        #expect(try server.run("EXISTS k") == 0)
        #expect(try restore(["k", "0", payload, "IDLETIME", "1000"]) == .ok)
        #expect(try server.run("OBJECT IDLETIME k") == 1000)
        #expect(try restore(["k", "0", payload, "REPLACE", "FREQ", "100"]) == .ok)
        for (words, error) in [
            (["-1", "REPLACE"], "ERR Invalid TTL value, must be >= 0"),
            (["x", "REPLACE"], "ERR value is not an integer or out of range"),
            (["0", "NOSUCH"], "ERR syntax error"), (["0", "IDLETIME"], "ERR syntax error"),
            (["0", "IDLETIME", "-1"], "ERR Invalid IDLETIME value, must be >= 0"),
            (["0", "FREQ", "256"], "ERR Invalid FREQ value, must be >= 0 and <= 255"),
            (["0", "FREQ", "1", "IDLETIME", "1"], "ERR syntax error"),
        ] {
            let request: [any RESPArgument] =
                ["k", words[0], payload] + words.dropFirst().map { $0 as any RESPArgument }
            #expect(try restore(request) == .error(error), "\(words)")
        }
        #expect(try server.run("GET k") == "1")
    }

    @Test func whatIsNotAPayloadIsRefused() throws {
        let server = try TestServer()
        let wrong = RESPValue.error("ERR DUMP payload version or checksum are wrong")
        let bad = RESPValue.error("ERR Bad data format")
        var broken = Self.bytes(Self.payloads[0].hex)
        broken[1] ^= 1
        #expect(try Self.restore(server, broken) == wrong)
        #expect(try Self.restore(server, []) == wrong)
        #expect(try Self.restore(server, Self.sealed([0, 0xC0, 1], version: 13)) == wrong)
        let bodies: [[UInt8]] = [
            [0], [0, 0xC0], [0, 0xC0, 1, 0], [200], [1, 1, 1, 0x61], [4, 0], [2, 0], [4, 1, 1, 0x61],
            [4, 2, 1, 0x61, 0, 1, 0x61, 0], [2, 2, 1, 0x61, 1, 0x61],
            [0, 0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xF7],
            [0, 0xC3, 1, 0x81, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0], [0, 0xC4], [0, 0x82],
            [4, 0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0x61, 1, 0x61],
            [24, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1, 5, 1, 0x61, 1, 0x61],
        ]
        for body in bodies { #expect(try Self.restore(server, Self.sealed(body)) == bad, "\(body)") }
        #expect(try server.run("EXISTS k") == 0)
        // What was there stays there when the payload is broken.
        try server.run("SET k v")
        #expect(try Self.restore(server, Self.sealed([4, 0]), "REPLACE") == bad)
        #expect(try server.run("GET k") == "v")
    }

    @Test func valkeysFieldDeadlinesAreRead() throws {
        let server = try TestServer()
        let later = TestServer.start + 9000
        let milliseconds = (0..<8).map { UInt8(truncatingIfNeeded: later >> Int64(8 * $0)) }
        let none = [UInt8](repeating: 0xFF, count: 8)
        let body: [UInt8] = [22, 2, 1, 0x61, 1, 0x31] + none + [1, 0x62, 1, 0x32] + milliseconds
        #expect(try Self.restore(server, Self.sealed(body, version: 80)) == .ok)
        #expect(try server.run("HPTTL k FIELDS 2 a b") == [-1, 9000])
    }

    @Test func brokenPayloadsDoNoHarm() throws {
        var random = TestRandom()
        let server = try TestServer()
        try server.run("HSET h a 1 b 2 c \(String(repeating: "x", count: 60))")
        try server.run("HPEXPIRE h 5000 FIELDS 1 b")
        let own = try #require(try server.run("DUMP h").bytes)
        let sources = Self.payloads.map { Self.bytes($0.hex) } + [own]
        let replies: [RESPValue] = [.ok, .error("ERR Bad data format")]
        var refused = 0
        for _ in 0..<4000 {
            var body = Array(sources[random.below(sources.count)].dropLast(10))
            for _ in 0...random.below(3) {
                let place = random.below(body.count)
                switch random.below(3) {
                case 0: body[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: body[place] ^= 1 << UInt8(random.below(8))
                default: body.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
                }
            }
            let reply = try Self.restore(server, Self.sealed(body, version: random.below(2) == 0 ? 12 : 80), "REPLACE")
            #expect(replies.contains(reply), "seed \(random.seed): \(body)")
            if reply != .ok { refused += 1 }
            try server.run("DEBUG DIGEST")
            try server.run("DUMP k")
        }
        #expect(refused > 1000 && refused < 4000)
        #expect(try server.run("PING") == .simpleString("PONG"))
    }
}
