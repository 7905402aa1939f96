// Values through the writer and back, replies cut short at each byte, and replies that lie about their lengths.

import Testing

@testable import Martlet

extension ReplyWriter {
    /// Writes any value.
    fileprivate mutating func write(_ value: RESPValue) {
        switch value {
        case .null: null()
        case .simpleString(let text): simple(text)
        case .error(let text): error(ReplyError(text))
        case .integer(let number): integer(number)
        case .bulkString(let bytes): bulk(bytes.span)
        case .verbatimString(_, let text): verbatim(text)
        case .double(let number): double(number)
        case .boolean(let truth): boolean(truth)
        case .bigNumber(let digits): bigNumber(digits)
        case .array(let elements): write(elements) { $0.array($1) }
        case .set(let elements): write(elements) { $0.set($1) }
        case .push(let elements): write(elements) { $0.push($1) }
        case .map(let pairs):
            map(pairs.count)
            for pair in pairs {
                write(pair.key)
                write(pair.value)
            }
        }
    }

    private mutating func write(_ elements: [RESPValue], header: (inout ReplyWriter, Int) -> Void) {
        header(&self, elements.count)
        for element in elements { write(element) }
    }
}

struct RESPReaderTests {
    private static func encoded(_ value: RESPValue) -> [UInt8] {
        var writer = ReplyWriter(buffer: ReplyBuffer(), version: .resp3)
        writer.write(value)
        return writer.buffer.copyBytes()
    }

    private func value(_ random: inout TestRandom, depth: Int) -> RESPValue {
        let shapes = depth > 0 ? 13 : 9
        func elements(_ random: inout TestRandom) -> [RESPValue] {
            (0..<random.below(5)).map { _ in value(&random, depth: depth - 1) }
        }
        switch random.below(shapes) {
        case 0: return .null
        case 1: return .simpleString(["OK", "", "QUEUED"][random.below(3)])
        case 2: return .error("ERR number \(random.below(9))")
        case 3: return .integer(Int64(truncatingIfNeeded: random.skewed()))
        case 4: return .bulkString(random.bytes(random.below(40)))
        case 5: return .verbatimString(format: "txt", text: "text \(random.below(100))\r\n")
        case 6:
            let number = Double(bitPattern: random.next())
            return .double(number.isFinite ? number : -.infinity)
        case 7: return .boolean(random.bool())
        case 8: return .bigNumber("-12345678901234567890\(random.below(100))")
        case 9: return .array(elements(&random))
        case 10: return .set(elements(&random))
        case 11: return .push(elements(&random))
        default:
            return .map(elements(&random).map { .init($0, value(&random, depth: depth - 1)) })
        }
    }

    @Test func whatIsWrittenIsReadBack() throws {
        var random = TestRandom()
        for _ in 0..<500 {
            let values = (0..<3).map { _ in value(&random, depth: 4) }
            let bytes = values.flatMap(Self.encoded)
            var position = 0
            var read: [RESPValue] = []
            while let next = try RESPReader.read(bytes.span, at: &position) { read.append(next) }
            #expect(read == values, "seed \(random.seed)")
            #expect(position == bytes.count, "seed \(random.seed)")
        }
    }

    @Test func whatIsCutShortIsAwaited() throws {
        var random = TestRandom()
        for _ in 0..<60 {
            let bytes = Self.encoded(value(&random, depth: 3))
            for count in 0..<bytes.count {
                var position = 0
                let value = try RESPReader.read(bytes.span.extracting(first: count), at: &position)
                #expect(value == nil && position == 0, "seed \(random.seed), \(count) of \(bytes.count) bytes")
            }
        }
    }

    private func read(_ text: String) throws -> RESPValue? {
        var position = 0
        return try RESPReader.read(Array(text.utf8).span, at: &position)
    }

    @Test(arguments: [
        ("$-1\r\n", RESPValue.null), ("*-1\r\n", .null), ("%-1\r\n", .null),
        ("!5\r\nERR x\r\n", .error("ERR x")),
        ("=8\r\nmkd:# hi\r\n", .verbatimString(format: "mkd", text: "# hi")),
        (",inf\r\n", .double(.infinity)), (",10\r\n", .double(10)),
        ("|1\r\n+ttl\r\n:5\r\n:7\r\n", .integer(7)),
        ("*2\r\n|1\r\n+a\r\n+b\r\n:1\r\n:2\r\n", .array([.integer(1), .integer(2)])),
    ])
    func shapesThatOnlyOthersWrite(text: String, value: RESPValue) throws {
        #expect(try read(text) == value)
    }

    @Test func notANumberIsADouble() throws {
        guard case .double(let number) = try read(",nan\r\n") else {
            Issue.record("not a double")
            return
        }
        #expect(number.isNaN)
    }

    @Test(arguments: [
        "x\r\n", "\r\n", ":\r\n", ":12a\r\n", ":99999999999999999999\r\n", ",one\r\n", "#\r\n", "#x\r\n", "#true\r\n",
        "$x\r\n", "$-2\r\n", "$99999999999999999999\r\n", "*-2\r\n", "*9223372036854775807\r\n",
        "%9223372036854775807\r\n", "=3\r\nabc\r\n", "*1\r\n?\r\n", "%1\r\n+a\r\n?\r\n",
    ])
    func nonsenseIsRefused(text: String) {
        #expect(throws: RESPReadError.self) { try read(text) }
    }

    @Test func hostileCountsCostNoMemory() throws {
        #expect(try read("*2147483647\r\n") == nil)
        #expect(try read("%2147483647\r\n+a\r\n") == nil)
        #expect(try read("$2147483647\r\nabc\r\n") == nil)
        #expect(try read(String(repeating: "*2147483647\r\n", count: 60)) == nil)
    }

    @Test func depthIsBounded() throws {
        let deepest = RESPReader.maximumDepth - 1
        let fine = String(repeating: "*1\r\n", count: deepest) + ":1\r\n"
        #expect(try read(fine) != nil)
        #expect(throws: RESPReadError.self) { try read("*1\r\n" + fine) }
        #expect(throws: RESPReadError.self) { try read(String(repeating: "*1\r\n", count: 100_000)) }
        #expect(throws: RESPReadError.self) { try read(String(repeating: "|1\r\n+a\r\n+b\r\n", count: 100)) }
    }

    @Test func randomBytesNeitherTrapNorLoop() {
        var random = TestRandom()
        let alphabet = Array("**$$%~>|=!:,#(_+-0123459\r\n\r\n\r\nab".utf8)
        for _ in 0..<5000 {
            let bytes = random.bytes(random.below(200), from: alphabet)
            var position = 0
            while position < bytes.count {
                let before = position
                guard (try? RESPReader.read(bytes.span, at: &position)) != nil, position > before else { break }
            }
            #expect(position <= bytes.count, "seed \(random.seed)")
        }
    }
}
