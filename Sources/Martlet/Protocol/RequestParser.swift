// Bytes to requests: RESP arrays of bulk strings and inline lines, cut at any byte, no I/O.
// A request that is not complete is not parsed again from its start: the parser remembers how far it came. A word of
// `largeThreshold` bytes or more that has not arrived yet is announced, so that the rest is read straight into its place.

/// Why a client is told off and disconnected; the texts are Redis's.
struct ProtocolError: Error, Equatable {
    let text: String
    var reply: ReplyError { ReplyError("ERR Protocol error: \(text)") }
}

/// What a client may send. Clients that have not authenticated get less.
struct RequestLimits {
    var maximumBulk: Int
    var isAuthenticated: Bool

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
    /// Words of the incomplete request, relative to the start of its bytes, and its large words.
    private var partial: [ArgumentSlice] = []
    private var partialLarges: [LargeBytes] = []

    init() {}

    /// Bytes held by large words of the incomplete request.
    var largeByteCount: Int { partialLarges.reduce(0) { $0 + $1.count } }

    /// Parses one request from `bytes`, continuing at `position`.
    mutating func next(_ bytes: ByteSpan, limits: RequestLimits, into batch: inout RequestBatch) -> Outcome {
        resume(into: &batch)
        while argumentsLeft == 0 {
            requestStart = position
            guard position < bytes.count else { return .incomplete }
            if bytes[position] == UInt8(ascii: "*") {
                if let outcome = readMultibulkHeader(bytes, limits) { return outcome }
            } else {
                switch readInline(bytes, into: &batch) {
                case .some(let outcome): return outcome
                case .none: continue
                }
            }
        }
        while argumentsLeft > 0 {
            if let outcome = readArgument(bytes, limits, into: &batch) { return outcome }
        }
        batch.finishRequest()
        requestStart = position
        return .request
    }

    /// A large word has arrived in full, without its CR LF; the bytes end at `position`.
    mutating func finishLarge(_ large: LargeBytes) {
        partial.append(ArgumentSlice(large: partialLarges.count, count: large.count))
        partialLarges.append(large)
        bulkCount = nil
        argumentsLeft -= 1
    }

    /// The first `count` bytes are gone; they were executed requests.
    mutating func consumed(_ count: Int) {
        position -= count
        requestStart -= count
    }

    /// Puts the words of the incomplete request aside until more bytes come, which then begin with that request.
    mutating func suspend(batch: inout RequestBatch) {
        guard batch.openSliceCount > 0 else { return }
        batch.removeOpen(into: &partial, larges: &partialLarges)
        for index in partial.indices where partial[index].offset >= 0 { partial[index].offset -= requestStart }
    }

    /// Puts the words set aside back; the bytes now begin with their request.
    private mutating func resume(into batch: inout RequestBatch) {
        guard !partial.isEmpty else { return }
        for slice in partial {
            if let large = slice.largeIndex { batch.append(large: partialLarges[large]) } else { batch.append(slice) }
        }
        partial.removeAll()
        partialLarges.removeAll()
    }

    // MARK: Pieces

    private enum Line {
        case number(Int64)
        case notANumber
        case incomplete
    }

    /// Reads the number behind the type byte at `position`, up to CR; moves past CR LF when it is there.
    private mutating func readCountLine(_ bytes: ByteSpan) -> Line {
        var index = position + 1
        let end = bytes.count
        while index < end, bytes[index] != UInt8(ascii: "\r") { index += 1 }
        guard index + 1 < end else { return .incomplete }
        let number = parseInt64(bytes.extracting((position + 1)..<index))
        position = index + 2
        return number.map { .number($0) } ?? .notANumber
    }

    private mutating func readMultibulkHeader(_ bytes: ByteSpan, _ limits: RequestLimits) -> Outcome? {
        switch readCountLine(bytes) {
        case .incomplete:
            let tooLong = bytes.count - position > RequestLimits.line
            return tooLong ? .failure(ProtocolError(text: "too big mbulk count string")) : .incomplete
        case .number(let count) where count <= RequestLimits.multibulk:
            if !limits.isAuthenticated, count > RequestLimits.unauthenticatedMultibulk {
                return .failure(ProtocolError(text: "unauthenticated multibulk length"))
            }
            argumentsLeft = max(0, Int(count))
            return nil
        case .number, .notANumber:
            return .failure(ProtocolError(text: "invalid multibulk length"))
        }
    }

    private mutating func readArgument(
        _ bytes: ByteSpan, _ limits: RequestLimits, into batch: inout RequestBatch
    ) -> Outcome? {
        if bulkCount == nil, let outcome = readBulkHeader(bytes, limits) { return outcome }
        guard let count = bulkCount else { return .incomplete }
        // Both are at most an allocation's size and the bulk limit, far from overflow.
        guard bytes.count - position >= count + 2 else {
            return count >= Self.largeThreshold ? .large(count: count) : .incomplete
        }
        batch.append(ArgumentSlice(offset: position, count: count))
        position += count + 2
        bulkCount = nil
        argumentsLeft -= 1
        return nil
    }

    private mutating func readBulkHeader(_ bytes: ByteSpan, _ limits: RequestLimits) -> Outcome? {
        guard position < bytes.count else { return .incomplete }
        let prefix = bytes[position]
        let start = position
        switch readCountLine(bytes) {
        case .incomplete:
            let tooLong = bytes.count - start > RequestLimits.line
            return tooLong ? .failure(ProtocolError(text: "too big bulk count string")) : .incomplete
        case .number(let count) where prefix == UInt8(ascii: "$") && count >= 0 && count <= limits.maximumBulk:
            if !limits.isAuthenticated, count > RequestLimits.unauthenticatedBulk {
                return .failure(ProtocolError(text: "unauthenticated bulk length"))
            }
            bulkCount = Int(count)
            return nil
        case .number, .notANumber:
            guard prefix == UInt8(ascii: "$") else {
                let shown = Unicode.Scalar(prefix)
                return .failure(ProtocolError(text: "expected '$', got '\(Character(shown))'"))
            }
            return .failure(ProtocolError(text: "invalid bulk length"))
        }
    }

    /// One line of words. Nil: the line was empty.
    private mutating func readInline(_ bytes: ByteSpan, into batch: inout RequestBatch) -> Outcome? {
        var end = position
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end < bytes.count else {
            let tooLong = bytes.count - position > RequestLimits.line
            return tooLong ? .failure(ProtocolError(text: "too big inline request")) : .incomplete
        }
        let hasReturn = end > position && bytes[end - 1] == UInt8(ascii: "\r")
        let line = bytes.extracting(position..<(hasReturn ? end - 1 : end))
        position = end + 1
        guard let words = splitQuotedWords(line) else {
            return .failure(ProtocolError(text: "unbalanced quotes in request"))
        }
        guard !words.isEmpty else { return nil }
        for word in words {
            guard let large = LargeBytes(capacity: word.count), large.resize(to: word.count) else {
                return .failure(ProtocolError(text: "too big inline request"))
            }
            large.write(word.span, at: 0)
            batch.append(large: large)
        }
        batch.finishRequest()
        requestStart = position
        return .request
    }
}
