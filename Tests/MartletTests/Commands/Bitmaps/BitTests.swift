// GETBIT, SETBIT, BITCOUNT, BITPOS, BITOP.

import Testing

@testable import Martlet

struct BitTests {
    private let server: TestServer
    private static let offsetError = RESPValue.error("ERR bit offset is not an integer or out of range")
    private static let bitError = RESPValue.error("ERR bit is not an integer or out of range")

    init() throws { server = try TestServer() }

    @Test func getbit() throws {
        try server.plantList("l")
        try server.expect([
            "GETBIT none 0": 0, "SET k `": .ok, "GETBIT k 0": 0, "GETBIT k 1": 1, "GETBIT k 2": 1, "GETBIT k 3": 0,
            "GETBIT k 8": 0, "GETBIT k 4294967295": 0, "SET k 1": .ok, "GETBIT k 1": 0, "GETBIT k 2": 1,
            "GETBIT k 3": 1, "GETBIT k 8": 0, "GETBIT l 0": .wrongType, "GETBIT k -1": Self.offsetError,
            "GETBIT k 4294967296": Self.offsetError, "GETBIT k x": Self.offsetError, "GETBIT k #1": Self.offsetError,
            "GETBIT l x": Self.offsetError,
        ])
    }

    @Test func setbit() throws {
        try server.plantList("l")
        try server.expect([
            "SETBIT k 1 1": 0, "GET k": "@", "SETBIT k 2 1": 0, "GET k": "`", "SETBIT k 1 0": 1, "GET k": " ",
            "SETBIT k 17 1": 0, "GET k": .text(" \0@"), "SET n 1": .ok, "SETBIT n 6 1": 0, "GET n": "3",
            "SETBIT n 2 0": 1, "GET n": .text("\u{13}"), "SETBIT l 0 1": .wrongType, "SETBIT k -1 1": Self.offsetError,
            "SETBIT k 4294967296 1": Self.offsetError, "SETBIT k x 5": Self.offsetError, "SETBIT k 0 2": Self.bitError,
            "SETBIT k 0 -1": Self.bitError, "SETBIT l 0 x": Self.bitError,
        ])
        #expect(server.encoding("n") == "raw")
    }

    @Test func setbitCountsOnlyWhatChanges() throws {
        try server.expectChanges([
            "SETBIT k 0 0": 1, "SETBIT k 0 0": 0, "SETBIT k 0 1": 1, "SETBIT k 0 1": 0, "SETBIT k 90 0": 1,
            "SETBIT k 89 0": 0, "SETBIT k 0 2": 0,
        ])
    }

    @Test func setbitKeepsTheDeadlineAndThePlace() throws {
        try server.run("SETEX k 10 \(String(repeating: "x", count: 300))")
        let address = server.address("k")
        try server.expect(["SETBIT k 2000 1": 0])
        #expect(server.deadline("k") == TestServer.start + 10_000)
        #expect(server.address("k") == address)
    }

    @Test func setbitAgainstAModel() throws {
        var random = SeededRandom(seed: 7)
        var model: [UInt8] = []
        for step in 0..<600 {
            let offset = random.below(300 << random.below(9))
            let isSet = random.below(2) == 1
            while model.count <= offset / 8 { model.append(0) }
            let mask = UInt8(128) >> UInt8(offset % 8)
            let old = model[offset / 8] & mask != 0
            model[offset / 8] = isSet ? model[offset / 8] | mask : model[offset / 8] & ~mask
            let reply = try server.run("SETBIT k \(offset) \(isSet ? 1 : 0)")
            #expect(reply == .integer(old ? 1 : 0), "seed 7, step \(step)")
        }
        #expect(try server.run("GET k") == .bulkString(model))
        let bits = model.reduce(0) { $0 + $1.nonzeroBitCount }
        #expect(try server.run("BITCOUNT k") == .integer(Int64(bits)))
    }

    @Test func bitcount() throws {
        try server.plantList("l")
        try server.run("SET k foobar")
        try server.expect([
            "BITCOUNT none": 0, "BITCOUNT none 0 1000 bit": 0, "BITCOUNT k": 26, "BITCOUNT k 0 0": 4,
            "BITCOUNT k 1 1": 6, "BITCOUNT k 1 1 BYTE": 6, "BITCOUNT k 5 30 bit": 17, "BITCOUNT k 0 -1 BIT": 26,
            "BITCOUNT k 6 10": 0, "BITCOUNT k 48 90 BIT": 0, "BITCOUNT k -6 -7": 0, "BITCOUNT k -9 -8": 4,
            "BITCOUNT k -8 -9": 0, "BITCOUNT k 0 9223372036854775807": 26, "BITCOUNT k -9223372036854775808 -1 BIT": 26,
            "BITCOUNT l": .wrongType, "BITCOUNT k 0": .syntaxError, "BITCOUNT k 0 1 hello": .syntaxError,
            "BITCOUNT k 0 1 BIT x": .syntaxError, "BITCOUNT k a 1": .notInteger, "BITCOUNT k 1 a BIT": .notInteger,
            "SET n 12": .ok, "BITCOUNT n": 6,
        ])
    }

    @Test func aRangeIsCheckedForAMissingKeyToo() throws {
        try server.expect([
            "BITCOUNT none 0": .syntaxError, "BITCOUNT none a b": .notInteger, "BITPOS none 1 a": .notInteger,
            "BITPOS none 1 0 1 junk": .syntaxError,
        ])
    }

