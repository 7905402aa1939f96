// Exact scaling by powers of ten and correct rounding: the one place where decimal and binary meet.
// Reading a float scales its digits and rounds to the format's precision; writing one scales its significand until the
// wanted decimal digits stand before the point and rounds to a whole number. Both go through `LeadingBits`.

/// A number from zero up, by its leading bits: `significand * 2^exponent`, and somewhat more, though less than one unit
/// of the significand, if `isTruncated`.
///
///     significand, at most 128 bits         cut off
///     1011......................0110     . 00101....
///     |<- what rounding can keep ->|       only known to be zero or not
struct LeadingBits: Equatable {
    var significand: UInt128
    var exponent: Int
    var isTruncated: Bool

    init(significand: UInt128, exponent: Int, isTruncated: Bool = false) {
        self.significand = significand
        self.exponent = exponent
        self.isTruncated = isTruncated
    }

    /// `number * 10^power`.
    init(_ number: UInt64, timesTenTo power: Int) {
        if number == 0 {
            self.init(significand: 0, exponent: 0)
        } else if power >= 0 && power <= largestPowerOfFive {
            let product = number.multipliedFullWidth(by: powerOfFive(power))
            self.init(significand: UInt128(product.high) << 64 | UInt128(product.low), exponent: power)
        } else if power < 0 && power >= -largestPowerOfFive {
            // At least 2^127 divided by less than 2^63: a quotient of 65 bits or more.
            let shift = 64 + number.leadingZeroBitCount
            let division = (UInt128(number) << shift).quotientAndRemainder(dividingBy: UInt128(powerOfFive(-power)))
            self.init(
                significand: division.quotient, exponent: power - shift, isTruncated: division.remainder != 0)
        } else {
            self.init(BigNatural(number), timesTenTo: power)
        }
    }

    /// `number * 10^power`.
    init(_ number: BigNatural, timesTenTo power: Int) {
        var number = number
        if number.isZero {
            self.init(significand: 0, exponent: 0)
        } else if power >= 0 {
            number.multiply(byPowerOfFive: power)
            self.init(topOf: number, exponent: power)
        } else {
            var divisor = BigNatural(1)
            divisor.multiply(byPowerOfFive: -power)
            self.init(number, dividedBy: divisor, exponent: power)
        }
    }

    private init(topOf number: BigNatural, exponent: Int) {
        let limbs = number.limbs
        func limb(_ fromTop: Int) -> UInt64 { fromTop < limbs.count ? limbs[limbs.count - 1 - fromTop] : 0 }
        let lead = limb(0).leadingZeroBitCount
        let two = UInt128(limb(0)) << 64 | UInt128(limb(1))
        let cut = limb(2) << lead
        self.init(
            significand: two << lead | UInt128(limb(2) >> (64 - lead)),
            exponent: exponent + (limbs.count - 2) * 64 - lead,
            isTruncated: cut != 0 || limbs.dropLast(3).contains { $0 != 0 })
    }

    /// `dividend / divisor * 2^exponent`; neither is zero.
    private init(_ dividend: BigNatural, dividedBy divisor: BigNatural, exponent: Int) {
        var rest = dividend
        var divisor = divisor
        let shift = divisor.bitWidth - rest.bitWidth
        rest.shiftLeft(by: shift)
        divisor.shiftLeft(by: -shift)
        // Now the two are equally long, so one of the first two steps yields a one: at least 66 bits in all.
        let steps = 67
        var quotient: UInt128 = 0
        for _ in 0..<steps {
            quotient <<= 1
            if rest >= divisor {
                rest.subtract(divisor)
                quotient |= 1
            }
            rest.shiftLeft(by: 1)
        }
        self.init(significand: quotient, exponent: exponent - shift - (steps - 1), isTruncated: !rest.isZero)
    }

    /// The exponent of the highest bit that is set; meaningless for zero.
    var topPlace: Int { exponent + 127 - significand.leadingZeroBitCount }

    /// How many times 2^place the number is, to the nearest, and to the even one of two equally near.
    /// The place must be above the lowest known bit of the significand when that is shifted all the way up.
    func rounded(toMultipleOf place: Int) -> UInt128 {
        let lead = significand.leadingZeroBitCount
        let normal = significand << lead
        let dropped = place - (exponent - lead)
        guard significand != 0, dropped <= 128 else { return 0 }
        precondition(dropped > 0, "more than 128 bits before the place")
        // Shifts by the whole width give zero.
        let kept = normal >> dropped
        let rest = normal - kept << dropped
        let half = UInt128(1) << (dropped - 1)
        let isUp = rest > half || rest == half && (isTruncated || kept & 1 == 1)
        return isUp ? kept + 1 : kept
    }
}

/// A binary floating-point format by its limits: every value is a significand times two to the power of a place.
struct BinaryFormat {
    /// Bits of the significand.
    let precision: Int
    /// The places of the lowest bit, from that of the subnormals to that of the greatest value.
    let places: ClosedRange<Int>

    /// IEEE 754 binary64.
    static let double = BinaryFormat(precision: 53, places: -1074...971)
    /// The 80-bit format of the x87 unit, which C calls `long double` on x86.
    static let extended = BinaryFormat(precision: 64, places: -16445...16320)

    struct Value: Equatable {
        let significand: UInt64
        let place: Int
    }

    /// The nearest value of this format, ties to even; nil if that is beyond the greatest.
    func round(_ number: LeadingBits) -> Value? {
        guard number.significand != 0 else { return Value(significand: 0, place: places.lowerBound) }
        var place = max(number.topPlace - precision + 1, places.lowerBound)
        // At most `precision` bits, or that power of two.
        var significand = number.rounded(toMultipleOf: place)
        if significand >> precision != 0 {
            // It was rounded up to a power of two, so nothing is lost.
            significand >>= 1
            place += 1
        }
        guard place <= places.upperBound else { return nil }
        return Value(significand: UInt64(significand), place: place)
    }
}
