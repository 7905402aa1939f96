// LZF, the compression of strings in RDB files: runs of literal bytes and references to what came before.
//
//   000nnnnn  byte ...                        n + 1 literal bytes
//   nnnddddd  dddddddd                        n in 1...6: n + 2 bytes from d + 1 bytes back
//   111ddddd  nnnnnnnn  dddddddd              n + 9 bytes from d + 1 bytes back
//
// Source: the format of liblzf, which Redis uses.

enum LZF {
    fileprivate static let longestRun = 32
    fileprivate static let longestReference = 264
    fileprivate static let farthest = 8192

    /// Appends what `input` decompresses to, which must be `count` bytes; false when it is not, with nothing appended.
    static func decompress(_ input: ByteSpan, count: Int, into output: inout ByteBuffer) -> Bool {
        // No three bytes make more than the longest reference: a length that cannot be is not believed.
        guard count >= 0, count / longestReference <= input.count else { return false }
        let start = output.count
        let isGood = expand(input, count: count, into: &output)
        if !isGood { output.truncate(to: start) }
        return isGood
    }

    private static func expand(_ input: ByteSpan, count: Int, into output: inout ByteBuffer) -> Bool {
        let start = output.count
        let end = start + count
        var offset = 0
        while offset < input.count {
            let control = Int(input[offset])
            offset += 1
            if control < 32 {
                let run = control + 1
                guard offset + run <= input.count, output.count + run <= end else { return false }
                output.append(input.extracting(offset..<(offset + run)))
                offset += run
                continue
            }
            var length = control >> 5
            if length == 7 {
                guard offset < input.count else { return false }
                length += Int(input[offset])
                offset += 1
            }
            guard offset < input.count else { return false }
            let distance = (control & 31) << 8 + Int(input[offset]) + 1
            offset += 1
            guard distance <= output.count - start, output.count + length + 2 <= end else { return false }
            output.repeatBytes(length + 2, from: distance)
        }
        return output.count == end
    }
}

extension ByteBuffer {
    /// Appends `count` bytes, each a copy of the one `distance` bytes ahead of it.
    fileprivate mutating func repeatBytes(_ count: Int, from distance: Int) {
        precondition(distance > 0 && distance <= self.count && count >= 0)
        let place = reserve(count)
        // What lies `distance` in front of the room is written, and each piece is no longer than what is written so
        // far: the bytes that it is copied from are there, and are not those that it is copied to.
        var done = 0
        while done < count {
            let piece = min(count - done, distance + done)
            (place + done).copyMemory(from: place - distance, byteCount: piece)
            done += piece
        }
        commit(count)
    }
}

/// Compresses one input after the other, with one table of places for all of them.
struct LZFCompressor: ~Copyable {
    /// Where three bytes with this hash stood last: `base` plus the offset in the input.
    private var places: [UInt32]
    private var base: UInt32 = 1

    private static let tableBits = 13

    init() { places = [UInt32](repeating: 0, count: 1 << Self.tableBits) }

    /// Appends the compressed `input`; false, with nothing appended, when that would not save more than four bytes.
    mutating func compress(_ input: ByteSpan, into output: inout ByteBuffer) -> Bool {
        guard input.count > 4, input.count < Int(UInt32.max / 2) else { return false }
        if base > UInt32.max / 2 {
            places = [UInt32](repeating: 0, count: places.count)
            base = 1
        }
        let start = output.count
        let isShorter = compress(input, into: &output, limit: start + input.count - 4)
        if !isShorter { output.truncate(to: start) }
        base += UInt32(input.count)
        return isShorter
    }

    private mutating func compress(_ input: ByteSpan, into output: inout ByteBuffer, limit: Int) -> Bool {
        var literal = 0
        var offset = 0
        while offset + 2 < input.count {
            let place = swapPlace(input, offset)
            guard let place, let length = match(input, place, offset) else {
                offset += 1
                if output.count + (offset - literal) >= limit { return false }
                continue
            }
            Self.append(literals: input.extracting(literal..<offset), to: &output)
            Self.append(reference: length, distance: offset - place, to: &output)
            // The places in between are worth remembering only near the end.
            let end = offset + length
            for skipped in max(offset + 1, end - 2)..<end where skipped + 2 < input.count {
                _ = swapPlace(input, skipped)
            }
            offset = end
            literal = end
        }
        Self.append(literals: input.extracting(literal..<input.count), to: &output)
        return output.count < limit
    }

    /// Where the three bytes at `offset` may have stood before; from now on they stand at `offset`.
    private mutating func swapPlace(_ input: ByteSpan, _ offset: Int) -> Int? {
        let triple = UInt32(input[offset]) << 16 | UInt32(input[offset + 1]) << 8 | UInt32(input[offset + 2])
        // Multiplication wraps by design: the top bits are the hash.
        let slot = Int((triple &* 0x9E37_79B1) >> UInt32(32 - Self.tableBits))
        let found = places[slot]
        // The input is shorter than half of what an UInt32 holds, and so is the base.
        places[slot] = base + UInt32(offset)
        return found >= base ? Int(found - base) : nil
    }

    /// How many bytes at `place` and `offset` are the same, if enough are and `place` is near enough.
    private func match(_ input: ByteSpan, _ place: Int, _ offset: Int) -> Int? {
        guard offset - place <= LZF.farthest else { return nil }
        let longest = min(LZF.longestReference, input.count - offset)
        var length = 0
        while length < longest, input[place + length] == input[offset + length] { length += 1 }
        return length >= 3 ? length : nil
    }

    private static func append(literals: ByteSpan, to output: inout ByteBuffer) {
        var offset = 0
        while offset < literals.count {
            let run = min(LZF.longestRun, literals.count - offset)
            output.append(UInt8(run - 1))
            output.append(literals.extracting(offset..<(offset + run)))
            offset += run
        }
    }

    private static func append(reference length: Int, distance: Int, to output: inout ByteBuffer) {
        let back = distance - 1
        let count = length - 2
        if count < 7 {
            output.append(UInt8(count << 5 | back >> 8))
        } else {
            output.append(UInt8(7 << 5 | back >> 8))
            output.append(UInt8(count - 7))
        }
        output.append(UInt8(back & 0xFF))
    }
}