    @Test func bitpos() throws {
        try server.plantList("l")
        try server.run("SET k \"\\x00\\xff\\xf0\"")
        try server.expect([
            "BITPOS none 0": 0, "BITPOS none 1": -1, "BITPOS none 0 5 -1 BIT": 0, "BITPOS k 1": 8, "BITPOS k 0": 0,
            "BITPOS k 0 1": 20, "BITPOS k 1 2": 16, "BITPOS k 0 1 1": -1, "BITPOS k 0 1 -1 byte": 20,
            "BITPOS k 1 9 -1 BIT": 9, "BITPOS k 1 7 15 bit": 8, "BITPOS k 1 0 7 bit": -1, "BITPOS k 0 8 19 BIT": -1,
            "BITPOS k 0 8 20 BIT": 20, "BITPOS k 1 20 23 BIT": -1, "BITPOS k 1 5": -1, "BITPOS k 0 5": -1,
            "BITPOS k 1 -1 -2": -1, "BITPOS l 1": .wrongType,
            "BITPOS k 2": .error("ERR The bit argument must be 1 or 0."), "BITPOS k x": .notInteger,
            "BITPOS k 1 x": .notInteger, "BITPOS k 1 0 x": .notInteger, "BITPOS k 1 0 1 BITS": .syntaxError,
            "BITPOS k 1 0 x BITS": .syntaxError, "BITPOS k 1 0 1 BIT 5": .syntaxError,
        ])
    }

    @Test func zerosFollowTheStringUnlessAnEndIsGiven() throws {
        try server.run("SET k \"\\xff\\xff\\xff\"")
        try server.run("SET e \"\"")
        try server.expect([
            "BITPOS k 0": 24, "BITPOS k 0 1": 24, "BITPOS k 0 0 -1": -1, "BITPOS k 0 0 -1 BIT": -1, "BITPOS k 0 3": -1,
            "BITPOS e 0": -1, "BITPOS e 1": -1,
        ])
    }

    @Test func bitop() throws {
        try server.run("SET a \"\\x01\\x02\\xff\\xff\"")
        try server.run("SET b \"\\x01\\x03\\xff\"")
        for (operation, sources, bytes) in [
            ("AND", "a b", [1, 2, 255, 0]), ("or", "a b", [1, 3, 255, 255]), ("XOR", "a b", [0, 1, 0, 255]),
            ("NOT", "a", [254, 253, 0, 0]), ("AND", "a", [1, 2, 255, 255]), ("AND", "none a", [0, 0, 0, 0]),
            ("OR", "none a none", [1, 2, 255, 255]), ("XOR", "a b a", [1, 3, 255, 0]), ("AND", "a none", [0, 0, 0, 0]),
        ] as [(String, String, [UInt8])] {
            let reply = try server.run("BITOP \(operation) d \(sources)")
            #expect(reply == .integer(Int64(bytes.count)), "\(operation) \(sources)")
            #expect(try server.run("GET d") == .bulkString(bytes), "\(operation) \(sources)")
        }
        try server.expect(["BITOP NOT a a": 4, "GET a": .bulkString([254, 253, 0, 0])])
    }

    @Test func bitopStoresRawAndDropsTheDeadline() throws {
        try server.expect(["MSET a 1 b 2": .ok, "SETEX d 10 x": .ok, "BITOP XOR d a b a": 1, "GET d": "2"])
        #expect(server.encoding("d") == "raw")
        #expect(server.deadline("d") == nil)
        let long = String(repeating: "y", count: 9000)
        try server.expect(["SET x \(long)": .ok, "BITOP OR x x a": 9000, "BITOP NOT x x": 9000, "BITOP NOT x x": 9000])
        #expect(try server.run("GET x") == .text("y" + long.dropFirst()))
    }

    @Test func bitopOfNothingDeletes() throws {
        try server.plantList("l")
        try server.run("SET e \"\"")
        try server.expectChanges([
            "SET d v": 1, "BITOP AND d none e": 1, "BITOP AND d none": 0, "BITOP NOT l none": 1, "BITOP OR d d2": 0,
            "SET d v": 1, "BITOP OR d2 d": 1,
        ])
        try server.expect(["GET l": .null, "BITOP NOT d none": 0, "GET d": .null])
    }

    @Test func bitopRefusals() throws {
        try server.plantList("l")
        try server.expect([
            "SET a x": .ok, "BITOP XOR d a l none": .wrongType, "GET d": .null, "BITOP NAND d a": .syntaxError,
            "BITOP NOT d a a": .error("ERR BITOP NOT must be called with a single source key."),
            "BITOP AND d": .error("ERR wrong number of arguments for 'bitop' command"), "BITOP OR l a": 1, "GET l": "x",
        ])
    }

    @Test func lengthsBeyondAllMemoryAreRefused() throws {
        var configuration = Configuration()
        configuration.protoMaxBulkLength = Int.max
        let server = try TestServer(configuration: configuration)
        let noMemory = RESPValue.error("OOM not enough memory for the string")
        let large = String(repeating: "x", count: 5000)
        try server.run("MSET short x long \(large)")
        for key in ["none", "short", "long"] {
            try server.expect([
                "SETBIT \(key) 4611686018427387904 1": noMemory, "SETRANGE \(key) 9223372036854775000 x": noMemory,
                "BITFIELD \(key) SET i64 9223372036854775743 1": noMemory, "GETBIT \(key) 9223372036854775743": 0,
                "BITFIELD \(key) GET i64 9223372036854775743": [0],
                "SETBIT \(key) 9223372036854775807 1": Self.offsetError,
            ])
        }
        try server.expect(["MGET none short long": [.null, "x", .text(large)]])
    }
}
