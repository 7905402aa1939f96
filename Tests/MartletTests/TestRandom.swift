// The tests' dice: SplitMix64, seeded anew in every run unless MARTLET_TEST_SEED holds a seed to repeat.
// A test names the seed in the comment of its expectations, so that a failure prints it.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

struct TestRandom: RandomNumberGenerator {
    /// What to set MARTLET_TEST_SEED to for the same numbers again.
    let seed: UInt64
    private var state: UInt64

    init() {
        let given = getenv("MARTLET_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
        self.init(seed: given ?? UInt64.random(in: 0...UInt64.max))
    }

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    mutating func next() -> UInt64 {
        // SplitMix64 is defined modulo 2^64.
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        // As above.
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        // As above.
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ limit: Int) -> Int {
        Int(next() % UInt64(limit))
    }

    mutating func bool() -> Bool {
        next() & 1 == 1
    }

    /// A number of random bit width, so that small and large ones are equally likely.
    mutating func skewed() -> UInt64 {
        let width = below(65)
        return width == 0 ? 0 : next() >> UInt64(64 - width)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
    }

    mutating func bytes(_ count: Int, from alphabet: some Collection<UInt8>) -> [UInt8] {
        let alphabet = Array(alphabet)
        return (0..<count).map { _ in alphabet[below(alphabet.count)] }
    }
}
