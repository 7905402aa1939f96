// SHA-1 (FIPS 180-4), streaming. It serves digests that must equal another program's, not security.

/// Computes the SHA-1 digest of the bytes fed to `update`, in any number of pieces.
struct SHA1: ~Copyable {
    private var state = Digest(0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476, 0xC3D2_E1F0)
    /// The bytes of the block that is not full yet; how many, `byteCount` tells.
    private var block = SIMD64<UInt8>()
    private var byteCount: UInt64 = 0

    private static let blockSize = 64

    init() {}

    mutating func update(_ bytes: ByteSpan) {
        var index = 0
        var filled = Int(byteCount % UInt64(Self.blockSize))
        byteCount += UInt64(bytes.count)
        while index < bytes.count {
            if filled == 0, bytes.count - index >= Self.blockSize {
                compress { bytes[index + $0] }
                index += Self.blockSize
            } else {
                block[filled] = bytes[index]
                index += 1
                filled += 1
                if filled == Self.blockSize {
                    compressBlock()
                    filled = 0
                }
            }
        }
    }

    /// The digest of all that was fed.
    consuming func finalize() -> Digest {
        // The padding: a one bit, zeros up to the block's last eight bytes, there the length in bits.
        var filled = Int(byteCount % UInt64(Self.blockSize))
        block[filled] = 0x80
        filled += 1
        if filled > Self.blockSize - 8 {
            for index in filled..<Self.blockSize { block[index] = 0 }
            compressBlock()
            filled = 0
        }
        for index in filled..<Self.blockSize - 8 { block[index] = 0 }
        // The standard counts the bits modulo 2^64.
        let bitCount = byteCount &* 8
        for index in 0..<8 {
            block[Self.blockSize - 1 - index] = UInt8(truncatingIfNeeded: bitCount >> (index * 8))
        }
        compressBlock()
        return state
    }

    private mutating func compressBlock() {
        let full = block
        compress { full[$0] }
    }

    /// Mixes a block of 64 bytes into the state. All sums are modulo 2^32, as the standard says.
    @inline(__always)
    private mutating func compress(_ byte: (Int) -> UInt8) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 80) { words in
            // Initialized from 0 to 79 before the rounds read it; every index is in that range.
            for index in 0..<16 {
                let at = index * 4
                words[index] =
                    UInt32(byte(at)) << 24 | UInt32(byte(at + 1)) << 16 | UInt32(byte(at + 2)) << 8
                    | UInt32(byte(at + 3))
            }
            for index in 16..<80 {
                let mixed = words[index - 3] ^ words[index - 8] ^ words[index - 14] ^ words[index - 16]
                words[index] = mixed << 1 | mixed >> 31
            }
            var (a, b, c, d, e) = (state.a, state.b, state.c, state.d, state.e)
            @inline(__always)
            func rounds(_ range: Range<Int>, constant: UInt32, _ choose: (UInt32, UInt32, UInt32) -> UInt32) {
                for index in range {
                    // Modulo 2^32.
                    let next = (a << 5 | a >> 27) &+ choose(b, c, d) &+ e &+ constant &+ words[index]
                    (a, b, c, d, e) = (next, a, b << 30 | b >> 2, c, d)
                }
            }
            rounds(0..<20, constant: 0x5A82_7999) { $0 & $1 | ~$0 & $2 }
            rounds(20..<40, constant: 0x6ED9_EBA1) { $0 ^ $1 ^ $2 }
            rounds(40..<60, constant: 0x8F1B_BCDC) { $0 & $1 | $0 & $2 | $1 & $2 }
            rounds(60..<80, constant: 0xCA62_C1D6) { $0 ^ $1 ^ $2 }
            // Modulo 2^32.
            state = Digest(state.a &+ a, state.b &+ b, state.c &+ c, state.d &+ d, state.e &+ e)
        }
    }
}

extension SHA1 {
    /// Twenty bytes, kept as five big-endian words.
    struct Digest: Equatable {
        static let byteCount = 20

        fileprivate var a, b, c, d, e: UInt32

        fileprivate init(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ e: UInt32) {
            (self.a, self.b, self.c, self.d, self.e) = (a, b, c, d, e)
        }

        static let zero = Digest(0, 0, 0, 0, 0)

        /// Combines digests so that their order does not matter.
        static func ^= (left: inout Digest, right: Digest) {
            left = Digest(
                left.a ^ right.a, left.b ^ right.b, left.c ^ right.c, left.d ^ right.d, left.e ^ right.e)
        }

        /// The bytes in their order.
        var bytes: [UInt8] {
            [a, b, c, d, e].flatMap { word in
                stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: word >> $0) }
            }
        }

        /// Forty lower-case hexadecimal digits.
        var hexText: [UInt8] {
            bytes.flatMap { byte in [byte >> 4, byte & 15].map { $0 < 10 ? 48 + $0 : 87 + $0 } }
        }
    }

    static func digest(of bytes: ByteSpan) -> Digest {
        var hash = SHA1()
        hash.update(bytes)
        return hash.finalize()
    }
}
