// Bit kernels against models that look at one bit at a time.

import Testing

@testable import Martlet

@Suite struct BitKernelsTests {
    private func bits(_ bytes: [UInt8]) -> [Bool] {
        bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 == 1 } }
    }

    /// A string with long runs of equal bits, as bitmaps have.
    private func bitmap(_ random: inout TestRandom) -> [UInt8] {
        let count = random.below(40)
        switch random.below(4) {
        case 0: return random.bytes(count)
        case 1: return [UInt8](repeating: 0, count: count)
        case 2: return [UInt8](repeating: 0xFF, count: count)
        default: return random.bytes(count, from: [0, 0, 0, 0xFF, 0xFF, 0xFF, 0x10, 0xFE])
        }
    }

    @Test func countsAndFindsBits() {
        var random = TestRandom()
        for _ in 0..<2_000 {
            let bytes = bitmap(&random)
            let model = bits(bytes)
            let ends = [random.below(model.count + 1), random.below(model.count + 1)].sorted()
            let range = ends[0]..<ends[1]
            let bit = random.bool()
            if popcount(bytes.span) != model.count(where: { $0 })
                || popcount(bytes.span, bits: range) != model[range].count(where: { $0 })
                || firstBit(bit, in: bytes.span, bits: range) != model[range].firstIndex(of: bit)
            {
                Issue.record("seed \(random.seed): \(bytes) bits \(range)")
                return
            }
        }
    }

    @Test func rangesBeyondTheEndAreCut() {
        let bytes: [UInt8] = [0xFF, 0xFF]
        let none: [UInt8] = []
        #expect(popcount(bytes.span, bits: 8..<1_000) == 8)
        #expect(popcount(bytes.span, bits: 500..<1_000) == 0)
        #expect(firstBit(false, in: bytes.span, bits: 0..<1_000) == nil)
        #expect(firstBit(true, in: bytes.span, bits: 15..<1_000) == 15)
        #expect(firstBit(true, in: bytes.span, bits: 16..<1_000) == nil)
        #expect(firstBit(true, in: none.span, bits: 0..<1) == nil)
    }

    @Test func combinesSourcesOfAnyLength() {
        var random = TestRandom()
        for _ in 0..<500 {
            let sources = (0...random.below(4)).map { _ in bitmap(&random) }
            let count = sources.map(\.count).max() ?? 0
            let padded = sources.map { $0 + [UInt8](repeating: 0, count: count - $0.count) }
            for (operation, combine) in [(.and, { $0 & $1 }), (.or, { $0 | $1 }), (.xor, { $0 ^ $1 })]
                as [(BitOperation, (UInt8, UInt8) -> UInt8)]
            {
                var result = [UInt8](repeating: 0, count: count)
                var output = result.mutableSpan
                for (index, source) in sources.enumerated() {
                    combineBits(index == 0 ? .or : operation, source.span, into: &output)
                }
                let model = (0..<count).map { at in padded.dropFirst().reduce(padded[0][at]) { combine($0, $1[at]) } }
                if result != model {
                    Issue.record("seed \(random.seed): \(operation) \(sources)")
                    return
                }
            }
            var inverted = padded[0]
            var output = inverted.mutableSpan
            invertBits(&output)
            #expect(inverted == padded[0].map { ~$0 })
        }
    }

    @Test func fieldsOfEveryWidthAtEveryOffset() {
        var random = TestRandom()
        for width in 1...64 {
            for offset in 0..<24 {
                var bytes = random.bytes(11)
                let value = random.next()
                var model = bits(bytes)
                for at in 0..<width { model[offset + at] = value >> UInt64(width - 1 - at) & 1 == 1 }
                var output = bytes.mutableSpan
                setBitfield(in: &output, offset: offset, width: width, to: value)
                let low = value & (.max >> UInt64(64 - width))
                let isNegative = low >> UInt64(width - 1) == 1
                let signed = Int64(bitPattern: isNegative && width < 64 ? low | .max << UInt64(width) : low)
                if bits(bytes) != model
                    || unsignedBitfield(in: bytes.span, offset: offset, width: width) != low
                    || signedBitfield(in: bytes.span, offset: offset, width: width) != signed
                {
                    Issue.record("seed \(random.seed): width \(width) at \(offset)")
                    return
                }
            }
        }
    }

    @Test func fieldsReadZerosBehindTheEnd() {
        let bytes: [UInt8] = [0xFF]
        let none: [UInt8] = []
        #expect(unsignedBitfield(in: bytes.span, offset: 4, width: 8) == 0xF0)
        #expect(unsignedBitfield(in: bytes.span, offset: 8, width: 64) == 0)
        #expect(signedBitfield(in: bytes.span, offset: 7, width: 64) == .min)
        #expect(signedBitfield(in: bytes.span, offset: 1 << 40, width: 5) == 0)
        #expect(unsignedBitfield(in: none.span, offset: 0, width: 63) == 0)
    }

    @Test(
        arguments: [
            // value, increment, width: wrapped, saturated
            (255, 1, 8, 0, 255), (250, 10, 8, 4, 255), (5, -6, 8, 255, 0), (0, -1, 1, 1, 0), (1, 1, 1, 0, 1),
            (300, 0, 8, 44, 255), (.max, 0, 8, 255, 255), (7, .min, 8, 7, 0), (7, .max, 8, 6, 255),
            (.max, 1, 64, 0, .max), (0, -1, 64, .max, 0), (.max, .min, 64, .max >> 1, .max >> 1),
        ] as [(UInt64, Int64, Int, UInt64, UInt64)])
    func unsignedSums(value: UInt64, increment: Int64, width: Int, wrapped: UInt64, saturated: UInt64) {
        #expect(unsignedBitfieldSum(value, increment, width: width, overflow: .wrap) == wrapped)
        #expect(unsignedBitfieldSum(value, increment, width: width, overflow: .saturate) == saturated)
        let fits = wrapped == saturated && value <= .max >> UInt64(64 - width)
        #expect(unsignedBitfieldSum(value, increment, width: width, overflow: .fail) == (fits ? wrapped : nil))
    }

    @Test(
        arguments: [
            (127, 1, 8, -128, 127), (-128, -1, 8, 127, -128), (100, 100, 8, -56, 127), (0, 1, 1, -1, 0),
            (-1, -1, 1, 0, -1),
            (200, 0, 8, -56, 127), (-200, 0, 8, 56, -128), (5, .max, 8, 4, 127), (5, .min, 8, 5, -128),
            (.max, 1, 64, .min, .max), (.min, -1, 64, .max, .min), (.min, .max, 64, -1, -1), (.max, .min, 64, -1, -1),
            // The room above these is more than 2^63, and Redis takes them for too large.
            (.min, 0, 8, 0, 127), (.min + 127, 0, 8, 127, 127), (.min, 0, 63, 0, .max >> 1),
            (.min + 128, 0, 8, -128, -128),
        ] as [(Int64, Int64, Int, Int64, Int64)])
    func signedSums(value: Int64, increment: Int64, width: Int, wrapped: Int64, saturated: Int64) {
        #expect(signedBitfieldSum(value, increment, width: width, overflow: .wrap) == wrapped)
        #expect(signedBitfieldSum(value, increment, width: width, overflow: .saturate) == saturated)
    }

    @Test func sumsAgreeWithWideArithmetic() {
        var random = TestRandom()
        for _ in 0..<5_000 {
            let width = 1 + random.below(64)
            let increment = Int64(bitPattern: random.skewed())
            let field = random.next() >> UInt64(64 - width)
            let signed = Int64(bitPattern: field << UInt64(64 - width)) >> Int64(64 - width)

            let unsignedSum = Int128(field) + Int128(increment)
            let unsignedFits = unsignedSum >= 0 && unsignedSum < 1 << Int128(width)
            let signedSum = Int128(signed) + Int128(increment)
            let half = Int128(1) << Int128(width - 1)
            let signedFits = signedSum >= -half && signedSum < half
            let isRight =
                unsignedBitfieldSum(field, increment, width: width, overflow: .fail)
                == (unsignedFits ? UInt64(unsignedSum) : nil)
                && signedBitfieldSum(signed, increment, width: width, overflow: .fail)
                    == (signedFits ? Int64(signedSum) : nil)
                && signedBitfieldSum(signed, increment, width: width, overflow: .saturate)
                    == Int64(min(max(signedSum, -half), half - 1))
            if !isRight {
                Issue.record("seed \(random.seed): \(field) + \(increment) in \(width) bits")
                return
            }
        }
    }
}
