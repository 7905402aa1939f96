// What gzip has packed (RFC 1952, RFC 1951), unpacked: a program of the source documents keeps long texts so. Plain
// rather than fast, and bounded: a few bytes may claim to be gigabytes.

enum Gzip {
    /// The bytes of all members; nil when this is not gzip, is cut off or damaged, or holds more than `limit` bytes.
    static func expand(_ packed: [UInt8], limit: Int) -> [UInt8]? {
        var input = BitReader(bytes: packed)
        var result: [UInt8] = []
        repeat {
            guard skipHeader(&input), let member = Inflate.expand(&input, limit: limit - result.count) else {
                return nil
            }
            input.alignToByte()
            guard input.bits(16) == Int(checksum(member) & 0xFFFF), input.bits(16) == Int(checksum(member) >> 16),
                input.bits(16) == member.count & 0xFFFF, input.bits(16) == member.count >> 16 & 0xFFFF
            else { return nil }
            result += member
        } while !input.isAtEnd
        return result
    }

    /// Magic, method, flags, time, system; then what the flags say.
    private static func skipHeader(_ input: inout BitReader) -> Bool {
        guard input.bits(8) == 0x1F, input.bits(8) == 0x8B, input.bits(8) == 8, let flags = input.bits(8),
            flags & 0xE0 == 0, input.skipBytes(6)
        else { return false }
        if flags & 4 != 0 {
            guard let count = input.bits(16), input.skipBytes(count) else { return false }
        }
        // A name and a comment end with a zero.
        for flag in [8, 16] where flags & flag != 0 {
            var byte: Int?
            repeat { byte = input.bits(8) } while byte ?? 0 != 0
            guard byte == 0 else { return false }
        }
        return flags & 2 == 0 || input.skipBytes(2)
    }

    /// CRC-32.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { $0 >> 8 ^ table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] }
    }

    private static let table: [UInt32] = (0..<256).map { (number: UInt32) in
        (0..<8).reduce(number) { sum, _ in sum & 1 == 0 ? sum >> 1 : sum >> 1 ^ 0xEDB8_8320 }
    }
}

/// Bits of bytes, the lowest first.
private struct BitReader {
    let bytes: [UInt8]
    private var position = 0
    private var held = 0
    private var heldCount = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count && heldCount == 0 }

    /// At most 16; nil when there are not so many.
    mutating func bits(_ count: Int) -> Int? {
        while heldCount < count {
            guard position < bytes.count else { return nil }
            held |= Int(bytes[position]) << heldCount
            position += 1
            heldCount += 8
        }
        defer {
            held >>= count
            heldCount -= count
        }
        return held & (1 << count - 1)
    }

    mutating func alignToByte() {
        held >>= heldCount % 8
        heldCount -= heldCount % 8
    }

    mutating func skipBytes(_ count: Int) -> Bool { (0..<count).allSatisfy { _ in bits(8) != nil } }
}

private enum Inflate {
    private static let lengthBases = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let distanceBases = [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145,
        8193, 12289, 16385, 24577,
    ]
    private static let distanceBits = [
        0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
    ]
    /// In which order the lengths of the codes for lengths come.
    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    static func expand(_ input: inout BitReader, limit: Int) -> [UInt8]? {
        var output: [UInt8] = []
        while true {
            guard let isLast = input.bits(1), let kind = input.bits(2) else { return nil }
            let isRight =
                switch kind {
                case 0: copyStored(&input, to: &output, limit)
                case 1: block(&input, to: &output, limit, Self.fixed.literals, Self.fixed.distances)
                case 2: dynamicBlock(&input, to: &output, limit)
                default: false
                }
            guard isRight else { return nil }
            if isLast == 1 { return output }
        }
    }

    private static func copyStored(_ input: inout BitReader, to output: inout [UInt8], _ limit: Int) -> Bool {
        input.alignToByte()
        guard let count = input.bits(16), let inverse = input.bits(16), count == inverse ^ 0xFFFF,
            output.count + count <= limit
        else { return false }
        for _ in 0..<count {
            guard let byte = input.bits(8) else { return false }
            output.append(UInt8(byte))
        }
        return true
    }

    private static func block(
        _ input: inout BitReader, to output: inout [UInt8], _ limit: Int, _ literals: Code, _ distances: Code
    ) -> Bool {
        while let symbol = literals.next(&input) {
            if symbol == 256 { return true }
            if symbol < 256 {
                guard output.count < limit else { return false }
                output.append(UInt8(symbol))
                continue
            }
            let index = symbol - 257
            guard index < lengthBases.count, let more = input.bits(lengthBits[index]),
                let far = distances.next(&input), far < distanceBases.count, let further = input.bits(distanceBits[far])
            else { return false }
            let (length, distance) = (lengthBases[index] + more, distanceBases[far] + further)
            guard distance <= output.count, output.count + length <= limit else { return false }
            // What is copied may be what was copied just now.
            for _ in 0..<length { output.append(output[output.count - distance]) }
        }
        return false
    }

    private static func dynamicBlock(_ input: inout BitReader, to output: inout [UInt8], _ limit: Int) -> Bool {
        guard let literals = input.bits(5), let distances = input.bits(5), let count = input.bits(4) else {
            return false
        }
        var lengths = [Int](repeating: 0, count: 19)
        for place in order.prefix(count + 4) {
            guard let length = input.bits(3) else { return false }
            lengths[place] = length
        }
        let total = literals + 257 + distances + 1
        guard let code = Code(lengths), let all = codeLengths(&input, total, code),
            let first = Code(Array(all[..<(literals + 257)])), let second = Code(Array(all[(literals + 257)...]))
        else { return false }
        return block(&input, to: &output, limit, first, second)
    }

    private static func codeLengths(_ input: inout BitReader, _ total: Int, _ code: Code) -> [Int]? {
        var lengths: [Int] = []
        while lengths.count < total {
            guard let symbol = code.next(&input) else { return nil }
            switch symbol {
            case 16:
                guard let last = lengths.last, let more = input.bits(2) else { return nil }
                lengths += [Int](repeating: last, count: 3 + more)
            case 17, 18:
                guard let more = input.bits(symbol == 17 ? 3 : 7) else { return nil }
                lengths += [Int](repeating: 0, count: (symbol == 17 ? 3 : 11) + more)
            default: lengths.append(symbol)
            }
        }
        return lengths.count == total ? lengths : nil
    }

    /// The code that needs no table of its own.
    private static let fixed: (literals: Code, distances: Code) = (
        Code(complete: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }),
        Code(complete: [Int](repeating: 5, count: 30))
    )

    /// A canonical Huffman code.
    struct Code {
        /// How many symbols have a code of so many bits.
        private var counts = [Int](repeating: 0, count: 16)
        /// By the length of their codes, then in order.
        private var symbols: [Int] = []

        /// Nil when there are more codes than there can be.
        init?(_ lengths: [Int]) {
            self.init(complete: lengths)
            var free = 1
            for count in counts.dropFirst() {
                free = free << 1 - count
                guard free >= 0 else { return nil }
            }
        }

        init(complete lengths: [Int]) {
            for length in 1...15 {
                let found = lengths.indices.filter { lengths[$0] == length }
                counts[length] = found.count
                symbols += found
            }
        }

        func next(_ input: inout BitReader) -> Int? {
            var (code, first, index) = (0, 0, 0)
            for count in counts.dropFirst() {
                guard let bit = input.bits(1) else { return nil }
                code |= bit
                if code - first < count { return symbols[index + code - first] }
                index += count
                first = (first + count) << 1
                code <<= 1
            }
            return nil
        }
    }
}
