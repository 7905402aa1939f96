// Doubles as text, against the C library and the standard library as models.

import Testing

@testable import Martlet

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

@Suite struct DecimalFloatTests {
    private func parse(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        return parseDouble(bytes.span)
    }

    private func text(_ value: Double) -> String {
        withDoubleText(value) { span in String(decoding: span.indices.map { span[$0] }, as: UTF8.self) }
    }

    /// What the C library prints; the test process keeps the C locale.
    private func model(_ value: Double) -> String {
        var buffer = [CChar](repeating: 0, count: 32)
        let count = withVaList([value]) { vsnprintf(&buffer, buffer.count, "%.17g", $0) }
        return String(decoding: buffer[..<Int(count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", -0.0), ("1", 1), ("+1", 1), ("3.14", 3.14), (".5", 0.5), ("5.", 5), ("1e3", 1000),
            ("1E+3", 1000),
            ("1e-3", 0.001), ("00012.500", 12.5), ("inf", .infinity), ("-INF", -.infinity), ("+Infinity", .infinity),
            ("0x10", 16), ("0X1.8p1", 3), ("0x.8", 0.5), ("-0xAp-1", -5), ("0e99999999999999999999", 0),
            ("0x0p99999", 0),
            ("1.7976931348623157e308", .greatestFiniteMagnitude), ("4.9406564584124654e-324", .leastNonzeroMagnitude),
            // Just above half of the least number, and just below half a unit above the greatest.
            ("2.4703282292062328e-324", .leastNonzeroMagnitude), ("1.797693134862315807e308", .greatestFiniteMagnitude),
            ("9007199254740993", 9_007_199_254_740_992),
            ("9007199254740993.0000000000000000000001", 9_007_199_254_740_994),
            ("0x1.00000000000008p0", 1), ("0x1.000000000000080000000000000000000000000001p0", 1.000_000_000_000_000_2),
        ] as [(String, Double)])
    func reads(text: String, value: Double) {
        #expect(parse(text)?.bitPattern == value.bitPattern)
    }

    @Test(arguments: [
        "", " 1", "1 ", "\t1", "-", "+", ".", "-.", "e5", ".e5", "1e", "1e+", "1e1.5", "1..2", "1.2.3", "1,5", "--1",
        "nan",
        "NaN", "-nan", "nan(1)", "in", "infi", "infinit", "infinityy", "0x", "0x.", "0xp1", "0x1p", "0xg", "1f", "1_0",
        "1\u{0}", "\u{0}", "1e309", "-1e309", "1e99999999999999999999", "1e-400", "1e-99999999999999999999", "0x1p1024",
        "0x1p-1076", "2.4703282292062327e-324", "1.797693134862315808e308",
    ])
    func refuses(text: String) {
        #expect(parse(text) == nil)
    }

    @Test func readsTextOfAnyLength() {
        let zeros = String(repeating: "0", count: 20_000)
        #expect(parse("1" + zeros + "e-20000") == 1)
        #expect(parse("0." + zeros + "1e20001") == 1)
        // The last digit, far beyond those that are kept, decides a tie.
        #expect(parse("9007199254740993." + zeros) == 9_007_199_254_740_992)
        #expect(parse("9007199254740993." + zeros + "1") == 9_007_199_254_740_994)
        #expect(parse("0x1." + zeros + "1") == 1)
    }

    @Test func agreesWithTheStandardLibrary() {
        var random = TestRandom()
        for round in 0..<4_000 {
            var mantissa = String(random.skewed())
            if random.bool() { mantissa += "." + String(random.skewed()) }
            let exponent = round % 20 == 0 ? random.below(700) - 350 : random.below(80) - 40
            let text = (random.bool() ? "-" : "") + mantissa + "e\(exponent)"
            // The standard library gives infinity and zero where this refuses.
            let isZero = !mantissa.contains { ("1"..."9").contains($0) }
            let model = Double(text).flatMap { $0.isInfinite || $0 == 0 && !isZero ? nil : $0 }
            let value = parse(text)
            if value?.bitPattern != model?.bitPattern {
                Issue.record("seed \(random.seed): \(text) became \(String(describing: value))")
                return
            }
        }
    }

    @Test(
        arguments: [
            (0, "0"), (-0.0, "-0"), (1, "1"), (-17, "-17"), (0.1, "0.10000000000000001"), (3.5, "3.5"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"), (1e16, "10000000000000000"), (1e17, "1e+17"),
            (1.5e300, "1.5000000000000001e+300"),
            (99_999_999_999_999_984, "99999999999999984"), (123_456_789.125, "123456789.125"), (.infinity, "inf"),
            (-.infinity, "-inf"), (.nan, "nan"), (.leastNonzeroMagnitude, "4.9406564584124654e-324"),
            (-.greatestFiniteMagnitude, "-1.7976931348623157e+308"),
        ] as [(Double, String)])
    func writes(value: Double, expected: String) {
        #expect(text(value) == expected)
    }

    @Test func writesAsCDoes() {
        var random = TestRandom()
        var values: [Double] = (-1074...1023).map { Double(sign: .plus, exponent: $0, significand: 1) }
        values += (-30...30).flatMap { exponent -> [Double] in
            guard let power = Double("1e\(exponent)") else { return [] }
            return [power, power.nextUp, power.nextDown, power * 5]
        }
        values += (0..<3_000).map { _ in Double(Int64(bitPattern: random.skewed())) / 1000 }
        values += (0..<500).map { _ in Double(bitPattern: random.next()) }.filter(\.isFinite)
        for value in values {
            let written = text(value)
            if written != model(value) || parse(written)?.bitPattern != value.bitPattern {
                Issue.record("seed \(random.seed): \(value) became \(written)")
                return
            }
        }
    }
}
