// EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT, PERSIST, and TTL, PTTL, EXPIRETIME, PEXPIRETIME.

import Testing

@testable import Martlet

struct ExpireTests {
    let server: TestServer
    /// The manual clock's start in seconds.
    let start = TestServer.start / 1000

    init() throws { server = try TestServer() }

    @Test("each form sets the same deadline, and each form shows it")
    func forms() throws {
        for line in ["EXPIRE a 100", "PEXPIRE a 100000", "EXPIREAT a \(start + 100)", "PEXPIREAT a \(start + 100)000"] {
            try server.expect([
                "SET a 1": .ok, line: 1, "TTL a": 100, "PTTL a": 100_000, "EXPIRETIME a": .integer(start + 100),
                "PEXPIRETIME a": .integer(TestServer.start + 100_000),
            ])
        }
    }

    @Test("-1 without a deadline, -2 without a key", arguments: ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"])
    func noDeadline(command: String) throws {
        try server.expect(["SET a 1": .ok, "\(command) a": -1, "\(command) b": -2])
    }

    @Test("seconds are rounded to the nearest")
    func rounding() throws {
        try server.expect([
            "SET a 1": .ok, "PEXPIRE a 1499": 1, "TTL a": 1, "PEXPIRE a 1500": 1, "TTL a": 2, "PEXPIRE a 499": 1,
            "TTL a": 0, "PEXPIREAT a 9223372036854775807": 1, "EXPIRETIME a": 9_223_372_036_854_776,
            "PEXPIRETIME a": .integer(.max), "PTTL a": .integer(.max - TestServer.start),
        ])
    }

    @Test("a key lives through the millisecond of its deadline")
    func lastMillisecond() throws {
        try server.expect(["SET a 1": .ok, "PEXPIRE a 10": 1])
        server.advance(milliseconds: 10)
        try server.expect(["PTTL a": 0, "GET a": "1"])
        server.advance(milliseconds: 1)
        try server.expect(["PTTL a": -2, "GET a": .null, "EXPIRE a 10": 0, "PERSIST a": 0])
    }

    @Test(
        "a time that is not in the future removes the key",
        arguments: [
            "EXPIRE a 0", "EXPIRE a -1", "PEXPIRE a 0", "EXPIREAT a 1", "PEXPIREAT a \(TestServer.start)",
            "EXPIRE a -9000000000000000", "PEXPIREAT a -9223372036854770000",
            "PEXPIRE a -9223372036854775808", "EXPIRE a -10 LT", "EXPIREAT a 0 NX",
        ])
    func past(line: String) throws {
        try server.expect(["SET a 1": .ok, line: 1, "EXISTS a": 0, "DBSIZE": 0])
        let counts = server.inspect { [$0.keyspace.value.dirty, $0.keyspace.value.statistics.expiredKeys] }
        #expect(counts == [2, 0])
    }

    @Test(
        "conditions",
        arguments: [
            // Present time to live, options, reply, time to live afterwards; the new one is 100.
            ("", "NX", 1, 100), ("50", "NX", 0, 50), ("", "XX", 0, -1), ("50", "XX", 1, 100), ("", "GT", 0, -1),
            ("50", "GT", 1, 100), ("200", "GT", 0, 200), ("100", "GT", 0, 100), ("", "LT", 1, 100),
            ("50", "LT", 0, 50), ("200", "LT", 1, 100), ("100", "LT", 0, 100), ("", "XX LT", 0, -1),
            ("200", "LT XX", 1, 100), ("", "XX GT", 0, -1), ("50", "gt xx", 1, 100), ("50", "XX XX", 1, 100),
        ])
    func conditions(present: String, options: String, reply: Int64, after: Int64) throws {
        try server.expect(["SET a 1": .ok])
        if !present.isEmpty { try server.expect(["EXPIRE a \(present)": 1]) }
        try server.expect(["EXPIRE a 100 \(options)": .integer(reply), "TTL a": .integer(after)])
    }

    @Test("conditions on a key that is not there")
    func conditionsWithoutKey() throws {
        for option in ["NX", "XX", "GT", "LT"] { try server.expect(["EXPIRE none 100 \(option)": 0]) }
    }

    @Test("wrong options are found before wrong numbers, and those before missing keys")
    func errors() throws {
        let nx = RESPValue.error("ERR NX and XX, GT or LT options at the same time are not compatible")
        let notInteger = RESPValue.error("ERR value is not an integer or out of range")
        try server.expect([
            "EXPIRE a x AB": .error("ERR Unsupported option AB"), "EXPIRE a 1 NX XX": nx, "EXPIRE a 1 NX GT": nx,
            "EXPIRE a 1 LT NX": nx, "EXPIRE a 1 NX GT LT": nx,
            "EXPIRE a 1 LT GT": .error("ERR GT and LT options at the same time are not compatible"),
            "EXPIRE a x": notInteger, "EXPIRE a \"\"": notInteger, "EXPIRE a 1.5": notInteger,
            "PEXPIREAT a +1": notInteger,
            "EXPIRE a 9223370399119966": .error("ERR invalid expire time in 'expire' command"),
            "EXPIRE a 9223372036854776": .error("ERR invalid expire time in 'expire' command"),
            "EXPIRE a -9223372036854776": .error("ERR invalid expire time in 'expire' command"),
            "PEXPIRE a 9223372036854770000": .error("ERR invalid expire time in 'pexpire' command"),
            "EXPIREAT a 9223372036854776": .error("ERR invalid expire time in 'expireat' command"),
            "PEXPIREAT a 9223372036854770000": 0,
            "EXPIRE a": .error("ERR wrong number of arguments for 'expire' command"),
        ])
    }

    @Test("PERSIST takes the deadline away")
    func persist() throws {
        try server.expect(["SET a 1 EX 10": .ok, "PERSIST a": 1, "TTL a": -1, "PERSIST a": 0, "PERSIST b": 0])
        server.advance(milliseconds: 20_000)
        try server.expect(["GET a": "1"])
        #expect(server.dirty == 2)
    }

    @Test("a deadline moves back and forth, with small and large values")
    func moving() throws {
        let large = [UInt8](repeating: 1, count: 10_000)
        _ = try server.connection.send("SET", "large", large)
        for key in ["small", "large"] {
            if key == "small" { try server.expect(["SET small x": .ok]) }
            try server.expect([
                "EXPIRE \(key) 100": 1, "EXPIRE \(key) 1000000": 1, "EXPIRE \(key) 10": 1, "PERSIST \(key)": 1,
                "EXPIRE \(key) 5": 1, "TTL \(key)": 5,
            ])
        }
        let reply = try server.run("GET large")
        #expect(reply == .bulkString(large))
        server.advance(milliseconds: 5001)
        try server.expect(["DBSIZE": 2, "EXISTS small large": 0])
    }

    @Test("with active expiry off, keys stay until they are looked for")
    func activeExpiryOff() throws {
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 0": .ok, "SET a 1 PX 10": .ok, "SET b 1 PX 10": .ok])
        server.advance(milliseconds: 1000)
        server.runDueWork()
        try server.expect(["DBSIZE": 2, "EXISTS a": 0, "DBSIZE": 1, "KEYS *": [], "DBSIZE": 1])
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE 1": .ok, "DBSIZE": 0])
        #expect(server.inspect { $0.keyspace.value.statistics.expiredKeys } == 2)
    }
}
