// URLs, retries' pauses, key slots and what is known of commands.

import Martlet
import Testing

@testable import MartletClient

struct URLTests {
    @Test func oneServer() throws {
        let plain = try RedisClientConfiguration(url: "redis://example.org")
        #expect(plain.topology == .single(.tcp(host: "example.org", port: 6379)))
        #expect(plain.credentials == nil && plain.database == 0 && !plain.usesTLS)
        let full = try RedisClientConfiguration(url: "rediss://ann:p%40ss%3Aw@example.org:6380/3")
        #expect(full.topology == .single(.tcp(host: "example.org", port: 6380)))
        #expect(full.credentials == RedisCredentials(username: "ann", password: "p@ss:w"))
        #expect(full.database == 3 && full.usesTLS)
        let password = try RedisClientConfiguration(url: "redis://:secret@localhost")
        #expect(password.credentials == RedisCredentials(password: "secret"))
        let six = try RedisClientConfiguration(url: "redis://[::1]:7000?db=2")
        #expect(six.topology == .single(.tcp(host: "::1", port: 7000)) && six.database == 2)
        #expect(try RedisClientConfiguration(url: "redis://").topology == .single(.tcp(host: "127.0.0.1", port: 6379)))
    }

    @Test func otherTopologies() throws {
        let socket = try RedisClientConfiguration(url: "redis-socket://:pw@/run/redis%20one.sock?db=4")
        #expect(socket.topology == .single(.unix(path: "/run/redis one.sock")))
        #expect(socket.database == 4 && socket.credentials?.password == "pw")
        let sentinel = try RedisClientConfiguration(url: "redis-sentinel://:pw@a,b:26380/1#mymaster")
        #expect(
            sentinel.topology
                == .sentinel([.tcp(host: "a", port: 26379), .tcp(host: "b", port: 26380)], name: "mymaster"))
        #expect(sentinel.database == 1 && sentinel.sentinelCredentials == nil && sentinel.reads == .primary)
        #expect(try RedisClientConfiguration(url: "redis-sentinel://a?reads=replica#m").reads == .replica)
        let cluster = try RedisClientConfiguration(url: "redis-cluster://a:7000,b:7001")
        #expect(cluster.topology == .cluster([.tcp(host: "a", port: 7000), .tcp(host: "b", port: 7001)]))
    }

    @Test(arguments: [
        "", "localhost:6379", "http://localhost", "redis://h:0", "redis://h:70000", "redis://h:x", "redis://h/x",
        "redis://h/-1", "redis://a,b", "redis-sentinel://a,b", "redis-socket://relative", "redis://[::1",
        "redis://h%zz",
        "redis://[::1]x", "redis-cluster://a?reads=all", "redis://a?reads=replica",
    ])
    func wrongURLs(url: String) {
        #expect(throws: RedisError.self) { try RedisClientConfiguration(url: url) }
    }

    @Test(arguments: [
        "redis://:hunter2@h:x", "redis://:hunter2#x@h", "redis://:hunter2?x@h", "redis://hunter2#x@h",
        "redis://:x/hunter2?y@h", "redis://h/hunter2", "redis-sentinel://:hunter2#x@h#name",
    ])
    func errorsDoNotRepeatPasswords(url: String) throws {
        let error = try #require(throws: RedisError.self) { try RedisClientConfiguration(url: url) }
        #expect(!"\(error)".contains("hunter2"))
    }

    @Test func tlsNeedsSomebodyToBringIt() throws {
        let error = #expect(throws: RedisError.self) { try RedisClient(url: "rediss://localhost") }
        #expect(error?.code == .usage)
    }
}

struct RetryPolicyTests {
    @Test func pausesDoubleUpToTheCap() {
        let policy = RetryPolicy()
        #expect((0..<4).map(policy.longestPause) == [10, 20, 40, 80].map { .milliseconds($0) })
        #expect(policy.longestPause(before: 7) == .seconds(1))
        #expect(policy.longestPause(before: 1000) == .seconds(1))
    }
}

