// CRC-64 as RDB files carry it: Jones's polynomial 0xAD93D23594C935A9, reflected, initial value 0, no final inversion.
// The CRC of "123456789" is 0xE9C6D914C4B8D9CA. Eight bytes are taken at a time through eight tables ("slicing").

struct CRC64: Sendable {
    private(set) var value: UInt64 = 0

    /// Entry `slice * 256 + byte` is the CRC of `byte` followed by `slice` zero bytes.
    private static let table: [UInt64] = {
        // 0xAD93D23594C935A9 with its bits in the opposite order.
        let polynomial: UInt64 = 0x95AC_9329_AC4B_C9B5
        var table = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt64(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ polynomial }
            table[byte] = crc
        }
        for index in 256..<table.count {
            let shorter = table[index - 256]
            table[index] = table[Int(shorter & 0xFF)] ^ shorter >> 8
        }
        return table
    }()

    mutating func update(_ bytes: ByteSpan) {
        var crc = value
        let table = Self.table.span
        var offset = 0
        bytes.withUnsafeBytes { bytes in
            while bytes.count - offset >= 8 {
                // Eight bytes are left at the offset.
                crc ^= UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                var next: UInt64 = 0
                for slice in 0..<8 {
                    next ^= table[(7 - slice) * 256 + Int(truncatingIfNeeded: crc >> UInt64(8 * slice) & 0xFF)]
                }
                crc = next
                offset += 8
            }
        }
        while offset < bytes.count {
            crc = table[Int(truncatingIfNeeded: (crc ^ UInt64(bytes[offset])) & 0xFF)] ^ crc >> 8
            offset += 1
        }
        value = crc
    }

    static func of(_ bytes: ByteSpan) -> UInt64 {
        var crc = CRC64()
        crc.update(bytes)
        return crc.value
    }
}
