// The compression of sections: there and back for texts and bytes of all kinds, its size, and bytes that nobody wrote.

import Testing

@testable import Martlet
@testable import MartletSessions

struct TextCompressionTests {
    private static func expand(_ bytes: [UInt8], count: Int) -> [UInt8]? {
        TextCompression.expand(bytes, from: 0, count: count)
    }

    /// Less than `limit` of them.
    private static func bytes(_ limit: Int, _ dice: inout SeededRandom) -> [UInt8] {
        (0..<dice.below(limit)).map { _ in UInt8(dice.below(256)) }
    }

    @Test func thereAndBack() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var dice = SeededRandom(seed: seed)
        for _ in 0..<500 {
            let letters = 1 + dice.below([2, 4, 30, 256][dice.below(4)])
            let first = dice.below(257 - letters)
            let most = [10, 300, 3000, 20_000][dice.below(4)]
            var bytes = Self.bytes(most, &dice).map { UInt8(first + Int($0) % letters) }
            if bytes.count > 50, dice.below(2) == 0 { bytes += bytes.dropFirst(dice.below(40)) }
            let compressed = TextCompression.compress(bytes)
            #expect(compressed.count <= bytes.count * 3 / 2 + 1, "seed \(seed)")
            #expect(Self.expand(compressed, count: bytes.count) == bytes, "seed \(seed)")
        }
    }

    @Test("each byte, repeats that reach into themselves, repeats from far away")
    func extremes() {
        let all = (0...255).map { UInt8($0) }
        let far = all + [UInt8](repeating: 7, count: 65_536 - 256) + all + all
        let inputs = [[], [7], all, all + all, [UInt8](repeating: 9, count: 100_000), far, far + far]
        for bytes in inputs {
            #expect(Self.expand(TextCompression.compress(bytes), count: bytes.count) == bytes)
        }
        #expect(TextCompression.compress([UInt8](repeating: 9, count: 100_000)).count < 150)
    }

    @Test("the code is what the file says")
    func bits() {
        // e: 0 0001, five times: a repeat of four, 10, gamma 2 is 010, distance 1 in one bit: 0.
        #expect(TextCompression.compress(Array("eeeee".utf8)) == [0b0000_1100, 0b1000_0000])
        // k: 1110 and 8; é: 1111 and each of its two bytes.
        let rare: [UInt8] = [0b1110_0100, 0b0111_1110, 0b0001_1111, 0b1101_0100, 0b1000_0000]
        #expect(TextCompression.compress(Array("ké".utf8)) == rare)
    }

    @Test func shortTextsGetShorter() {
        let section = #"{"userId":7919,"email":"a.lovelace@example.com","roles":["admin","editor"],"lang":"en"}"#
        #expect(TextCompression.compress(Array(section.utf8)).count < section.utf8.count * 3 / 4)
        let text = String(repeating: "the session of user 42 ends at noon; ", count: 50)
        #expect(TextCompression.compress(Array(text.utf8)).count < 60)
    }

    @Test func otherLengthsAndCutBytesAreRefused() {
        let bytes = Array("the session of the user, the session of the user".utf8)
        let compressed = TextCompression.compress(bytes)
        for count in [0, 1, bytes.count - 1, bytes.count + 1, 1 << 40] {
            #expect(Self.expand(compressed, count: count) == nil)
        }
        for cut in 0..<compressed.count { #expect(Self.expand(Array(compressed[..<cut]), count: bytes.count) == nil) }
        #expect(Self.expand(compressed + [0], count: bytes.count) == nil)
    }

    @Test("bytes that nobody wrote come to an end")
    func hostileBytes() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var dice = SeededRandom(seed: seed)
        let good = TextCompression.compress(Array(String(repeating: "name: value, ", count: 20).utf8))
        for _ in 0..<5000 {
            var bytes = good
            if dice.below(2) == 0 {
                bytes = Self.bytes(60, &dice)
            } else {
                bytes[dice.below(bytes.count)] ^= 1 << UInt8(dice.below(8))
            }
            let count = dice.below(1000)
            let expanded = Self.expand(bytes, count: count)
            #expect(expanded == nil || expanded?.count == count, "seed \(seed)")
        }
    }
}
