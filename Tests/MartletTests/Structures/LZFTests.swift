// LZF: there and back, what liblzf wrote, and bytes that nobody compressed.

import Testing

@testable import Martlet

struct LZFTests {
    private static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        var compressor = LZFCompressor()
        var output = ByteBuffer()
        return compressor.compress(bytes.span, into: &output) ? output.bytes.copied() : nil
    }

    private static func decompress(_ bytes: [UInt8], count: Int) -> [UInt8]? {
        var output = ByteBuffer()
        output.append(UInt8(ascii: "!"))
        let isGood = LZF.decompress(bytes.span, count: count, into: &output)
        let isAsItWas = output.count == 1
        #expect(isGood || isAsItWas)
        return isGood ? Array(output.bytes.copied().dropFirst()) : nil
    }

    @Test func whatRedisWroteIsRead() {
        // 200 times the letter a, from a DUMP of Redis 7.0.15.
        let bytes: [UInt8] = [0x01, 0x61, 0x61, 0xE0, 0xBB, 0x00, 0x01, 0x61, 0x61]
        #expect(Self.decompress(bytes, count: 200) == [UInt8](repeating: 0x61, count: 200))
    }

    @Test func thereAndBack() {
        var random = TestRandom()
        var compressor = LZFCompressor()
        var saved = 0
        for _ in 0..<500 {
            let letters = 1 + random.below([2, 4, 30, 256][random.below(4)])
            let count = random.below([10, 300, 3000, 20_000][random.below(4)])
            var bytes = (0..<count).map { _ in UInt8(random.below(letters)) }
            if count > 50, random.below(2) == 0 { bytes += bytes.dropFirst(random.below(40)) }
            var output = ByteBuffer()
            guard compressor.compress(bytes.span, into: &output) else {
                let isUntouched = output.isEmpty
                #expect(isUntouched, "seed \(random.seed)")
                continue
            }
            saved += 1
            let compressed = output.bytes.copied()
            #expect(compressed.count < bytes.count - 4, "seed \(random.seed)")
            #expect(Self.decompress(compressed, count: bytes.count) == bytes, "seed \(random.seed)")
        }
        #expect(saved > 100)
    }

    @Test func textGetsMuchShorter() throws {
        let text = String(repeating: "the session of user 42 ends at noon; ", count: 50)
        #expect(try #require(Self.compress(Array(text.utf8))).count < 120)
    }

    @Test func lengthsThatCannotBeAreNotBelieved() {
        #expect(Self.decompress([0x01, 0x61, 0x61], count: Int.max) == nil)
        #expect(Self.decompress([0x01, 0x61, 0x61], count: -1) == nil)
        #expect(Self.decompress([0x01, 0x61, 0x61], count: 1) == nil)
        #expect(Self.decompress([0x01, 0x61, 0x61], count: 3) == nil)
        // Nothing stands so far back.
        #expect(Self.decompress([0x00, 0x61, 0x20, 0x01], count: 4) == nil)
    }

    @Test func anyBytesAreSurvived() {
        var random = TestRandom()
        for _ in 0..<5_000 {
            let bytes = (0..<random.below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            if let result = Self.decompress(bytes, count: random.below(600)) { #expect(result.count < 600) }
        }
    }
}
