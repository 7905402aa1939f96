// Each shape of reply in both protocols, aggregates counted late, and large strings sent by reference.

import Testing

@testable import Martlet

/// What a handler might write, and what a socket would carry.
struct ReplySample: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let write: @Sendable (inout ReplyWriter) -> Void
    let resp2: String
    let resp3: String

    init(
        _ name: String, _ resp2: String, _ resp3: String? = nil,
        _ write: @escaping @Sendable (inout ReplyWriter) -> Void
    ) {
        testDescription = name
        self.write = write
        self.resp2 = resp2
        self.resp3 = resp3 ?? resp2
    }

    static let scalars: [ReplySample] = [
        .init("ok", "+OK\r\n") { $0.ok() },
        .init("static simple", "+PONG\r\n") { $0.simple("PONG" as StaticString) },
        .init("simple", "+string\r\n") { $0.simple("str" + "ing") },
        .init("error", "-ERR syntax error\r\n") { $0.error(.syntax) },
        .init("error of two lines", "-ERR a  b\r\n") { $0.error(ReplyError("ERR a\r\nb")) },
        .init("integer", ":9\r\n") { $0.integer(9) },
        .init("zero", ":0\r\n") { $0.integer(0 as Int64) },
        .init("ten", ":10\r\n") { $0.integer(10) },
        .init("ninety-nine", ":99\r\n") { $0.integer(99) },
        .init("hundred", ":100\r\n") { $0.integer(100) },
        .init("three digits", ":907\r\n") { $0.integer(907) },
        .init("largest of three digits", ":999\r\n") { $0.integer(999) },
        .init("thousand", ":1000\r\n") { $0.integer(1000) },
        .init("negative", ":-1\r\n") { $0.integer(-1) },
        .init("least integer", ":-9223372036854775808\r\n") { $0.integer(Int64.min) },
        .init("greatest integer", ":9223372036854775807\r\n") { $0.integer(Int64.max) },
        .init("yes as a number", ":1\r\n") { $0.integer(true) },
        .init("true", ":1\r\n", "#t\r\n") { $0.boolean(true) },
        .init("false", ":0\r\n", "#f\r\n") { $0.boolean(false) },
        .init("double", "$3\r\n1.5\r\n", ",1.5\r\n") { $0.double(1.5) },
        .init("infinity", "$3\r\ninf\r\n", ",inf\r\n") { $0.double(.infinity) },
        .init("negative infinity", "$4\r\n-inf\r\n", ",-inf\r\n") { $0.double(-.infinity) },
        .init("big number", "$3\r\n123\r\n", "(123\r\n") { $0.bigNumber("123") },
        .init("null", "$-1\r\n", "_\r\n") { $0.null() },
        .init("null array", "*-1\r\n", "_\r\n") { $0.nullArray() },
    ]

    static let strings: [ReplySample] = [
        .init("text", "$5\r\nhello\r\n") { $0.bulk("hello") },
        .init("empty text", "$0\r\n\r\n") { $0.bulk("") },
        .init("empty bytes", "$0\r\n\r\n") { $0.bulk([UInt8]().span) },
        .init("bytes", "$2\r\n\r\n\r\n") { $0.bulk(([0x0D, 0x0A] as [UInt8]).span) },
        .init("number", "$3\r\n-12\r\n") { $0.bulk(-12) },
        .init("verbatim", "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n") { $0.verbatim("hi") },
        .init("markdown", "$0\r\n\r\n", "=4\r\nmkd:\r\n") { $0.verbatim("", format: "mkd") },
    ]

    static let aggregates: [ReplySample] = [
        .init("array", "*2\r\n:1\r\n:2\r\n") {
            $0.array(2)
            $0.integer(1)
            $0.integer(2)
        },
        .init("empty array", "*0\r\n") { $0.array(0) },
        .init("map", "*2\r\n$1\r\na\r\n:1\r\n", "%1\r\n$1\r\na\r\n:1\r\n") {
            $0.map(1)
            $0.bulk("a")
            $0.integer(1)
        },
        .init("set", "*1\r\n:1\r\n", "~1\r\n:1\r\n") {
            $0.set(1)
            $0.integer(1)
        },
        .init("push", "*1\r\n:1\r\n", ">1\r\n:1\r\n") {
            $0.push(1)
            $0.integer(1)
        },
        .init("collected nothing", "*0\r\n") { $0.collect(.array) { _ in 0 } },
        .init("collected array", "+a\r\n*12\r\n" + String(repeating: ":1\r\n", count: 12) + "+b\r\n") {
            $0.simple("a")
            $0.collect(.array) { writer in
                for _ in 0..<12 { writer.integer(1) }
                return 12
            }
            $0.simple("b")
        },
        .init("collected map", "*2\r\n+k\r\n+v\r\n", "%1\r\n+k\r\n+v\r\n") {
            $0.collect(.map) { writer in
                writer.simple("k")
                writer.simple("v")
                return 1
            }
        },
        .init("collected in collected", "*2\r\n*1\r\n+x\r\n*0\r\n", "~2\r\n~1\r\n+x\r\n*0\r\n") {
            $0.collect(.set) { outer in
                outer.collect(.set) { inner in
                    inner.simple("x")
                    return 1
                }
                outer.collect(.array) { _ in 0 }
                return 2
            }
        },
    ]
}

