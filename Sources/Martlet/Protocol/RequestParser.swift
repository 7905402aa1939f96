// Bytes to requests: RESP arrays of bulk strings and inline lines, cut at any byte, no I/O.
// A request that is not complete is not parsed again from its start: the parser remembers how far it came and keeps the
// words found so far aside, in place, until the last one is there. A word of `largeThreshold` bytes or more that has
// not arrived yet is announced, so that the rest is read straight into its place.

/// Why a client is told off and disconnected; the texts are Redis's.
struct ProtocolError: Error, Equatable {
    let reply: ReplyError

    init(_ text: String) { reply = ReplyError("ERR Protocol error: \(text)") }

    /// A word does not begin as it must; any byte may stand there.
    init(expected: Character, got byte: UInt8) {
        let head = "ERR Protocol error: expected '\(expected)', got '"
        reply = ReplyError(bytes: Array(head.utf8) + [byte] + Array("'".utf8))
    }
}

/// What a client may send. Clients that have not authenticated get less.
struct RequestLimits {
    let maximumBulk: Int
    let isAuthenticated: Bool

    init(maximumBulk: Int, isAuthenticated: Bool) {
        self.maximumBulk = min(maximumBulk, Self.bulk)
        self.isAuthenticated = isAuthenticated
    }

    /// No address space holds more, whatever the configuration allows; sums of lengths stay far from overflow.
    private static let bulk = 1 << 48
    /// Inline requests and the count lines of the others.
    static let line = 64 * 1024
    static let multibulk = Int(Int32.max)
    static let unauthenticatedMultibulk = 10
    static let unauthenticatedBulk = 16_384
}

struct RequestParser: ~Copyable {
    enum Outcome {
        /// One more request stands in the batch.
        case request
        /// More bytes are needed.
        case incomplete
        /// A large word of this many bytes (and CR LF) has begun at `position`.
        case large(count: Int)
        case failure(ProtocolError)
    }

    /// Words of this size get memory of their own when they are not complete.
    static let largeThreshold = 32 * 1024

    /// How far the bytes are parsed, counted from their start.
    private(set) var position = 0
    /// Where the request begins that is not complete yet; all before it is done with.
    private(set) var requestStart = 0
    private var argumentsLeft = 0
    private var bulkCount: Int?
    /// Words of a request that was put aside, relative to the start of its bytes, and its large words.
    private var partial: [ArgumentSlice] = []
    private var partialLarges: [LargeBytes] = []
    private var partialLargeBytes = 0

    init() {}

    /// Memory held for the request that was put aside.
    var memoryBytes: Int { partialLargeBytes + partial.count * MemoryLayout<ArgumentSlice>.stride }

    /// Parses one request from `bytes`, continuing at `position`.
    mutating func next(_ bytes: ByteSpan, limits: RequestLimits, into batch: inout RequestBatch) -> Outcome {
        guard partial.isEmpty else { return resume(bytes, limits, into: &batch) }
        while argumentsLeft == 0 {
            requestStart = position
            guard position < bytes.count else { return .incomplete }
            if limits.isAuthenticated, let count = readShortCount(UInt8(ascii: "*"), bytes) {
                argumentsLeft = count
            } else if bytes[position] == UInt8(ascii: "*") {
                if let outcome = readMultibulkHeader(bytes, limits) { return outcome }
            } else if let outcome = readInline(bytes, into: &batch) {
                return outcome
            }
        }
        while argumentsLeft > 0 {
            switch readArgument(bytes, limits) {
            case .word(let slice): batch.append(slice)
            case .stop(let outcome): return outcome
            }
        }
        batch.finishRequest()
        requestStart = position
        return .request
    }

    /// A large word has arrived in full, without its CR LF; the bytes end at `position`.
    mutating func finishLarge(_ large: LargeBytes) {
        partial.append(ArgumentSlice(large: partialLarges.count, count: large.count))
        partialLarges.append(large)
        partialLargeBytes += large.capacity
        bulkCount = nil
        argumentsLeft -= 1
    }

