// The seeded generator repeats itself and is even below any bound.

import Testing

@testable import Martlet

@Suite struct SeededRandomTests {
    @Test func sameSeedSameSequence() {
        var (one, two, other) = (SeededRandom(seed: 5), SeededRandom(seed: 5), SeededRandom(seed: 6))
        let first = (0..<100).map { _ in one.next() }
        let second = (0..<100).map { _ in two.next() }
        let third = (0..<100).map { _ in other.next() }
        #expect(first == second)
        #expect(first != third)
        #expect(Set(first).count == 100)
    }

    @Test(arguments: [1, 2, 3, 7, 10, 100])
    func evenBelow(bound: Int) {
        var random = SeededRandom(seed: 99)
        var hits = [Int](repeating: 0, count: bound)
        for _ in 0..<20_000 { hits[random.below(bound)] += 1 }
        let expected = 20_000.0 / Double(bound)
        let spread = hits.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
        let degrees = Double(bound - 1)
        #expect(spread <= degrees + 6 * (2 * degrees).squareRoot(), "bound \(bound): \(spread)")
    }

    @Test func hugeBoundsStayBelow() {
        var random = SeededRandom(seed: 3)
        for bound in [Int.max, Int.max / 2 + 2, 1 << 62] {
            for _ in 0..<100 {
                let number = random.below(bound)
                #expect(number >= 0 && number < bound)
            }
        }
    }
}
