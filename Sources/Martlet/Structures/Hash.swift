// The hash of keys: seeded with a secret, so that strangers cannot choose keys that collide; fast for 1 to 64 bytes.
//
// Sixteen bytes at a time are mixed with the secret and multiplied 64 x 64 -> 128 bits; both halves of the product are
// folded together by xor. The last sixteen bytes overlap the block before them, so that no length needs a byte loop,
// and the length itself is part of the start value. One more fold spreads the result over all 64 bits: the table places
// keys by the top bits and tells them apart by the lowest byte.

struct HashSeed: Sendable {
    private let start: UInt64
    private let left: UInt64
    private let right: UInt64

    /// Any two words will do; they should come from a source that nobody else can guess.
    init(_ first: UInt64, _ second: UInt64) {
        var mixer = SplitMix64(state: first)
        let spread = mixer.next()
        mixer = SplitMix64(state: second ^ spread)
        start = mixer.next()
        left = mixer.next()
        right = mixer.next()
    }

    @inline(__always)
    func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        // Wrapping: the length only has to change the start value, modulo 2^64.
        var state = start ^ (UInt64(truncatingIfNeeded: count) &* 0xD6E8_FEB8_6659_FD93)
        guard count > 0, let base = bytes.baseAddress else { return finish(state, 0, 0) }
        if count > 16 {
            var offset = 0
            repeat {
                state = fold(word(base, offset) ^ left, word(base, offset + 8) ^ state)
                offset += 16
            } while offset < count - 16
            return finish(state, word(base, count - 16), word(base, count - 8))
        }
        if count >= 8 { return finish(state, word(base, 0), word(base, count - 8)) }
        if count >= 4 { return finish(state, halfWord(base, 0), halfWord(base, count - 4)) }
        let ends = UInt64(bytes[0]) | UInt64(bytes[count - 1]) << 8
        return finish(state, ends, UInt64(bytes[count >> 1]))
    }

    @inline(__always)
    private func finish(_ state: UInt64, _ a: UInt64, _ b: UInt64) -> UInt64 {
        fold(fold(a ^ left, b ^ state) ^ right, 0x9FB2_1C65_1E98_DF25)
    }

    @inline(__always)
    private func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inline(__always)
    private func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
    }

    @inline(__always)
    private func halfWord(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        UInt64(base.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }
}