    /// The first `count` bytes are gone; they were executed requests.
    mutating func consumed(_ count: Int) {
        position -= count
        requestStart -= count
    }

    /// Forgets how far the request has come that is not complete, for it will be parsed again from its start. None of
    /// its words has arrived on its own.
    mutating func rewind() {
        position = requestStart
        argumentsLeft = 0
        bulkCount = nil
        partial = []
    }

    /// Puts the words of the incomplete request aside until more bytes come, which then begin with that request.
    mutating func suspend(batch: inout RequestBatch) {
        guard batch.openSliceCount > 0 else { return }
        batch.removeOpen(into: &partial)
        for index in partial.indices { partial[index].offset -= requestStart }
    }

    /// Goes on with the request that was put aside. Its words stay where they are until it is complete, so that a
    /// request of a million words costs no more when it comes in small pieces.
    private mutating func resume(
        _ bytes: ByteSpan, _ limits: RequestLimits, into batch: inout RequestBatch
    ) -> Outcome {
        while argumentsLeft > 0 {
            switch readArgument(bytes, limits) {
            case .word(let slice): partial.append(slice)
            case .stop(let outcome): return outcome
            }
        }
        for slice in partial {
            if let large = slice.largeIndex { batch.append(large: partialLarges[large]) } else { batch.append(slice) }
        }
        partial = []
        partialLarges = []
        partialLargeBytes = 0
        batch.finishRequest()
        requestStart = position
        return .request
    }

    // MARK: Pieces

    private enum Line {
        case number(Int64)
        case notANumber
        case incomplete
    }

    /// Reads the number behind `type` at `position` when it stands there as clients write it: one to three digits, CR
    /// LF. Nil says nothing, and nothing has moved: `readCountLine` reads whatever it is.
    @inline(__always)
    private mutating func readShortCount(_ type: UInt8, _ bytes: ByteSpan) -> Int? {
        guard position < bytes.count, bytes.count >= 8 else { return nil }
        // Byte 0 holds the type, bytes 1 to 3 digits, and CR LF follows them; zeros stand for what has not arrived.
        let start = min(position, bytes.count - 8)
        let word = bytes.word(at: start) >> UInt64(8 * (position - start))
        guard UInt8(truncatingIfNeeded: word) == type else { return nil }
        let first = Self.digit(word >> 8)
        if Self.endsLine(word >> 16), first <= 9 {
            position += 4
            return first
        }
        // What begins with 0 is 0 or no number.
        guard first >= 1, first <= 9 else { return nil }
        let second = Self.digit(word >> 16)
        if Self.endsLine(word >> 24), second <= 9 {
            position += 5
            return first * 10 + second
        }
        let third = Self.digit(word >> 24)
        guard Self.endsLine(word >> 32), second <= 9, third <= 9 else { return nil }
        position += 6
        return first * 100 + second * 10 + third
    }

    /// The digit in the lowest byte; above 9 when it is none.
    @inline(__always)
    private static func digit(_ word: UInt64) -> Int {
        // Wrapping makes what is below "0" large.
        Int(UInt8(truncatingIfNeeded: word) &- UInt8(ascii: "0"))
    }

    /// Whether the lowest two bytes are CR LF.
    @inline(__always)
    private static func endsLine(_ word: UInt64) -> Bool { UInt16(truncatingIfNeeded: word) == 0x0A0D }

    /// Reads the number behind the type byte at `position`, up to CR; moves past CR LF when it is there.
    private mutating func readCountLine(_ bytes: ByteSpan) -> Line {
        guard let index = find(UInt8(ascii: "\r"), in: bytes), index + 1 < bytes.count else { return .incomplete }
        // CR may stand in the type byte's place.
        let number = parseInt64(bytes.extracting(min(position + 1, index)..<index))
        position = index + 2
        return number.map { .number($0) } ?? .notANumber
    }

    /// The next `terminator` at or behind `position`. A zero byte ahead of it hides it, as it does from Redis, whose
    /// search takes lines for C strings: such a line never ends, until it is too long.
    private func find(_ terminator: UInt8, in bytes: ByteSpan) -> Int? {
        var index = position
        while index < bytes.count, bytes[index] != 0 {
            if bytes[index] == terminator { return index }
            index += 1
        }
        return nil
    }

