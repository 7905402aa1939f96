// Decimal integers: the canonical form only, its edges, and a round trip over all widths.

import Testing

@testable import Martlet

@Suite struct DecimalIntegerTests {
    private func parse(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        return parseInt64(bytes.span)
    }

    private func cursor(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        return parseScanCursor(bytes.span)
    }

    private func unsigned(_ text: String) -> UInt64? {
        let bytes = Array(text.utf8)
        return parseUInt64(bytes.span)
    }

    private func text(_ number: Int64) -> String {
        withDecimal(number) { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }

    private func text(_ number: UInt64) -> String {
        withDecimal(number) { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }

    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("-1", -1), ("10", 10), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("1000000000000000000", 1_000_000_000_000_000_000),
        ] as [(String, Int64)])
    func acceptsCanonicalNumbers(text: String, number: Int64) {
        #expect(parse(text) == number)
    }

    @Test(arguments: [
        "", "-", "+1", " 1", "1 ", "01", "-0", "-01", "00", "1a", "a1", "--1", "1-", "1.0", "1e3", "0x1", "\u{0}",
        "1\u{0}",
        "9223372036854775808", "-9223372036854775809", "9999999999999999999", "18446744073709551615",
        "18446744073709551616", "100000000000000000000", "-100000000000000000000", "/", ":", "1/", "1:",
    ])
    func refusesAllElse(text: String) {
        #expect(parse(text) == nil)
    }

    @Test(
        arguments: [
            ("", 0), ("0", 0), ("17", 17), ("+5", 5), ("007", 7), ("-1", .max), ("-0", 0), ("12\u{0}x", 12),
            ("\u{0}x", 0),
            ("18446744073709551615", .max), ("-18446744073709551615", 1), ("18446744073709551616", nil),
            ("-18446744073709551616", nil), ("99999999999999999999", nil), (" 1", nil), ("\t1", nil), ("1 ", nil),
            ("-", nil), ("+", nil), ("+-1", nil), ("x", nil), ("1x", nil),
        ] as [(String, UInt64?)])
    func readsScanCursors(text: String, number: UInt64?) {
        #expect(cursor(text) == number)
    }

    @Test(
        arguments: [
            ("0", 0), ("18446744073709551615", .max), ("18446744073709551616", nil), ("-1", nil), ("-01", .max),
            ("-0", 0),
            (" \t5", 5), ("+5", 5), ("05", 5), ("5\u{0}5", 5), ("", nil), (" ", nil), ("-", nil), ("5 ", nil),
            ("- 5", nil),
        ] as [(String, UInt64?)])
    func readsUnsignedNumbers(text: String, number: UInt64?) {
        #expect(unsigned(text) == number)
    }

    @Test func writesTheEdges() {
        #expect(text(Int64.min) == "-9223372036854775808")
        #expect(text(Int64.max) == "9223372036854775807")
        #expect(text(UInt64.max) == "18446744073709551615")
        #expect(text(Int64(0)) == "0")
        #expect(decimalCapacity == text(Int64.min).utf8.count)
        #expect(decimalCapacity == text(UInt64.max).utf8.count)
    }

    @Test func writesAroundEveryPowerOfTen() {
        var power: UInt64 = 1
        for exponent in 1...19 {
            power *= 10
            for number in [power - 1, power, power + 1] {
                #expect(text(number) == String(number))
                #expect(decimalDigits(count: number) == String(number).utf8.count)
            }
            #expect(decimalDigits(count: power) == exponent + 1)
        }
    }

    @Test func everyWidthRoundTrips() {
        var random = TestRandom()
        for _ in 0..<10_000 {
            let number = Int64(bitPattern: random.skewed())
            let written = text(number)
            if written != String(number) || parse(written) != number || decimalLength(number) != written.utf8.count {
                Issue.record("seed \(random.seed): \(number) became \(written)")
                return
            }
        }
    }

    @Test func agreesWithTheModelOnRandomText() {
        var random = TestRandom()
        for _ in 0..<10_000 {
            let bytes = random.bytes(random.below(22), from: "0123456789-".utf8)
            let text = String(decoding: bytes, as: UTF8.self)
            // The number whose canonical text this is, if any.
            let model = Int64(text).flatMap { String($0) == text ? $0 : nil }
            if parseInt64(bytes.span) != model {
                Issue.record("seed \(random.seed): \(text)")
                return
            }
        }
    }
}
