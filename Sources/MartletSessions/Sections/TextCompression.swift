// Makes short texts shorter: JSON of some ten bytes up to some thousand, where general formats pay more for their
// tables than these give back. It is repeats (Ziv and Lempel, 1977) and a fixed prefix code that knows which bytes are
// frequent in JSON and in European languages.
//
// Bits follow each other from the highest of each byte on; the last byte is filled up with zeros.
//
//   0 xxxx               one of the 16 most frequent bytes
//   10 length distance   a repeat: length less 2 as an Elias gamma code, distance less 1 in as many bits as the largest
//                        distance that is possible at this place needs, at least 1, at most 16
//   110 xxxx             one of the next 16
//   1110 xxxxx           one of the next 32
//   1111 xxxxxxxx        any byte

enum TextCompression {
    private static let shortest = 3
    /// Of a repeat, so that its code fits into a few bits.
    private static let longest = 1 << 12
    private static let window = 1 << 16

    /// Bytes by how frequent they are.
    private static let ranked = Array(
        #""e ,:taoinsrlu_d0c1mh2gpf5.y3b4wv6897}{-kTSAx/jIqCzMEDPNBLORFH+="#.utf8)
    /// Their places in `ranked`; 255 for those that are not among them.
    private static let ranks: [UInt8] = {
        var ranks = [UInt8](repeating: 255, count: 256)
        for (rank, byte) in ranked.enumerated() { ranks[Int(byte)] = UInt8(rank) }
        return ranks
    }()

    // MARK: Compressing

    /// At most half as long again as the bytes and one byte more.
    static func compress(_ bytes: [UInt8]) -> [UInt8] {
        let bytes = bytes.span
        var finder = RepeatFinder(bytes.count)
        var writer = BitWriter(capacity: bytes.count)
        let ranks = ranks
        var position = 0
        var found = finder.enter(0, of: bytes)
        while position < bytes.count {
            // A longer repeat that begins one byte later is worth more.
            let next = finder.enter(position + 1, of: bytes)
            guard found.length >= shortest, next.length <= found.length + 1 else {
                append(bytes[position], rank: Int(ranks[Int(bytes[position])]), to: &writer)
                position += 1
                found = next
                continue
            }
            writer.append(0b10, 2)
            writer.appendGamma(found.length - 2)
            writer.append(found.distance - 1, distanceWidth(at: position))
            let end = position + found.length
            for skipped in position + 2..<end { finder.note(skipped, of: bytes) }
            position = end
            found = finder.enter(end, of: bytes)
        }
        return writer.finish()
    }

    private static func append(_ byte: UInt8, rank: Int, to writer: inout BitWriter) {
        switch rank {
        case ..<16: writer.append(rank, 5)
        case ..<32: writer.append(0b110 << 4 | (rank - 16), 7)
        case ..<64: writer.append(0b1110 << 5 | (rank - 32), 9)
        default: writer.append(0b1111 << 8 | Int(byte), 12)
        }
    }

    private static func distanceWidth(at position: Int) -> Int {
        let largest = min(position, window) - 1
        return max(Int.bitWidth - largest.leadingZeroBitCount, 1)
    }

    // MARK: Expanding

    /// Nil when the bytes from `start` on are not the compressed form of `count` bytes.
    static func expand(_ bytes: [UInt8], from start: Int, count: Int) -> [UInt8]? {
        // The longest repeat takes more than four bytes: few bytes that claim to be many get no room for them.
        guard count >= 0, count / (longest / 4) <= bytes.count else { return nil }
        var reader = BitReader(bytes, from: start)
        var output = [UInt8](repeating: 0, count: count)
        let isGood = fill(&output, &reader)
        return isGood && reader.isAtEnd ? output : nil
    }

    private static func fill(_ output: inout [UInt8], _ reader: inout BitReader) -> Bool {
        var space = output.mutableSpan
        let ranked = ranked
        var position = 0
        while position < space.count {
            reader.fill()
            if reader.take(1) == 0 {
                space[position] = ranked[reader.take(4)]
            } else if reader.take(1) == 1 {
                space[position] = rareByte(&reader, ranked)
            } else {
                let length = reader.takeGamma() + 2
                guard position > 0, length <= space.count - position else { return false }
                let distance = reader.take(distanceWidth(at: position)) + 1
                guard distance <= position else { return false }
                // It may reach into what it adds itself.
                for place in position..<position + length { space[place] = space[place - distance] }
                position += length - 1
            }
            position += 1
            guard !reader.isExhausted else { return false }
        }
        return true
    }

    private static func rareByte(_ reader: inout BitReader, _ ranked: [UInt8]) -> UInt8 {
        if reader.take(1) == 0 { return ranked[16 + reader.take(4)] }
        if reader.take(1) == 0 { return ranked[32 + reader.take(5)] }
        return UInt8(truncatingIfNeeded: reader.take(8))
    }

    // MARK: Repeats

    /// Where the same three bytes stood before.
    private struct RepeatFinder {
        private let mask: Int
        private var latest: [Int32]
        /// For each position that was entered, the one before of the same hash.
        private var before: [Int32]

        private static let longestChain = 4
        /// Nobody looks for more than a repeat like that.
        private static let goodEnough = 16

        init(_ count: Int) {
            // As many places as there are bytes, within reason.
            let bits = min(max(Int.bitWidth - count.leadingZeroBitCount, 6), 15)
            mask = (1 << bits) - 1
            latest = Array(repeating: -1, count: mask + 1)
            before = Array(repeating: -1, count: count)
        }

        /// Where the bytes at this position stood last; from now on they stand here.
        @discardableResult
        mutating func note(_ position: Int, of bytes: Span<UInt8>) -> Int {
            guard position + TextCompression.shortest <= bytes.count else { return -1 }
            let three = UInt32(bytes[position]) << 16 | UInt32(bytes[position + 1]) << 8 | UInt32(bytes[position + 2])
            // The upper bits of a product depend on all of the three. To wrap is what makes it a hash.
            let place = Int((three &* 0x9E37_79B1) >> 12) & mask
            let last = latest[place]
            before[position] = last
            latest[place] = Int32(truncatingIfNeeded: position)
            return Int(last)
        }

        /// The same, and the longest repeat of what stood there.
        mutating func enter(_ position: Int, of bytes: Span<UInt8>) -> (length: Int, distance: Int) {
            var candidate = note(position, of: bytes)
            var best = (length: 0, distance: 0)
            guard candidate >= 0 else { return best }
            let most = min(bytes.count - position, TextCompression.longest)
            var rest = Self.longestChain
            while candidate >= 0, rest > 0, position - candidate <= TextCompression.window, best.length < most {
                // A longer one has the same byte behind the best so far.
                if bytes[candidate + best.length] == bytes[position + best.length] {
                    var length = 0
                    while length < most, bytes[candidate + length] == bytes[position + length] { length += 1 }
                    if length > best.length { best = (length, position - candidate) }
                    if length >= Self.goodEnough { break }
                }
                candidate = Int(before[candidate])
                rest -= 1
            }
            return best
        }
    }

    // MARK: Bits

    private struct BitWriter {
        private var bytes: [UInt8] = []
        /// The lower `pendingCount` bits are still to be written.
        private var pending: UInt64 = 0
        private var pendingCount = 0

        init(capacity: Int) { bytes.reserveCapacity(capacity) }

        /// The lower `count` bits of `value`, at most 32.
        mutating func append(_ value: Int, _ count: Int) {
            pending = pending << UInt64(count) | UInt64(value)
            pendingCount += count
            while pendingCount >= 8 {
                pendingCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> UInt64(pendingCount)))
            }
        }