    private mutating func readMultibulkHeader(_ bytes: ByteSpan, _ limits: RequestLimits) -> Outcome? {
        switch readCountLine(bytes) {
        case .incomplete:
            let tooLong = bytes.count - position > RequestLimits.line
            return tooLong ? .failure(ProtocolError("too big mbulk count string")) : .incomplete
        case .number(let count) where count <= RequestLimits.multibulk:
            if !limits.isAuthenticated, count > RequestLimits.unauthenticatedMultibulk {
                return .failure(ProtocolError("unauthenticated multibulk length"))
            }
            argumentsLeft = max(0, Int(count))
            return nil
        case .number, .notANumber:
            return .failure(ProtocolError("invalid multibulk length"))
        }
    }

    private enum Step {
        case word(ArgumentSlice)
        case stop(Outcome)
    }

    @inline(__always)
    private mutating func readArgument(_ bytes: ByteSpan, _ limits: RequestLimits) -> Step {
        let count: Int
        switch bulkCount {
        case let known?: count = known
        case nil:
            // No limit is below what is read there.
            if let short = readShortCount(UInt8(ascii: "$"), bytes) {
                count = short
            } else {
                if let outcome = readBulkHeader(bytes, limits) { return .stop(outcome) }
                guard let read = bulkCount else { return .stop(.incomplete) }
                count = read
            }
        }
        // Both are at most an allocation's size and the bulk limit, far from overflow.
        guard bytes.count - position >= count + 2 else {
            bulkCount = count
            return .stop(count >= Self.largeThreshold ? .large(count: count) : .incomplete)
        }
        let slice = ArgumentSlice(offset: position, count: count)
        position += count + 2
        bulkCount = nil
        argumentsLeft -= 1
        return .word(slice)
    }

    private mutating func readBulkHeader(_ bytes: ByteSpan, _ limits: RequestLimits) -> Outcome? {
        guard position < bytes.count else { return .incomplete }
        let prefix = bytes[position]
        let start = position
        switch readCountLine(bytes) {
        case .incomplete:
            let tooLong = bytes.count - start > RequestLimits.line
            return tooLong ? .failure(ProtocolError("too big bulk count string")) : .incomplete
        case .number(let count) where prefix == UInt8(ascii: "$") && count >= 0 && count <= limits.maximumBulk:
            if !limits.isAuthenticated, count > RequestLimits.unauthenticatedBulk {
                return .failure(ProtocolError("unauthenticated bulk length"))
            }
            bulkCount = Int(count)
            return nil
        case .number, .notANumber:
            guard prefix == UInt8(ascii: "$") else {
                return .failure(ProtocolError(expected: "$", got: prefix))
            }
            return .failure(ProtocolError("invalid bulk length"))
        }
    }

    /// One line of words. Nil: the line was empty.
    private mutating func readInline(_ bytes: ByteSpan, into batch: inout RequestBatch) -> Outcome? {
        guard let end = find(UInt8(ascii: "\n"), in: bytes) else {
            let tooLong = bytes.count - position > RequestLimits.line
            return tooLong ? .failure(ProtocolError("too big inline request")) : .incomplete
        }
        let hasReturn = end > position && bytes[end - 1] == UInt8(ascii: "\r")
        let line = bytes.extracting(position..<(hasReturn ? end - 1 : end))
        position = end + 1
        guard let words = splitQuotedWords(line) else {
            return .failure(ProtocolError("unbalanced quotes in request"))
        }
        guard !words.isEmpty else { return nil }
        var larges: [LargeBytes] = []
        for word in words {
            guard let large = LargeBytes(capacity: word.count), large.resize(to: word.count) else {
                return .failure(ProtocolError("too big inline request"))
            }
            large.write(word.span, at: 0)
            larges.append(large)
        }
        for large in larges { batch.append(large: large) }
        batch.finishRequest()
        requestStart = position
        return .request
    }
}
