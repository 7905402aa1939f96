// The two pieces that nearly all of RESP is made of, written with one look for room each.
//
//   header   type byte, number in decimal, CR LF
//   bulk     header with $ and the length, the bytes, CR LF

extension ByteBuffer {
    /// Type byte, sign, 19 digits, CR LF, and the CR LF behind a bulk string.
    static var headerRoom: Int { 32 }

    mutating func appendHeader(_ prefix: UInt8, _ value: Int64) {
        commit(Self.writeHeader(prefix, value, to: reserve(Self.headerRoom)))
    }

    mutating func appendBulk(_ bytes: UnsafeRawBufferPointer) {
        let place = reserve(bytes.count + Self.headerRoom)
        commit(Self.writeBulk(bytes, to: place) - place)
    }

    /// Two bulk strings between what is RESP already, with one look for room for all.
    mutating func append(
        _ head: StaticString, bulks first: ByteSpan, _ second: ByteSpan, _ tail: borrowing ByteBuffer
    ) {
        let headCount = head.utf8CodeUnitCount
        let place = reserve(headCount + first.count + second.count + tail.count + 2 * Self.headerRoom)
        place.copyMemory(from: head.utf8Start, byteCount: headCount)
        var end = first.withUnsafeBytes { Self.writeBulk($0, to: place + headCount) }
        end = second.withUnsafeBytes { Self.writeBulk($0, to: end) }
        if let source = tail.unsafeBytes.baseAddress { end.copyMemory(from: source, byteCount: tail.count) }
        commit(end + tail.count - place)
    }

    /// Writes to room for the bytes and a header; returns the end.
    @inline(__always)
    private static func writeBulk(
        _ bytes: UnsafeRawBufferPointer, to place: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var end = place + writeHeader(UInt8(ascii: "$"), Int64(bytes.count), to: place)
        if let source = bytes.baseAddress { end.copyMemory(from: source, byteCount: bytes.count) }
        end += bytes.count
        end.storeBytes(of: 0x0A0D, as: UInt16.self)
        return end + 2
    }

    @inline(__always)
    mutating func appendBulk(_ bytes: ByteSpan) {
        bytes.withUnsafeBytes { appendBulk($0) }
    }

    /// A number in a bulk string.
    mutating func appendBulk(_ number: Int64) {
        let place = reserve(2 * Self.headerRoom)
        // The digits first, behind the header's room, for the header says how many there are.
        let digits = writeDecimal(number, to: (place + Self.headerRoom).assumingMemoryBound(to: UInt8.self))
        let headerCount = Self.writeHeader(UInt8(ascii: "$"), Int64(digits), to: place)
        let end = place + headerCount
        end.copyMemory(from: place + Self.headerRoom, byteCount: digits)
        (end + digits).storeBytes(of: 0x0A0D, as: UInt16.self)
        commit(headerCount + digits + 2)
    }

    /// Writes `prefix value CR LF` to at least `headerRoom` bytes; returns the length.
    @inline(__always)
    static func writeHeader(_ prefix: UInt8, _ value: Int64, to place: UnsafeMutableRawPointer) -> Int {
        place.storeBytes(of: prefix, as: UInt8.self)
        var count = 1
        if value >= 0 && value < 10 {
            place.storeBytes(of: UInt8(truncatingIfNeeded: value) + UInt8(ascii: "0"), toByteOffset: 1, as: UInt8.self)
            count = 2
        } else if value >= 10 && value < 100 {
            // Both digits at once, the tens in the byte that comes first.
            let (tens, ones) = UInt16(truncatingIfNeeded: value).quotientAndRemainder(dividingBy: 10)
            let digits = (ones << 8 | tens) + 0x3030
            place.storeBytes(of: digits.littleEndian, toByteOffset: 1, as: UInt16.self)
            count = 3
        } else if value >= 100 && value < 1000 {
            let (hundreds, rest) = UInt32(truncatingIfNeeded: value).quotientAndRemainder(dividingBy: 100)
            let (tens, ones) = rest.quotientAndRemainder(dividingBy: 10)
            let digits = (ones << 16 | tens << 8 | hundreds) + 0x303030
            place.storeBytes(of: digits.littleEndian, toByteOffset: 1, as: UInt32.self)
            count = 4
        } else {
            count += writeDecimal(value, to: (place + 1).assumingMemoryBound(to: UInt8.self))
        }
        place.storeBytes(of: 0x0A0D, toByteOffset: count, as: UInt16.self)
        return count + 2
    }
}
