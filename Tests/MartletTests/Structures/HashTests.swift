// The key hash: repeatable, different for each seed, and evenly spread where the table looks.

import Testing

@testable import Martlet

@Suite struct HashTests {
    private let seed = HashSeed(1, 2)

    private func hash(_ text: String, _ seed: HashSeed) -> UInt64 {
        Array(text.utf8).withUnsafeBytes { seed.hash($0) }
    }

    @Test func sameBytesSameHashAtAnyAlignment() {
        for length in 0...100 {
            let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7 + length) }
            let expected = bytes.withUnsafeBytes { seed.hash($0) }
            for shift in 1..<8 {
                let moved = [UInt8](repeating: 0xEE, count: shift) + bytes + [0xEE]
                let other = moved.withUnsafeBytes {
                    seed.hash(UnsafeRawBufferPointer(rebasing: $0[shift..<shift + length]))
                }
                #expect(other == expected, "length \(length), shift \(shift)")
            }
        }
    }

    @Test func lengthAndEveryByteCount() {
        var seen = Set<UInt64>()
        var made = 0
        for length in 0...80 {
            var bytes = [UInt8](repeating: 0, count: length)
            seen.insert(bytes.withUnsafeBytes { seed.hash($0) })
            made += 1
            for position in 0..<length {
                bytes[position] = 1
                seen.insert(bytes.withUnsafeBytes { seed.hash($0) })
                bytes[position] = 0
                made += 1
            }
        }
        #expect(seen.count == made)
    }

    @Test func seedsDiffer() {
        var seen = Set<UInt64>()
        for first in 0..<16 as Range<UInt64> {
            for second in 0..<16 as Range<UInt64> { seen.insert(hash("user:1000", HashSeed(first, second))) }
        }
        #expect(seen.count == 256)
        #expect(hash("user:1000", HashSeed(7, 9)) == hash("user:1000", HashSeed(7, 9)))
    }

    /// One flipped input bit flips each output bit about half the time.
    @Test(arguments: [1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33, 48, 64])
    func avalanche(length: Int) {
        var random = SeededRandom(seed: 42)
        var flips = [Int](repeating: 0, count: 64)
        var trials = 0
        while trials < 4000 {
            var bytes = (0..<length).map { _ in UInt8(random.below(256)) }
            let before = bytes.withUnsafeBytes { seed.hash($0) }
            let bit = random.below(length * 8)
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            let difference = before ^ bytes.withUnsafeBytes { seed.hash($0) }
            for position in 0..<64 where difference >> UInt64(position) & 1 == 1 { flips[position] += 1 }
            trials += 1
        }
        // Half of 4000, and more than six standard deviations (32 each) to either side.
        #expect(flips.allSatisfy { (1800...2200).contains($0) }, "length \(length): \(flips)")
    }

    /// The top 16 bits place keys: sequential decimal keys spread over them as throws of dice would.
    @Test(arguments: ["", "key:", "user:session:00000000:"], [UInt64(1), 2, 3])
    func sequentialKeysSpread(prefix: String, start: UInt64) {
        let seed = HashSeed(start, start)
        var cells = [Int](repeating: 0, count: 1 << 16)
        var tags = [Int](repeating: 0, count: 256)
        for number in 0..<1 << 18 {
            let value = hash(prefix + String(number), seed)
            cells[Int(value >> 48)] += 1
            tags[Int(value & 0xFF)] += 1
        }
        // Chi-square with k - 1 degrees of freedom: mean k - 1, deviation sqrt(2k); six deviations allowed.
        let spread = cells.reduce(0.0) { $0 + Double(($1 - 4) * ($1 - 4)) / 4 }
        #expect(abs(spread - 65_535) < 6 * 362, "top bits, seed \(start): \(spread)")
        let tagSpread = tags.reduce(0.0) { $0 + Double(($1 - 1024) * ($1 - 1024)) / 1024 }
        #expect(abs(tagSpread - 255) < 6 * 22.6, "low byte, seed \(start): \(tagSpread)")
    }
}