struct SlotTests {
    /// From the Redis Cluster specification, and CLUSTER KEYSLOT of a Redis 7.0.15.
    @Test func slotsAreThoseOfRedis() {
        #expect(ClusterMap.crc16(Array("123456789".utf8)[...]) == 0x31C3)
        for (key, slot) in [("foo", 12182), ("somekey", 11058), ("foo{hash_tag}", 2515), ("", 0)] {
            #expect(ClusterMap.slot(of: Array(key.utf8)) == slot, "\(key)")
        }
    }

    @Test func onlyTheFirstTagCounts() {
        func slot(_ key: String) -> Int { ClusterMap.slot(of: Array(key.utf8)) }
        #expect(slot("{user1000}.following") == slot("user1000"))
        #expect(slot("foo{}{bar}") != slot("bar") && slot("foo{{bar}}zap") == slot("{bar"))
        #expect(slot("foo{bar}{zap}") == slot("bar"))
        #expect(slot("a{b") != slot("b") && slot("}a{b}") == slot("b"))
    }

    @Test func aMapIsReadFromTheReply() throws {
        func node(_ host: RESPValue, _ port: Int64) -> RESPValue {
            .array([host, .integer(port), .bulkString([0x61])])
        }
        let reply = RESPValue.array([
            .array([
                .integer(0), .integer(8000), node(.bulkString(Array("10.0.0.1".utf8)), 7000),
                node(.bulkString(Array("10.0.0.2".utf8)), 7001),
            ]),
            .array([.integer(8001), .integer(16382), node(.null, 7002)]),
        ])
        let asked = RedisEndpoint.tcp(host: "10.0.0.9", port: 7002)
        var map = try #require(ClusterMap(slots: reply, askedAt: asked))
        #expect(map.primary(of: 8000) == .tcp(host: "10.0.0.1", port: 7000))
        #expect(map.primary(of: 8001) == .tcp(host: "10.0.0.9", port: 7002))
        #expect(map.primary(of: 16383) == nil)
        #expect(map.replicas[.tcp(host: "10.0.0.1", port: 7000)] == [.tcp(host: "10.0.0.2", port: 7001)])
        map.move(8001, to: .tcp(host: "10.0.0.1", port: 7000))
        #expect(map.primary(of: 8001) == .tcp(host: "10.0.0.1", port: 7000))
        for wrong: RESPValue in [
            .null, .array([.integer(1)]), .array([.array([.integer(5), .integer(1), node(.null, 1)])]),
            .array([.array([.integer(0), .integer(16384), node(.null, 1)])]),
            .array([.array([.integer(0), .integer(1), node(.null, 100_000)])]),
        ] {
            #expect(ClusterMap(slots: wrong, askedAt: asked) == nil)
        }
    }

    @Test func redirections() throws {
        let asked = RedisEndpoint.tcp(host: "h", port: 1)
        let moved = try #require(ClusterMap.redirection("MOVED 3999 127.0.0.1:6381", from: asked))
        #expect(moved.slot == 3999 && moved.endpoint == .tcp(host: "127.0.0.1", port: 6381))
        #expect(ClusterMap.redirection("ASK 1 ::1:6381", from: asked)?.endpoint == .tcp(host: "::1", port: 6381))
        #expect(ClusterMap.redirection("ASK 1 :6381", from: asked)?.endpoint == .tcp(host: "h", port: 6381))
        for text in ["MOVED", "MOVED x 1:1", "MOVED 16384 a:1", "MOVED 1 a", "MOVED 1 a:99999", "ERR 1 a:1"] {
            #expect(ClusterMap.redirection(text, from: asked) == nil)
        }
    }
}

struct CommandTests {
    @Test func commandsAreArraysOfBulkStrings() {
        var bytes: [UInt8] = []
        RedisCommand("SET", "kéy", [0, 255] as [UInt8], 12).encode(to: &bytes)
        let expected = Array("*4\r\n$3\r\nSET\r\n$4\r\nkéy\r\n$2\r\n".utf8) + [0, 255] + Array("\r\n$2\r\n12\r\n".utf8)
        #expect(bytes == expected)
    }

