// Requests in every shape, whole, glued together and cut at any byte; each protocol error; the limits.

import Testing

@testable import Martlet

/// Bytes, the requests in them, and the error that ends them.
struct RequestSample: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let requests: [[[UInt8]]]

    init(_ bytes: [UInt8], _ requests: [[[UInt8]]]) {
        self.bytes = bytes
        self.requests = requests
    }

    init(_ text: String, _ requests: [[String]]) {
        self.init(Array(text.utf8), requests.map { $0.map { Array($0.utf8) } })
    }

    var testDescription: String {
        bytes.count > 80 ? "\(bytes.count) bytes" : String(decoding: bytes, as: UTF8.self).debugDescription
    }

    static let all: [RequestSample] = [
        .init("*1\r\n$4\r\nPING\r\n", [["PING"]]),
        .init("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n", [["SET", "k", ""]]),
        .init("*2\r\n$4\r\nECHO\r\n$4\r\n\r\n\r\n\r\n", [["ECHO", "\r\n\r\n"]]),
        .init("*0\r\n*-1\r\n*-99\r\n*1\r\n$4\r\nPING\r\n", [["PING"]]),
        .init("PING\r\n", [["PING"]]),
        .init("PING\n", [["PING"]]),
        .init("\r\n\r\n  \r\nPING\r\n", [["PING"]]),
        .init("SET k \"a b\\x41\\n\" 'it\\'s'\r\n", [["SET", "k", "a bA\n", "it's"]]),
        .init("SET k \"\"\r\n", [["SET", "k", ""]]),
        .init("GET a\r\n*2\r\n$3\r\nGET\r\n$1\r\nb\r\nGET c\n", [["GET", "a"], ["GET", "b"], ["GET", "c"]]),
        // What stands where CR LF belongs behind a word is not looked at, as in Redis.
        .init("*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", [["PING"], ["PING"]]),
        .init("*1xx\r\n".replacing("xx", with: "") + "$0\r\n\r\n", [[""]]),
        .init(encodedRequest([Array(0...255), [], [0]]), [[Array(0...255), [], [0]]]),
        .init(
            encodedRequest((0..<2000).map { Array("word\($0)".utf8) }), [(0..<2000).map { Array("word\($0)".utf8) }]),
    ]

    /// One stream of all of them.
    static let glued = RequestSample(all.flatMap(\.bytes), all.flatMap(\.requests))
}

extension String {
    fileprivate func replacing(_ part: String, with other: String) -> String {
        split(separator: part, omittingEmptySubsequences: false).joined(separator: other)
    }
}

struct RequestParserTests {
    private func parse(_ pieces: some Sequence<ArraySlice<UInt8>>) -> ([[[UInt8]]], ProtocolError?, Int) {
        var harness = ParserHarness()
        for piece in pieces { harness.feed(piece) }
        return (harness.requests, harness.failure, harness.heldBytes)
    }

    private func check(_ sample: RequestSample, _ pieces: [ArraySlice<UInt8>], _ comment: Comment? = nil) {
        let (requests, failure, held) = parse(pieces)
        #expect(requests == sample.requests, comment)
        #expect(failure == nil, comment)
        #expect(held == 0, comment)
    }

    @Test(arguments: RequestSample.all + [.glued])
    func whole(sample: RequestSample) {
        check(sample, [sample.bytes[...]])
    }

    @Test(arguments: RequestSample.all + [.glued])
    func byteByByte(sample: RequestSample) {
        check(sample, sample.bytes.indices.map { sample.bytes[$0...$0] })
    }

    @Test(arguments: RequestSample.all.filter { $0.bytes.count < 2000 })
    func cutInTwoAnywhere(sample: RequestSample) {
        for cut in sample.bytes.indices {
            check(sample, [sample.bytes[..<cut], sample.bytes[cut...]], "cut at \(cut)")
        }
    }

    /// Ends of random pieces of `count` bytes, in order.
    private func randomCuts(_ count: Int, _ random: inout TestRandom) -> [Int] {
        let longest = [2, 20, 1000, 70_000][random.below(4)]
        var cuts: [Int] = [0]
        while let last = cuts.last, last < count { cuts.append(min(count, last + 1 + random.below(longest))) }
        return cuts
    }

    /// As Redis's search for the end of a line stops at a zero byte, what is behind it is never seen.
    @Test(arguments: ["get \u{0}k\r\n", "*\u{0}1\r\n$4\r\nPING\r\n", "\u{16}\u{3}\u{0}\r\n"])
    func aZeroByteHidesTheRestOfItsLine(text: String) {
        let bytes = Array(text.utf8)
        let (requests, failure, _) = parse([bytes[...]])
        #expect(requests.isEmpty)
        #expect(failure == nil)
    }

