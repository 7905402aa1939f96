// Extended floats: Redis's texts, the edges of the format, and on x86 the real unit and C library as models.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct ExtendedFloatTests {
    private func number(_ text: String) -> ExtendedFloat? {
        let bytes = Array(text.utf8)
        return ExtendedFloat(bytes.span)
    }

    private func text(_ text: String) -> String? {
        number(text).map { String(decoding: $0.humanText, as: UTF8.self) }
    }

    private func sum(_ left: String, _ right: String) -> String? {
        guard let left = number(left), let right = number(right) else { return nil }
        return String(decoding: (left + right).humanText, as: UTF8.self)
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("1.5", "1.5"), ("-1.5", "-1.5"), ("3.0e3", "3000"), ("5.0e-1", "0.5"),
        ("0x1p4", "16"),
        ("0.1", "0.1"), ("10.50", "10.5"), ("1e17", "100000000000000000"),
        ("123456789012345678901", "123456789012345678904"),
        ("1e-17", "0.00000000000000001"), ("1e-18", "0"), ("-1e-18", "0"), ("4e-18", "0"),
        ("6e-18", "0.00000000000000001"),
        ("-6e-18", "-0.00000000000000001"), ("0.999999999999999999", "1"), ("9.999999999999999999", "10"),
        ("18446744073709551615", "18446744073709551615"), ("18446744073709551617", "18446744073709551616"),
        ("18446744073709551619", "18446744073709551620"), ("inf", "inf"), ("-Infinity", "-inf"), ("1e-4940", "0"),
        // Ties in the 17th decimal: 2^-18 ends in ...5625, 3 * 2^-18 in ...6875.
        ("0x1p-18", "0.00000381469726562"), ("0x3p-18", "0.00001144409179688"),
    ])
    func readsAndWrites(input: String, output: String) {
        #expect(text(input) == output)
    }

    @Test(arguments: [
        ("10.5", "0.1", "10.6"), ("3.0e3", "200", "3200"), ("1", "-1", "0"), ("5", "-10.25", "-5.25"),
        ("0.1", "0.2", "0.3"), ("1e4900", "-1e4900", "0"), ("9223372036854775807", "1", "9223372036854775808"),
        ("18446744073709551616", "1", "18446744073709551616"), ("18446744073709551616", "3", "18446744073709551620"),
        ("1e4932", "1e4932", "inf"), ("-1e4932", "-1e4932", "-inf"), ("inf", "1", "inf"), ("1", "-inf", "-inf"),
        ("inf", "-inf", "nan"), ("inf", "inf", "inf"), ("1.23", "1e-30", "1.23"), ("0", "-0", "0"),
    ])
    func adds(left: String, right: String, result: String) {
        #expect(sum(left, right) == result)
        #expect(sum(right, left) == result)
    }

    @Test(arguments: [
        "", " 1", "1 ", "abc", "1a", "-", ".", "1e", "0x", "nan", "-NaN", "1e4933", "-1e5000", "1e-4951", "1e-99999",
        "1\u{0}", "1e9999999999999999999999", "1e-9999999999999999999999", "0x1p16384", "0x1p-16447",
        "1.1897314953572317651e4932",
    ])
    func refuses(text: String) {
        #expect(number(text) == nil)
    }

    @Test func limitsLength() {
        #expect(text("1" + String(repeating: "0", count: 5_117) + "e-5117".prefix(0)) == nil)
        #expect(text("0." + String(repeating: "0", count: 5_116) + "1") == nil)
        #expect(text(String(repeating: "0", count: 5_118) + "7") == "7")
        #expect(text(String(repeating: "0", count: 5_119) + "7") == nil)
    }

    @Test func integersAreExact() {
        for integer in [0, 1, -1, Int64.max, .min, 1 << 53 + 1] {
            #expect(String(decoding: ExtendedFloat(integer).humanText, as: UTF8.self) == String(integer))
        }
    }

    @Test func tellsFinitenessApart() {
        #expect(number("1e4932")?.isFinite == true)
        #expect(number("inf")?.isFinite == false)
        #expect((ExtendedFloat(1) + ExtendedFloat(2)).isFinite)
    }

    @Test func equalTextsGiveEqualNumbers() {
        #expect(number("0") == number("-0"))
        #expect(number("2.5") == number("0x5p-1"))
        #expect(number("1e-4940") != number("0"))
    }
}

#if arch(x86_64)
extension ExtendedFloatTests {
    /// A debug build takes a sample, an optimized one over a hundred thousand cases.
    private static let samples = _isDebugAssertConfiguration() ? 3_000 : 50_000