    @Test func firstKeys() {
        func key(_ words: any RESPArgument...) -> String? {
            RedisCommand(words: words).firstKey.map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(key("get", "a") == "a" && key("MSET", "a", "1", "b", "2") == "a")
        #expect(key("PING") == nil && key("scan", 0) == nil && key("PUBLISH", "c", "m") == nil)
        #expect(key("OBJECT", "ENCODING", "a") == "a" && key("BITOP", "AND", "d", "s") == "d")
        #expect(key("EVAL", "return 1", 0, "x") == nil && key("EVAL", "s", 1, "k", "arg") == "k")
        #expect(key("SINTERCARD", 2, "a", "b") == "a" && key("SINTERCARD", "x") == nil)
        #expect(key("XREAD", "COUNT", 2, "streams", "s", "0") == "s" && key("GET") == nil)
    }

    @Test func kindsOfCommands() {
        #expect(RedisCommand("hgetall", "k").isReadOnly && !RedisCommand("INCR", "k").isReadOnly)
        #expect(RedisCommand("BLPOP", "k", 0).isBlocking && RedisCommand("XREAD", "BLOCK", 0).isBlocking)
        #expect(!RedisCommand("XREAD", "STREAMS", "s", "0").isBlocking)
        #expect(RedisCommand("BLPOP", "k", "1.5").longestWait == .milliseconds(1500))
        #expect(RedisCommand("WAIT", 1, 250).longestWait == .milliseconds(250))
        #expect(RedisCommand("BLMPOP", 2, 1, "k", "LEFT").longestWait == .seconds(2))
        #expect(RedisCommand("XREAD", "BLOCK", 10, "STREAMS", "s", "0").longestWait == .milliseconds(10))
        for endless in [RedisCommand("BLPOP", "k", 0), RedisCommand("BLPOP", "k", "x"), RedisCommand("WAIT")] {
            #expect(endless.longestWait == nil)
        }
        #expect(
            RedisCommand("select", 1).needsOwnConnection && RedisCommand("CLIENT", "reply", "off").needsOwnConnection)
        #expect(!RedisCommand("CLIENT", "LIST").needsOwnConnection)
    }
}

struct DecodingTests {
    @Test func repliesBecomeTypes() {
        #expect(Int.decode(.integer(5)) == 5 && Int.decode(.bulkString(Array("7".utf8))) == 7)
        #expect(Int.decode(.bulkString(Array("x".utf8))) == nil && Int.decode(.null) == nil)
        #expect(String?.decode(.null) == .some(nil) && String?.decode(.integer(3)) == "3")
        #expect([UInt8].decode(.bulkString([0, 255])) == [0, 255] && String.decode(.bulkString([255])) == nil)
        #expect([Int].decode(.array([.integer(1), .bulkString([0x32])])) == [1, 2])
        #expect([Int?].decode(.array([.null, .integer(1)])) == [nil, 1] && [Int].decode(.array([.null])) == nil)
        #expect(Set<String>.decode(.set([.simpleString("a")])) == ["a"])
        let flat = RESPValue.array([.simpleString("a"), .integer(1), .simpleString("b"), .integer(2)])
        let map = RESPValue.map([.init(.simpleString("a"), .integer(1)), .init(.simpleString("b"), .integer(2))])
        #expect([String: Int].decode(flat) == ["a": 1, "b": 2] && [String: Int].decode(map) == ["a": 1, "b": 2])
        #expect([String: Int].decode(.array([.integer(1)])) == nil)
        #expect(Bool.decode(.integer(1)) == true && Bool.decode(.boolean(false)) == false)
        #expect(Bool.decode(.integer(2)) == nil && Bool.decode(.simpleString("OK")) == true)
        #expect(Double.decode(.bulkString(Array("1.5".utf8))) == 1.5 && Double.decode(.double(2)) == 2)
    }
}
