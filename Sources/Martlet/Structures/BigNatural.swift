// A natural number of any size, with just the operations that exact conversion between decimal and binary needs.
// It is the slow road: numbers of ordinary size are converted in 128 bits (see LeadingBits.swift).

struct BigNatural {
    /// Base 2^64 digits, lowest first; the last one is never zero, so zero has none.
    private(set) var limbs: [UInt64]

    init(_ value: UInt64) {
        limbs = value == 0 ? [] : [value]
    }

    var isZero: Bool { limbs.isEmpty }

    var bitWidth: Int {
        guard let top = limbs.last else { return 0 }
        return limbs.count * 64 - top.leadingZeroBitCount
    }

    /// Multiplies by a factor other than zero, then adds.
    mutating func multiply(by factor: UInt64, adding addend: UInt64 = 0) {
        var carry = addend
        for index in limbs.indices {
            let product = limbs[index].multipliedFullWidth(by: factor)
            let (low, overflow) = product.low.addingReportingOverflow(carry)
            limbs[index] = low
            // (2^64-1) * (2^64-1) + (2^64-1) is below 2^128: the high half has room for the carry.
            carry = product.high &+ (overflow ? 1 : 0)
        }
        if carry != 0 { limbs.append(carry) }
    }

    mutating func multiply(byPowerOfFive exponent: Int) {
        var rest = exponent
        while rest > 0 {
            let step = min(rest, largestPowerOfFive)
            multiply(by: powerOfFive(step))
            rest -= step
        }
    }

    /// Divides in place by a divisor other than zero and returns the remainder.
    mutating func divide(by divisor: UInt64) -> UInt64 {
        var remainder: UInt64 = 0
        for index in limbs.indices.reversed() {
            // The remainder is below the divisor, so the quotient fits.
            (limbs[index], remainder) = divisor.dividingFullWidth((remainder, limbs[index]))
        }
        dropLeadingZeros()
        return remainder
    }

    mutating func shiftLeft(by bits: Int) {
        guard bits > 0, !isZero else { return }
        let (whole, part) = bits.quotientAndRemainder(dividingBy: 64)
        if part > 0 {
            var carry: UInt64 = 0
            for index in limbs.indices {
                let limb = limbs[index]
                limbs[index] = limb << part | carry
                carry = limb >> (64 - part)
            }
            if carry != 0 { limbs.append(carry) }
        }
        limbs.insert(contentsOf: repeatElement(0, count: whole), at: 0)
    }

    /// Subtracts a number that is not the greater one.
    mutating func subtract(_ other: BigNatural) {
        var borrow: UInt64 = 0
        for index in limbs.indices {
            if index >= other.limbs.count && borrow == 0 { break }
            let (partial, first) = limbs[index].subtractingReportingOverflow(
                index < other.limbs.count ? other.limbs[index] : 0)
            let (difference, second) = partial.subtractingReportingOverflow(borrow)
            limbs[index] = difference
            borrow = first || second ? 1 : 0
        }
        dropLeadingZeros()
    }

    static func >= (left: BigNatural, right: BigNatural) -> Bool {
        guard left.limbs.count == right.limbs.count else { return left.limbs.count > right.limbs.count }
        for index in left.limbs.indices.reversed() where left.limbs[index] != right.limbs[index] {
            return left.limbs[index] > right.limbs[index]
        }
        return true
    }

    private mutating func dropLeadingZeros() {
        while limbs.last == 0 { limbs.removeLast() }
    }
}

/// The greatest exponent whose power of five fits a signed 64-bit number.
let largestPowerOfFive = 27

/// Five to the power of `exponent`, which is at most `largestPowerOfFive`.
func powerOfFive(_ exponent: Int) -> UInt64 {
    var power: UInt64 = 1
    for _ in 0..<exponent { power *= 5 }
    return power
}