    private static func text(_ format: String, _ value: Float80) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 5_200)
        let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, format, $0) }
        return buffer[..<Int(count)].map { UInt8(bitPattern: $0) }
    }

    /// What Redis makes of C's text.
    private static func humanText(_ value: Float80) -> [UInt8] {
        guard value.isFinite else { return Array((value.isNaN ? "nan" : value < 0 ? "-inf" : "inf").utf8) }
        var text = text("%.17Lf", value)
        while text.last == UInt8(ascii: "0") { text.removeLast() }
        if text.last == UInt8(ascii: ".") { text.removeLast() }
        return text == Array("-0".utf8) ? Array("0".utf8) : text
    }

    /// The value's exact text in hexadecimal digits.
    private static func exactText(_ value: Float80) -> [UInt8] {
        guard value != 0, value.isFinite else { return Array("\(value)".utf8) }
        let significand = UInt64(Float80(sign: .plus, exponent: 63, significand: value.significand))
        return Array("\(value < 0 ? "-" : "")0x\(String(significand, radix: 16))p\(value.exponent - 63)".utf8)
    }

    /// Random values, often of few bits and often close to one another.
    private static func value(_ random: inout TestRandom, around exponent: Int) -> Float80 {
        let significand = Float80(random.skewed() << UInt64(random.below(64)))
        let near = exponent + random.below(140) - 70
        return Float80(sign: random.bool() ? .plus : .minus, exponent: near - 63, significand: significand)
    }

    @Test func addsAsTheUnitDoes() {
        var random = TestRandom()
        for round in 0..<Self.samples * 4 {
            let exponent = round % 4 == 0 ? [-16_445, -16_382, 16_383, 64][random.below(4)] : random.below(3) * 20
            let left = Self.value(&random, around: exponent)
            let right = Self.value(&random, around: exponent)
            guard left.isFinite, right.isFinite else { continue }
            guard let first = ExtendedFloat(Self.exactText(left).span),
                let second = ExtendedFloat(Self.exactText(right).span)
            else {
                Issue.record("seed \(random.seed): \(left) or \(right) was refused")
                return
            }
            let isRight =
                (left + right).isFinite
                ? first + second == ExtendedFloat(Self.exactText(left + right).span) : !(first + second).isFinite
            if !isRight {
                Issue.record("seed \(random.seed): \(left) + \(right)")
                return
            }
        }
    }

    @Test func readsAsCDoes() {
        var random = TestRandom()
        for round in 0..<Self.samples {
            var bytes = Self.numeral(&random, isExtreme: round % 20 == 0)
            if random.bool() { bytes.insert(UInt8(ascii: "-"), at: 0) }
            let characters = bytes.map { CChar(bitPattern: $0) } + [0]
            let model = strtold(characters, nil)
            let isZero = !bytes.prefix { $0 != UInt8(ascii: "e") }.contains { (49...57).contains($0) }
            let number = ExtendedFloat(bytes.span)
            let isRight =
                model.isInfinite || model == 0 && !isZero
                ? number == nil : number != nil && number == ExtendedFloat(Self.exactText(model).span)
            if !isRight {
                Issue.record("seed \(random.seed): \(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
    }

    private static func numeral(_ random: inout TestRandom, isExtreme: Bool) -> [UInt8] {
        let digits = "0123456789".utf8
        if isExtreme {
            // The ends of the format, and halfway between two of its numbers.
            switch random.below(3) {
            case 0:
                return random.bytes(1 + random.below(40), from: digits) + Array("e-\(4_900 + random.below(80))".utf8)
            case 1: return random.bytes(1 + random.below(40), from: digits) + Array("e\(4_890 + random.below(50))".utf8)
            default: break
            }
        }
        if random.below(3) == 0 {
            let halfway = UInt128(random.next() | 1 << 63) << 1 | 1
            let scaled = halfway << UInt128(random.below(60))
            return Array("\(scaled).\(random.bool() ? "000" : "00000000000000000000000000000001")".utf8)
        }
        return random.bytes(1 + random.below(22), from: digits) + [UInt8(ascii: ".")]
            + random.bytes(random.below(22), from: digits) + Array("e\(random.below(50) - 25)".utf8)
    }

    @Test func writesAsCDoes() {
        var random = TestRandom()
        for round in 0..<Self.samples {
            let exponent = round % 100 == 0 ? random.below(16_300) : random.below(120) - 60
            let value = Self.value(&random, around: exponent)
            guard value.isFinite else { continue }
            if ExtendedFloat(Self.exactText(value).span)?.humanText != Self.humanText(value) {
                Issue.record("seed \(random.seed): \(value)")
                return
            }
        }
    }
}
#endif
