// Replies that arrive in pieces, whole, nested and broken.

import Martlet
import Testing

@testable import Martlet

struct ReplyParserTests {
    private static let replies =
        "+OK\r\n:12\r\n$5\r\nhello\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n*2\r\n:1\r\n*1\r\n$1\r\na\r\n_\r\n#t\r\n,1.5\r\n"
        + "(12345678901234567890\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n%1\r\n+k\r\n~2\r\n:1\r\n:2\r\n"
        + "|1\r\n+ttl\r\n:5\r\n$1\r\nv\r\n>2\r\n+message\r\n$2\r\n\r\n\r\n-ERR no\r\n"

    private static func parse(
        _ pieces: [[UInt8]], largestReply: Int = 1 << 20
    ) -> (values: [RESPValue], isValid: Bool) {
        var parser = ReplyParser(largestReply: largestReply)
        var values: [RESPValue] = []
        for piece in pieces {
            guard parser.receive(piece, { values.append($0) }) else { return (values, false) }
        }
        return (values, true)
    }

    @Test func theSameInWhateverPieces() {
        let bytes = Array(Self.replies.utf8)
        let whole = Self.parse([bytes])
        #expect(whole.isValid && whole.values.count == 18)
        #expect(whole.values.last == .error("ERR no"))
        #expect(Self.parse(bytes.map { [$0] }).values == whole.values)
        var random = TestRandom()
        for _ in 0..<300 {
            var pieces: [[UInt8]] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Int.random(in: 1...min(rest.count, 20), using: &random)
                pieces.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            #expect(Self.parse(pieces).values == whole.values, "seed \(random.seed)")
        }
    }

    /// A value is given away with its last byte, not later.
    @Test func nothingIsHeldBack() {
        let bytes = Array("*2\r\n$3\r\nabc\r\n%1\r\n+a\r\n*1\r\n:1\r\n".utf8)
        #expect(Self.parse([Array(bytes.dropLast())]).values.isEmpty)
        #expect(Self.parse([Array(bytes.dropLast()), Array(bytes.suffix(1))]).values.count == 1)
    }

    @Test(arguments: ["HTTP/1.1 400\r\n", "$x\r\n", "$-2\r\n", "*9223372036854775807\r\n", ":x\r\n", "#q\r\n"])
    func brokenReplies(text: String) {
        #expect(!Self.parse([Array(text.utf8)]).isValid)
        #expect(!Self.parse(text.utf8.map { [$0] }).isValid)
    }

    @Test func depthIsBounded() {
        let deep = String(repeating: "*1\r\n", count: 1000) + ":1\r\n"
        #expect(!Self.parse([Array(deep.utf8)]).isValid)
    }

    @Test func aReplyThatIsTooLargeIsRefused() {
        let head = Array("$90\r\n".utf8)
        let short = Self.parse([head, [UInt8](repeating: 0x31, count: 90), [0x0D, 0x0A]], largestReply: 100)
        #expect(short.isValid && short.values.count == 1)
        #expect(!Self.parse([Array("$900\r\n".utf8), [UInt8](repeating: 0x31, count: 200)], largestReply: 100).isValid)
    }

    @Test func anythingIsReadOrRefused() {
        var random = TestRandom()
        let letters = Array("+-:$*_#,(!=%~>|0123456789\r\n-1ta".utf8)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 1...60, using: &random)).map { _ in
                letters[Int.random(in: 0..<letters.count, using: &random)]
            }
            let whole = Self.parse([bytes])
            let single = Self.parse(bytes.map { [$0] })
            #expect(whole.isValid == single.isValid || !single.isValid, "seed \(random.seed)")
            if whole.isValid, single.isValid { #expect(whole.values == single.values) }
        }
    }
}