struct ReplyWriterTests {
    private func written(_ sample: ReplySample, _ version: RESPVersion) -> String {
        var writer = ReplyWriter(buffer: ReplyBuffer(), version: version)
        sample.write(&writer)
        return String(decoding: writer.buffer.copyBytes(), as: UTF8.self)
    }

    @Test(arguments: ReplySample.scalars + ReplySample.strings + ReplySample.aggregates)
    func bothProtocols(sample: ReplySample) {
        #expect(written(sample, .resp2) == sample.resp2)
        #expect(written(sample, .resp3) == sample.resp3)
    }

    @Test func attributesComeFirst() {
        var writer = ReplyWriter(buffer: ReplyBuffer(), version: .resp3)
        writer.attribute(1)
        writer.simple("ttl")
        writer.integer(5)
        writer.ok()
        #expect(String(decoding: writer.buffer.copyBytes(), as: UTF8.self) == "|1\r\n+ttl\r\n:5\r\n+OK\r\n")
    }

    private static func large(_ count: Int, _ byte: UInt8) throws -> LargeBytes {
        let large = try #require(LargeBytes(capacity: count))
        #expect(large.resize(to: count))
        large.write([UInt8](repeating: byte, count: count).span, at: 0)
        return large
    }

    private static func bulk(_ count: Int, _ byte: UInt8) -> [UInt8] {
        Array("$\(count)\r\n".utf8) + [UInt8](repeating: byte, count: count) + [0x0D, 0x0A]
    }

    @Test func largeStringsGoByReference() throws {
        let threshold = ReplyWriter.referenceThreshold
        var writer = ReplyWriter(buffer: ReplyBuffer(), version: .resp2)
        writer.bulk(try Self.large(threshold - 1, 1))
        #expect(writer.buffer.isContiguous == true)
        writer.bulk(try Self.large(threshold, 2))
        #expect(writer.buffer.isContiguous == false)
        #expect(writer.buffer.segmentCount == 2)
        writer.bulk(try Self.large(threshold + 5, 3))
        let expected = Self.bulk(threshold - 1, 1) + Self.bulk(threshold, 2) + Self.bulk(threshold + 5, 3)
        #expect(writer.buffer.copyBytes() == expected)
        #expect(writer.buffer.count == expected.count)
    }

    @Test func largeStringsInsideCollectedAggregates() throws {
        let count = ReplyWriter.referenceThreshold
        let large = try Self.large(count, 9)
        var writer = ReplyWriter(buffer: ReplyBuffer(), version: .resp3)
        writer.ok()
        writer.collect(.map) { outer in
            outer.bulk(large)
            outer.collect(.array) { inner in
                inner.bulk(large)
                inner.integer(1)
                inner.bulk(large)
                return 3
            }
            return 1
        }
        writer.ok()
        let text: (String) -> [UInt8] = { Array($0.utf8) }
        let bulk = Self.bulk(count, 9)
        let expected = text("+OK\r\n%1\r\n") + bulk + text("*3\r\n") + bulk + text(":1\r\n") + bulk + text("+OK\r\n")
        #expect(writer.buffer.copyBytes() == expected)
    }

    @Test func takenBufferLeavesAnEmptyWriter() {
        var writer = ReplyWriter(buffer: ReplyBuffer(), version: .resp2)
        writer.ok()
        let taken = writer.takeBuffer()
        #expect(taken.count == 5)
        #expect(writer.buffer.isEmpty == true)
        writer.null()
        #expect(writer.buffer.count == 5)
    }
}
