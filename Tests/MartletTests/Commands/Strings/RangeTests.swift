// APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE.

import Testing

@testable import Martlet

struct RangeTests {
    private let server: TestServer

    init() throws { server = try TestServer() }

    @Test func append() throws {
        try server.plantList("l")
        try server.expect([
            "APPEND k 12": 2, "GET k": "12", "APPEND k 3": 3, "GET k": "123", "APPEND k \"\"": 3, "APPEND e \"\"": 0,
            "GET e": "", "APPEND l x": .wrongType,
        ])
        #expect(server.encoding("k") == "raw")
        try server.run("APPEND n 7")
        #expect(server.encoding("n") == "int")
    }

    @Test func appendThroughAllSizes() throws {
        var expected: [UInt8] = []
        let piece = Array("0123456789abcdef!".utf8)
        for step in 1...600 {
            expected += piece
            let length = try server.run("APPEND k 0123456789abcdef!")
            #expect(length == .integer(Int64(step * piece.count)))
        }
        #expect(try server.run("GET k") == .bulkString(expected))
    }

    @Test func appendKeepsTheDeadline() throws {
        try server.expect(["SETEX k 10 v": .ok, "APPEND k w": 2])
        #expect(server.deadline("k") == TestServer.start + 10_000)
        try server.expectChanges(["APPEND k x": 1, "APPEND k \"\"": 1, "APPEND n x": 1])
    }

    @Test func strlen() throws {
        try server.plantList("l")
        try server.expect([
            "STRLEN none": 0, "SET k -555": .ok, "STRLEN k": 4, "SET k foo": .ok, "STRLEN k": 3,
            "SET k \(String(repeating: "x", count: 5000))": .ok, "STRLEN k": 5000, "STRLEN l": .wrongType,
        ])
    }

    @Test(arguments: ["GETRANGE", "SUBSTR"]) func part(name: String) throws {
        try server.plantList("l")
        try server.run("SET k \"Hello World\"")
        try server.run("SET n 1234")
        try server.run("SET e \"\"")
        for (rest, part) in [
            ("k 0 3", "Hell"), ("k 0 -1", "Hello World"), ("k -4 -1", "orld"), ("k 5 3", ""), ("k 5 5000", " World"),
            ("k -5000 10000", "Hello World"), ("k -20 -15", "H"), ("k -15 -20", ""), ("k 11 11", ""), ("n 0 2", "123"),
            ("n -3 -1", "234"), ("n 3 5000", "4"), ("e 0 -1", ""), ("none 0 -1", ""),
            ("k 0 9223372036854775807", "Hello World"), ("k -9223372036854775808 -9223372036854775808", "H"),
        ] {
            #expect(try server.run("\(name) \(rest)") == .text(part), "\(rest)")
        }
        try server.expect([
            "\(name) k a 1": .notInteger, "\(name) k 1 a": .notInteger, "\(name) none a 1": .notInteger,
            "\(name) l 0 -1": .wrongType,
        ])
    }

    @Test func setrange() throws {
        try server.expect([
            "SETRANGE k 0 foo": 3, "GET k": "foo", "SETRANGE k 0 b": 3, "GET k": "boo", "SETRANGE k 4 bar": 7,
            "GET k": .text("boo\0bar"), "SETRANGE m 1 foo": 4, "GET m": .text("\0foo"), "SETRANGE none 5 \"\"": 0,
            "GET none": .null, "SETRANGE k 100 \"\"": 7,
        ])
    }

    @Test func setrangeOnANumber() throws {
        try server.run("SET k 1234")
        try server.expect(["SETRANGE k 0 \"\"": 4])
        #expect(server.encoding("k") == "int")
        try server.expect(["SETRANGE k 5 2": 6, "GET k": .text("1234\u{0}2")])
        #expect(server.encoding("k") == "raw")
    }

    @Test func setrangeRefusals() throws {
        try server.plantList("l")
        try server.expect([
            "SETRANGE k -1 x": .error("ERR offset is out of range"),
            "SETRANGE l -1 x": .error("ERR offset is out of range"), "SETRANGE k a x": .notInteger,
            "SETRANGE k 536870908 world": .tooLong, "SETRANGE k 9223372036854775807 A": .tooLong,
            "SETRANGE l 0 x": .wrongType, "SETRANGE l 0 \"\"": .wrongType, "GET k": .null,
        ])
        try server.expectChanges([
            "SETRANGE k 0 \"\"": 0, "SETRANGE k 0 x": 1, "SETRANGE k 0 x": 1, "SETRANGE k -1 x": 0,
        ])
    }

    @Test func lengthLimit() throws {
        var configuration = Configuration()
        configuration.protoMaxBulkLength = 1024 * 1024
        let server = try TestServer(configuration: configuration)
        try server.expect([
            "SETRANGE k 1048575 x": 1_048_576, "APPEND k x": .tooLong, "STRLEN k": 1_048_576,
            "SETRANGE k 1048576 x": .tooLong, "APPEND k \"\"": 1_048_576,
        ])
    }

    /// Every length around the limits of the places where a string can lie, grown and overwritten.
    @Test func setrangeAgainstAModel() throws {
        var random = SeededRandom(seed: 42)
        var model: [UInt8] = []
        for step in 0..<400 {
            if step % 50 == 0 {
                model = []
                try server.run("SET k \"\"")
            }
            let offset = random.below(6000) >> random.below(8)
            let piece = [UInt8](repeating: UInt8(97 + step % 26), count: 1 + random.below(60))
            if model.count < offset + piece.count {
                model += [UInt8](repeating: 0, count: offset + piece.count - model.count)
            }
            model.replaceSubrange(offset..<offset + piece.count, with: piece)
            let length = try server.connection.send("SETRANGE", "k", offset, piece)
            let value = try server.run("GET k")
            #expect(length == .integer(Int64(model.count)) && value == .bulkString(model), "seed 42, step \(step)")
        }
    }

    @Test func aReplyKeepsTheOldBytes() throws {
        let long = String(repeating: "a", count: 50_000)
        try server.run("SET k \(long)")
        let replies = try server.wire("GETSET k x")
        #expect(replies == "$50000\r\n\(long)\r\n")
    }
}
