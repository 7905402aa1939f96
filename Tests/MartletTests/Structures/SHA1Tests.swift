// SHA-1: the standard's vectors, and pieces of any size.

import Testing

@testable import Martlet

@Suite struct SHA1Tests {
    private func hex(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return String(decoding: SHA1.digest(of: bytes.span).hexText, as: UTF8.self)
    }

    @Test(arguments: [
        ("", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
                + "nopqrstu", "a49b2446a02c645bf419f995b67091253a04a259"
        ),
    ])
    func givesTheStandardsDigests(text: String, digest: String) {
        #expect(hex(text) == digest)
    }

    @Test func digestsAMillionBytesInPieces() {
        let piece = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000)
        var hash = SHA1()
        for _ in 0..<1_000 { hash.update(piece.span) }
        let digest = hash.finalize()
        #expect(
            String(decoding: digest.hexText, as: UTF8.self)
                == "34aa973cd4c4daa4f61eeb2bdbad2731 6534016f".filter { $0 != " " })
    }

    @Test func piecesMakeNoDifference() {
        var random = TestRandom()
        for _ in 0..<100 {
            let bytes = random.bytes(random.below(200))
            var hash = SHA1()
            var index = 0
            while index < bytes.count {
                let end = min(bytes.count, index + random.below(80))
                let piece = Array(bytes[index..<end])
                hash.update(piece.span)
                index = end
            }
            let inPieces = hash.finalize()
            let atOnce = SHA1.digest(of: bytes.span)
            if inPieces != atOnce {
                Issue.record("seed \(random.seed): \(bytes.count) bytes")
                return
            }
        }
    }

    @Test func digestsCombineInAnyOrder() {
        let first = SHA1.digest(of: [1].span)
        let second = SHA1.digest(of: [2].span)
        var forward = SHA1.Digest.zero
        forward ^= first
        forward ^= second
        var backward = SHA1.Digest.zero
        backward ^= second
        backward ^= first
        #expect(forward == backward)
        #expect(forward.bytes == zip(first.bytes, second.bytes).map { $0 ^ $1 })
        #expect(first.bytes.count == SHA1.Digest.byteCount)
        backward ^= forward
        #expect(backward == .zero)
        #expect(SHA1.Digest.zero.bytes == [UInt8](repeating: 0, count: 20))
    }
}
