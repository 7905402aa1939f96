// The blocks in which Redis packs small collections: listpack, ziplist, zipmap, intset.

import Testing

@testable import Martlet

struct BlockTests {
    typealias Visit = (ByteSpan, Int, (ByteSpan) throws(RDBError) -> Void) throws(RDBError) -> Void

    private static func elements(
        _ bytes: [UInt8], _ visit: (ByteSpan, Int, (ByteSpan) throws(RDBError) -> Void) throws(RDBError) -> Void
    ) -> [String]? {
        var elements: [String] = []
        do throws(RDBError) {
            try visit(bytes.span, 7) { elements.append($0.text) }
            return elements
        } catch {
            #expect(error.offset == 7)
            return nil
        }
    }

    private static func listpack(_ bytes: [UInt8]) -> [String]? {
        elements(bytes) { (b, o, body) throws(RDBError) in try Listpack.visit(b, at: o, body) }
    }
    private static func ziplist(_ bytes: [UInt8]) -> [String]? {
        elements(bytes) { (b, o, body) throws(RDBError) in try Ziplist.visit(b, at: o, body) }
    }
    private static func zipmap(_ bytes: [UInt8]) -> [String]? {
        elements(bytes) { (b, o, body) throws(RDBError) in try Zipmap.visit(b, at: o, body) }
    }
    private static func intset(_ bytes: [UInt8]) -> [String]? {
        elements(bytes) { (b, o, body) throws(RDBError) in try Intset.visit(b, at: o, body) }
    }

    // MARK: Listpack

    private static let strings: [String] = [
        "", "a", "0", "127", "128", "-1", "4095", "-4096", "4096", "32767", "-32769", "8388607", "8388608",
        "2147483647", "2147483648", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "007", "-0",
        String(repeating: "x", count: 63), String(repeating: "y", count: 64), String(repeating: "z", count: 4095),
        String(repeating: "w", count: 4096), String(repeating: "v", count: 20_000),
    ]

    private static func written(_ strings: [String]) -> [UInt8] {
        var writer = ListpackWriter()
        for string in strings { writer.append(Array(string.utf8).span) }
        let block = writer.takeBlock()
        return block.bytes.copied()
    }

    @Test func listpacksComeBack() {
        #expect(Self.listpack(Self.written(Self.strings)) == Self.strings)
        #expect(Self.listpack(Self.written([])) == [])
    }

    @Test func listpacksAreRedis() {
        // total 18, 2 elements, "ab" of length 3, 1000 of length 2, the end
        let bytes: [UInt8] = [14, 0, 0, 0, 2, 0, 0x82, 0x61, 0x62, 3, 0xC3, 0xE8, 2, 0xFF]
        #expect(Self.written(["ab", "1000"]) == bytes)
        #expect(Self.listpack(bytes) == ["ab", "1000"])
    }

    @Test func everyBrokenByteOfAListpackIsSurvived() {
        let bytes = Self.written(["ab", "1000", "70000", "x", "-5", String(repeating: "q", count: 70)])
        for place in bytes.indices {
            for value in [0, 1, 0x7F, 0x80, 0xC0, 0xE0, 0xF0, 0xF1, 0xF4, 0xF5, 0xFE, 0xFF] as [UInt8] {
                var broken = bytes
                broken[place] = value
                _ = Self.listpack(broken)
            }
            #expect(Self.listpack(Array(bytes[..<place])) == nil)
        }
        var miscounted = bytes
        miscounted[4] = 5
        #expect(Self.listpack(miscounted) == nil)
        miscounted[4] = 0xFF
        miscounted[5] = 0xFF
        #expect(Self.listpack(miscounted)?.count == 6)
    }

    // MARK: Ziplist and zipmap

    @Test func ziplistsAreRead() {
        // "ab", 3 (in the head), 1000 in two bytes, -1 in one
        let entries: [UInt8] = [0, 2, 0x61, 0x62, 4, 0xF4, 2, 0xC0, 0xE8, 0x03, 4, 0xFE, 0xFF]
        let bytes: [UInt8] = [24, 0, 0, 0, 20, 0, 0, 0, 4, 0] + entries + [0xFF]
        #expect(Self.ziplist(bytes) == ["ab", "3", "1000", "-1"])
        for place in bytes.indices {
            for value in [0, 1, 0x40, 0x80, 0xC0, 0xF0, 0xFE, 0xFF] as [UInt8] {
                var broken = bytes
                broken[place] = value
                _ = Self.ziplist(broken)
            }
            #expect(Self.ziplist(Array(bytes[..<place])) == nil)
        }
        // The last entry is not where the header says.
        var misplaced = bytes
        misplaced[4] = 16
        #expect(Self.ziplist(misplaced) == nil)
    }

    @Test func zipmapsAreRead() {
        let bytes: [UInt8] = [2, 1, 0x61, 2, 0, 0x78, 0x79, 1, 0x62, 1, 2, 0x7A, 9, 9, 0xFF]
        #expect(Self.zipmap(bytes) == ["a", "xy", "b", "z"])
        for place in bytes.indices {
            for value in [0, 1, 3, 0x80, 0xFD, 0xFE, 0xFF] as [UInt8] {
                var broken = bytes
                broken[place] = value
                _ = Self.zipmap(broken)
            }
            #expect(Self.zipmap(Array(bytes[..<place])) == nil)
        }
    }

    // MARK: Intset

    @Test func intsetsAreReadAndWritten() {
        let bytes: [UInt8] = [2, 0, 0, 0, 3, 0, 0, 0, 0xFB, 0xFF, 1, 0, 0x2C, 1]
        #expect(Self.intset(bytes) == ["-5", "1", "300"])
        #expect(Self.intset([2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0]) == nil, "twice the same")
        #expect(Self.intset([2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 0]) == nil, "not sorted")
        #expect(Self.intset([3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1]) == nil, "no such width")
        #expect(Self.intset([8, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]) == nil, "too short")
        #expect(Self.intset([2, 0, 0]) == nil)
    }
}