        /// Of 1 and more: as many zeros as there are bits behind the highest, then all of them.
        mutating func appendGamma(_ value: Int) {
            let width = Int.bitWidth - value.leadingZeroBitCount
            append(value, 2 * width - 1)
        }

        consuming func finish() -> [UInt8] {
            if pendingCount > 0 { append(0, 8 - pendingCount) }
            return bytes
        }
    }

    /// Behind the end come zeros, and `isExhausted` says so.
    private struct BitReader {
        private let bytes: [UInt8]
        private var next: Int
        /// The next bits, from the highest on.
        private var pending: UInt64 = 0
        private var pendingCount = 0

        init(_ bytes: [UInt8], from start: Int) {
            self.bytes = bytes
            next = start
        }

        var isExhausted: Bool { pendingCount < 0 }
        /// Whether nothing but the last byte's filling is left.
        var isAtEnd: Bool { next == bytes.count && (0..<8).contains(pendingCount) && pending == 0 }

        /// At least 57 bits can be taken now, or all there are.
        mutating func fill() {
            while pendingCount <= 56, next < bytes.count {
                pending |= UInt64(bytes[next]) << UInt64(56 - pendingCount)
                pendingCount += 8
                next += 1
            }
        }

        mutating func take(_ count: Int) -> Int {
            let bits = Int(truncatingIfNeeded: pending >> UInt64(64 - count))
            pending <<= UInt64(count)
            pendingCount -= count
            return bits
        }

        mutating func takeGamma() -> Int {
            // Of a code that is none so much that its length is refused.
            let zeros = min(pending.leadingZeroBitCount, 20)
            pending <<= UInt64(zeros)
            pendingCount -= zeros
            return take(zeros + 1)
        }
    }
}
