// A fast random generator that repeats itself for the same seed: the dice that tests can hold.
//
// xoshiro256** (Blackman and Vigna): 256 bits of state, filled from one word by splitmix64. Not for secrets.

struct SeededRandom: RandomNumberGenerator, Sendable {
    private var a: UInt64
    private var b: UInt64
    private var c: UInt64
    private var d: UInt64

    init(seed: UInt64) {
        var mixer = SplitMix64(state: seed)
        (a, b, c, d) = (mixer.next(), mixer.next(), mixer.next(), mixer.next())
    }

    mutating func next() -> UInt64 {
        // Wrapping: the generator is defined modulo 2^64.
        let product = b &* 5
        // Wrapping, as above.
        let result = ((product << 7) | (product >> 57)) &* 9
        let shifted = b << 17
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = (d << 45) | (d >> 19)
        return result
    }

    /// A number from 0 to `bound` - 1, each as likely as the others. `bound` is at least 1.
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a random number below nothing")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            // 2^64 mod range: so many low halves appear once too often, so they are thrown again.
            let surplus = (UInt64.max % range + 1) % range
            while product.low < surplus { product = next().multipliedFullWidth(by: range) }
        }
        // Below `range`, which came from an Int.
        return Int(truncatingIfNeeded: product.high)
    }
}

/// Steele, Lea and Flood's splitmix64: spreads one word over as many as needed; used for seeding only.
struct SplitMix64: Sendable {
    var state: UInt64

    mutating func next() -> UInt64 {
        // Wrapping: the sequence is defined modulo 2^64.
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var mixed = state
        // Wrapping, as above.
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        // Wrapping, as above.
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