    @Test func randomCutsOfRandomRequests() {
        var random = TestRandom()
        for _ in 0..<300 {
            let requests = (0..<(1 + random.below(20))).map { _ in
                (0..<(1 + random.below(6))).map { _ in
                    random.bytes(random.below([5, 100, 5000][random.below(3)]))
                }
            }
            let sample = RequestSample(requests.flatMap(encodedRequest), requests)
            let cuts = randomCuts(sample.bytes.count, &random)
            check(sample, zip(cuts, cuts.dropFirst()).map { sample.bytes[$0..<$1] }, "seed \(random.seed)")
        }
    }

    @Test func largeWordsArriveInPiecesAnywhere() {
        var random = TestRandom()
        let threshold = RequestParser.largeThreshold
        for _ in 0..<40 {
            let requests = (0..<(1 + random.below(5))).map { _ in
                (0..<(1 + random.below(5))).map { _ -> [UInt8] in
                    let byte = UInt8(truncatingIfNeeded: random.next())
                    let count = [3, threshold - 1, threshold, threshold + 1, 150_000][random.below(5)]
                    return [UInt8](repeating: byte, count: count)
                }
            }
            let sample = RequestSample(requests.flatMap(encodedRequest), requests)
            let cuts = randomCuts(sample.bytes.count, &random)
            check(sample, zip(cuts, cuts.dropFirst()).map { sample.bytes[$0..<$1] }, "seed \(random.seed)")
        }
    }

    @Test func largeWordGetsMemoryOfItsOwnOnlyWhenItIsCut() {
        let word = [UInt8](repeating: 7, count: RequestParser.largeThreshold)
        let bytes = encodedRequest([[1], word])
        var parser = RequestParser()
        var batch = RequestBatch()
        let limits = RequestLimits(maximumBulk: 1 << 20, isAuthenticated: true)
        let span = bytes.span
        guard case .request = parser.next(span, limits: limits, into: &batch) else {
            Issue.record("the request is complete")
            return
        }
        let inPlace = batch.arguments(0, in: span).large(1) == nil
        #expect(inPlace)
    }

    /// In pieces, a request of many words costs what it costs whole; the time limit of the run is the judge.
    @Test func manyWordsInSmallPieces() {
        let words = (0..<200_000).map { Array("\($0)".utf8) }
        let bytes = encodedRequest(words)
        var harness = ParserHarness()
        var parser = RequestParser()
        var batch = RequestBatch()
        let limits = RequestLimits(maximumBulk: 1 << 20, isAuthenticated: true)
        // Straight to the parser, with all bytes at hand each time: the harness copies.
        var found = 0
        for end in stride(from: 997, to: bytes.count + 997, by: 997) {
            let part = bytes.span.extracting(first: min(end, bytes.count))
            if case .request = parser.next(part, limits: limits, into: &batch) { found += 1 }
            parser.suspend(batch: &batch)
        }
        #expect(found == 1)
        let span = bytes.span
        let arguments = batch.arguments(0, in: span)
        let count = arguments.count
        let last = arguments[words.count - 1].copied()
        #expect(count == words.count)
        #expect(last == words.last)
        harness.feed(bytes)
        #expect(harness.requests == [words])
    }
}

struct ProtocolErrorTests {
    private static let longLine = String(repeating: "x", count: RequestLimits.line + 1)

