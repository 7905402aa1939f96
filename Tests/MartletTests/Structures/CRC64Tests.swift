// CRC-64: the published value, and pieces of any size.

import Testing

@testable import Martlet

struct CRC64Tests {
    private static func crc(_ bytes: [UInt8]) -> UInt64 { CRC64.of(bytes.span) }

    @Test func publishedValues() {
        #expect(Self.crc(Array("123456789".utf8)) == 0xE9C6_D914_C4B8_D9CA)
        #expect(Self.crc([]) == 0)
    }

    @Test func piecesMakeNoDifference() {
        var random = TestRandom()
        for _ in 0..<200 {
            let bytes = (0..<random.below(100)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            var crc = CRC64()
            var offset = 0
            while offset < bytes.count {
                let end = min(bytes.count, offset + 1 + random.below(20))
                crc.update(Array(bytes[offset..<end]).span)
                offset = end
            }
            #expect(crc.value == Self.bitByBit(bytes), "seed \(random.seed)")
            #expect(Self.crc(bytes) == Self.bitByBit(bytes), "seed \(random.seed)")
        }
    }

    private static func bitByBit(_ bytes: [UInt8]) -> UInt64 {
        var crc: UInt64 = 0
        for byte in bytes {
            crc ^= UInt64(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x95AC_9329_AC4B_C9B5 : crc >> 1 }
        }
        return crc
    }
}
