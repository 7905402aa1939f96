// Comparison and copying of byte spans.

import Testing

@testable import Martlet

@Suite struct ByteSpanTests {
    private func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.span.equals(right.span)
    }

    private func compare(_ left: [UInt8], _ right: [UInt8]) -> Int {
        left.span.compare(right.span).signum()
    }

    private func named(_ text: String, _ name: StaticString) -> Bool {
        Array(text.utf8).span.equalsIgnoringCase(name)
    }

    @Test func equalityLooksAtEveryByte() {
        for length in 0...40 {
            var bytes = (0..<length).map { UInt8($0) }
            let same = bytes
            #expect(equal(bytes, same))
            #expect(!equal(bytes, same + [0]))
            for position in 0..<length {
                bytes[position] ^= 0x80
                #expect(!equal(bytes, same), "length \(length), byte \(position)")
                bytes[position] ^= 0x80
            }
        }
    }

    @Test func orderIsByteOrder() {
        var random = SeededRandom(seed: 11)
        for round in 0..<3000 {
            let left = (0..<random.below(20)).map { _ in UInt8(random.below(2) * 255) }
            let right = (0..<random.below(20)).map { _ in UInt8(random.below(2) * 255) }
            let expected = left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
            #expect(compare(left, right) == expected, "seed 11, round \(round)")
        }
        let long = [UInt8](repeating: 1, count: 30)
        #expect(compare(long, long.dropLast() + [2]) == -1)
        #expect(compare(long, long) == 0)
    }

    @Test func namesIgnoreCase() {
        #expect(named("KeepTTL", "keepttl"))
        #expect(named("", ""))
        #expect(!named("keepttl", "keepttx"))
        #expect(!named("keep", "keepttl"))
        // Only letters have two cases: '@' and '`', '[' and '{' differ by the same bit.
        #expect(!named("@[", "`{"))
    }

    @Test func copiesAndViews() {
        let bytes: [UInt8] = [1, 2, 3]
        #expect(bytes.span.copied() == bytes)
        #expect([UInt8]().span.copied() == [])
        let viewed = bytes.withUnsafeBytes { ByteSpan(viewing: $0, ownedBy: bytes).copied() }
        #expect(viewed == bytes)
    }
}
