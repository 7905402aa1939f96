// Big naturals and their rounding, against 128-bit arithmetic.

import Testing

@testable import Martlet

@Suite struct BigNaturalTests {
    private func value(_ number: BigNatural) -> UInt128? {
        guard number.limbs.last != 0, number.limbs.count <= 2 else { return nil }
        return number.limbs.reversed().reduce(0) { $0 << 64 | UInt128($1) }
    }

    private func natural(_ value: UInt128) -> BigNatural {
        var number = BigNatural(UInt64(value >> 64))
        number.shiftLeft(by: 64)
        number.multiply(by: 1, adding: UInt64(truncatingIfNeeded: value))
        return number
    }

    @Test func agreesWith128Bits() {
        var random = TestRandom()
        for _ in 0..<2_000 {
            let left = UInt128(random.skewed())
            let factor = max(random.skewed(), 1)
            let addend = random.skewed()
            // Below 2^128: (2^64-1)^2 + 2^64-1.
            let product = left * UInt128(factor) + UInt128(addend)
            var number = natural(left)
            number.multiply(by: factor, adding: addend)
            var difference = natural(product)
            difference.subtract(natural(left))
            var quotient = natural(product)
            let remainder = quotient.divide(by: factor)
            let isRight =
                value(number) == product
                && number.bitWidth == 128 - product.leadingZeroBitCount
                && value(difference) == product - left
                && value(quotient) == product / UInt128(factor)
                && UInt128(remainder) == product % UInt128(factor)
                && number >= natural(left) && (natural(left) >= number) == (left == product)
            if !isRight {
                Issue.record("seed \(random.seed): \(left) * \(factor) + \(addend)")
                return
            }
        }
    }

    @Test func shiftsByAnyCount() {
        for bits in 0..<130 {
            var number = natural(0x8000_0000_0000_0001)
            number.shiftLeft(by: bits)
            #expect(number.bitWidth == 64 + bits)
            for _ in 0..<bits { _ = number.divide(by: 2) }
            #expect(value(number) == 0x8000_0000_0000_0001)
        }
    }

    @Test func powersOfFiveAgreeOnBothRoads() {
        for power in -60...60 {
            let short = LeadingBits(7, timesTenTo: power)
            let long = LeadingBits(BigNatural(7), timesTenTo: power)
            // However the bits are laid out, they round to the same 64.
            let place = short.topPlace - 63
            #expect(short.topPlace == long.topPlace)
            #expect(short.rounded(toMultipleOf: place) == long.rounded(toMultipleOf: place))
            #expect(short.isTruncated == long.isTruncated)
        }
    }

    @Test(
        arguments: [
            // significand, exponent, truncated, place: rounded
            (4, 0, false, 1, 2), (5, 0, false, 1, 2), (7, 0, false, 1, 4), (5, 0, true, 1, 3), (4, 0, true, 1, 2),
            (6, 0, false, 2, 2), (2, 0, false, 2, 0), (2, 0, true, 2, 1), (3, 0, false, 2, 1), (1, 0, false, 3, 0),
            (1, 0, true, 200, 0), (0, 0, false, 0, 0), (1, 5, false, 0, 32), (3, -2, false, 0, 1), (1, -1, false, 0, 0),
        ] as [(UInt64, Int, Bool, Int, UInt64)])
    func roundsHalfToEven(significand: UInt64, exponent: Int, isTruncated: Bool, place: Int, rounded: UInt64) {
        let bits = LeadingBits(significand: UInt128(significand), exponent: exponent, isTruncated: isTruncated)
        #expect(bits.rounded(toMultipleOf: place) == UInt128(rounded))
    }

    @Test func formatsEndWhereTheyShould() {
        let format = BinaryFormat(precision: 3, places: -2...2)
        func round(_ significand: UInt128, _ exponent: Int) -> BinaryFormat.Value? {
            format.round(LeadingBits(significand: significand, exponent: exponent))
        }
        #expect(round(7, 2) == .init(significand: 7, place: 2))
        #expect(round(15, 1) == nil)
        #expect(round(15, 0) == .init(significand: 4, place: 2))
        #expect(round(1, -3) == .init(significand: 0, place: -2))
        #expect(round(3, -3) == .init(significand: 2, place: -2))
        #expect(round(0, 9) == .init(significand: 0, place: -2))
    }
}
