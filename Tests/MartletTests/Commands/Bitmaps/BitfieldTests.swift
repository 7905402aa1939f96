// BITFIELD and BITFIELD_RO; the arithmetic of overflows has its tests in Structures.

import Testing

@testable import Martlet

struct BitfieldTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test func getSetAndIncrement() throws {
        try server.expect([
            "BITFIELD k SET i8 0 -100": [0], "BITFIELD k SET i8 0 101": [-100], "BITFIELD k GET i8 0": [101],
            "BITFIELD s set i8 0 255 set i8 0 100 get i8 0": [0, -1, 100],
            "BITFIELD u SET u8 0 255 INCRBY u8 0 100 GET u8 0": [0, 99, 99], "BITFIELD none": [],
            "BITFIELD none GET u5 100": [0], "GET none": .null, "BITFIELD a SET u8 #0 65 SET u8 #1 66": [0, 0],
            "GET a": "AB", "BITFIELD a GET u4 #1 GET u4 4 GET i4 4": [1, 1, 1],
            "BITFIELD f SET u63 1 9223372036854775807 GET u63 1 GET i64 0": [
                0, 9_223_372_036_854_775_807, 9_223_372_036_854_775_807,
            ],
            "BITFIELD f SET i64 0 -9223372036854775808 GET i64 0": [
                9_223_372_036_854_775_807, -9_223_372_036_854_775_808,
            ], "BITFIELD m SET i8 0 10 SET i8 64 10 INCRBY i8 10 99900": [0, 0, 60],
        ])
    }

    @Test func overflows() throws {
        try server.expect([
            "BITFIELD k SET u8 0 100": [0], "BITFIELD k OVERFLOW SAT INCRBY u8 0 257": [255],
            "BITFIELD k OVERFLOW SAT INCRBY u8 0 -300": [0], "BITFIELD k OVERFLOW FAIL INCRBY u8 0 -1": [.null],
            "BITFIELD k OVERFLOW FAIL SET u8 0 256 SET u8 0 -1 GET u8 0": [.null, .null, 0],
            "BITFIELD k INCRBY u8 0 -1 OVERFLOW sat INCRBY u8 0 9 OVERFLOW wrap INCRBY u8 0 1": [255, 255, 0],
            "BITFIELD k OVERFLOW SAT SET i8 0 1000 GET i8 0": [0, 127], "BITFIELD k INCRBY i8 0 1": [-128],
            "BITFIELD k OVERFLOW FAIL OVERFLOW WRAP": [],
        ])
        #expect(try server.wire("BITFIELD k OVERFLOW FAIL SET u2 0 4", .resp2) == "*1\r\n$-1\r\n")
        #expect(try server.wire("BITFIELD k OVERFLOW FAIL SET u2 0 4", .resp3) == "*1\r\n_\r\n")
    }

    @Test func numbersAndLongStrings() throws {
        try server.expect(["SET n 1": .ok, "BITFIELD n GET u8 0 GET u16 0": [49, 12544]])
        #expect(server.encoding("n") == "int")
        try server.expect(["BITFIELD n INCRBY u8 0 1": [50], "GET n": "2"])
        #expect(server.encoding("n") == "raw")
        try server.expect(["BITFIELD x SET u8 #10000 7": [0], "STRLEN x": 10_001, "BITFIELD x GET u8 #10000": [7]])
    }

    @Test func refusals() throws {
        try server.plantList("l")
        let type = RESPValue.error(
            "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
        let offset = RESPValue.error("ERR bit offset is not an integer or out of range")
        for word in ["u64", "i65", "u0", "i0", "x8", "u", "\"\"", "8", "I8", "u-1", "i08"] {
            #expect(try server.run("BITFIELD k GET \(word) 0") == type, "\(word)")
        }
        for word in ["-1", "#-1", "#", "x", "\"\"", "4294967296", "#4294967296", "#9223372036854775807"] {
            #expect(try server.run("BITFIELD k GET u8 \(word)") == offset, "\(word)")
        }
        try server.expect([
            "BITFIELD k junk": .syntaxError, "BITFIELD k GET u8": .syntaxError, "BITFIELD k SET u8 0": .syntaxError,
            "BITFIELD k INCRBY u8 0": .syntaxError, "BITFIELD k OVERFLOW": .syntaxError,
            "BITFIELD k OVERFLOW junk": .error("ERR Invalid OVERFLOW type specified"),
            "BITFIELD k SET u8 0 x": .notInteger, "BITFIELD k SET u8 0 1 GET u8": .syntaxError, "GET k": .null,
            "BITFIELD l": .wrongType, "BITFIELD l GET u8 0": .wrongType, "BITFIELD l SET u8 0 1": .wrongType,
            "BITFIELD l GET u8 x": offset,
        ])
    }

    @Test func readOnly() throws {
        try server.plantList("l")
        let refusal = RESPValue.error("ERR BITFIELD_RO only supports the GET subcommand")
        try server.expect([
            "SET k AB": .ok, "BITFIELD_RO k": [], "BITFIELD_RO k GET u8 0 GET u8 #1": [65, 66],
            "BITFIELD_RO k OVERFLOW SAT GET u8 0": [65], "BITFIELD_RO k SET u8 0 1 GET u8 0": refusal,
            "BITFIELD_RO l INCRBY u8 0 1": refusal, "BITFIELD_RO k INCRBY u8 0 x": .notInteger,
            "BITFIELD_RO l GET u8 0": .wrongType, "GET k": "AB",
        ])
    }

    @Test func countsOnlyWhatChanges() throws {
        try server.expectChanges([
            "BITFIELD k SET i5 0 0": 1, "BITFIELD k SET i5 0 0": 0, "BITFIELD k SET i5 0 1": 1,
            "BITFIELD k SET i5 0 1": 0, "BITFIELD k INCRBY i5 0 1 INCRBY i5 0 1": 2, "BITFIELD k INCRBY i5 0 0": 0,
            "BITFIELD k SET i5 90 0": 1, "BITFIELD k GET i5 0": 0, "BITFIELD k SET u1 200 0 SET u1 8 0": 2,
            "BITFIELD k OVERFLOW FAIL SET u1 0 2": 0, "BITFIELD n OVERFLOW FAIL SET u1 0 2": 1,
        ])
        #expect(try server.run("STRLEN n") == 1)
    }
}