    @Test(arguments: [
        ("*a\r\n", "invalid multibulk length"),
        ("*\r\n", "invalid multibulk length"),
        ("*+1\r\n", "invalid multibulk length"),
        ("* 1\r\n", "invalid multibulk length"),
        ("*2147483648\r\n", "invalid multibulk length"),
        ("*9223372036854775808\r\n", "invalid multibulk length"),
        ("*1\r\n$a\r\n", "invalid bulk length"),
        ("*1\r\n$\r\n", "invalid bulk length"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
        ("*1\r\n$536870913\r\n", "invalid bulk length"),
        ("*1\r\n$9223372036854775807\r\n", "invalid bulk length"),
        ("*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", "expected '$', got 'f'"),
        ("*1\r\n4\r\nPING\r\n", "expected '$', got '4'"),
        ("*1\r\n\r\n", "expected '$', got '\r'"),
        ("SET k \"a\r\n", "unbalanced quotes in request"),
        ("SET k 'a'b\r\n", "unbalanced quotes in request"),
        (longLine, "too big inline request"),
        ("*" + longLine, "too big mbulk count string"),
        ("*1\r\n$" + longLine, "too big bulk count string"),
    ])
    func isTold(input: String, text: String) {
        let bytes = Array("PING\r\n".utf8) + Array(input.utf8)
        var whole = ParserHarness()
        whole.feed(bytes)
        #expect(whole.failure == ProtocolError(text))
        #expect(whole.requests == [[Array("PING".utf8)]])
        var piecewise = ParserHarness()
        let step = bytes.count / 100 + 1
        for start in stride(from: 0, to: bytes.count, by: step) { piecewise.feed(bytes[start...].prefix(step)) }
        #expect(piecewise.failure == ProtocolError(text))
        #expect(piecewise.requests == [[Array("PING".utf8)]])
    }

    @Test func replyHasRedisForm() {
        var writer = ReplyWriter(buffer: ReplyBuffer(), version: .resp2)
        writer.error(ProtocolError(expected: "$", got: UInt8(ascii: "\r")).reply)
        let bytes = writer.buffer.copyBytes()
        #expect(String(decoding: bytes, as: UTF8.self) == "-ERR Protocol error: expected '$', got ' '\r\n")
    }

    /// Input for a client that has not authenticated, and the error, or the words that it may send.
    @Test(arguments: [
        ("*11\r\n", "unauthenticated multibulk length"),
        ("*1\r\n$16385\r\n", "unauthenticated bulk length"),
    ])
    func strangersGetLess(input: String, text: String) {
        var stranger = ParserHarness(isAuthenticated: false)
        stranger.feed(input.utf8)
        #expect(stranger.failure == ProtocolError(text))
        var known = ParserHarness()
        known.feed(input.utf8)
        #expect(known.failure == nil)
    }

    @Test func strangersMaySendALittle() {
        let words = [[UInt8](repeating: 1, count: 16_384)] + (0..<9).map { [UInt8($0)] }
        var stranger = ParserHarness(isAuthenticated: false)
        stranger.feed(encodedRequest(words))
        #expect(stranger.requests == [words])
    }

    @Test func configuredLimitHolds() {
        var harness = ParserHarness(maximumBulk: 1 << 20)
        harness.feed("*1\r\n$1048576\r\n".utf8)
        #expect(harness.failure == nil)
        var over = ParserHarness(maximumBulk: 1 << 20)
        over.feed("*1\r\n$1048577\r\n".utf8)
        #expect(over.failure == ProtocolError("invalid bulk length"))
    }

    /// `proto-max-bulk-len` may be set to anything; what no machine can hold stays out of the arithmetic.
    @Test func limitBeyondAllMemoryDoesNotTrap() {
        for length in [Int.max, Int.max - 1, Int.max - 2] {
            var harness = ParserHarness(maximumBulk: .max)
            harness.feed("*1\r\n$\(length)\r\nabc".utf8)
            #expect(harness.failure == ProtocolError("invalid bulk length"))
        }
    }
}

struct RequestFuzzTests {
    private static let alphabet = Array("**$$$0123459-\r\n\r\n\r\n ab\"'\\x\0".utf8)

    @Test func randomBytesNeitherTrapNorLoop() {
        var random = TestRandom()
        for round in 0..<3000 {
            let count = random.below(400)
            let bytes = round % 2 == 0 ? random.bytes(count, from: Self.alphabet) : random.bytes(count)
            var whole = ParserHarness(isAuthenticated: round % 3 != 0)
            whole.feed(bytes)
            // A step finds a request, which takes two bytes at least, or is the last one.
            #expect(whole.steps <= bytes.count / 2 + 2, "seed \(random.seed)")
            var pieces = ParserHarness(isAuthenticated: round % 3 != 0)
            for byte in bytes { pieces.feed([byte]) }
            #expect(pieces.requests == whole.requests, "seed \(random.seed)")
            #expect(pieces.failure == whole.failure, "seed \(random.seed)")
        }
    }

    /// Valid requests with a few bytes changed: the parser gets far before it meets the damage.
    @Test func damagedRequestsNeitherTrapNorGrow() {
        var random = TestRandom()
        for _ in 0..<2000 {
            var bytes = (0..<5).flatMap { _ in
                encodedRequest((0..<(1 + random.below(4))).map { _ in random.bytes(random.below(30)) })
            }
            for _ in 0..<(1 + random.below(3)) {
                bytes[random.below(bytes.count)] = random.bool() ? Self.alphabet[random.below(10)] : 0x0D
            }
            var harness = ParserHarness(maximumBulk: 1 << 20)
            for byte in bytes { harness.feed([byte]) }
            // Each word aside takes sixteen bytes beside its own, and at least six came for it.
            #expect(harness.heldBytes <= bytes.count * 4, "seed \(random.seed)")
        }
    }
}
