// Glob patterns: Redis's meaning case by case, and a recursive model over random ones.

import Testing

@testable import Martlet

@Suite struct GlobTests {
    private func matches(_ pattern: String, _ string: String, ignoringCase: Bool = false) -> Bool {
        let pattern = Array(pattern.utf8)
        let string = Array(string.utf8)
        return globMatches(pattern: pattern.span, string: string.span, ignoringCase: ignoringCase)
    }

    @Test(arguments: [
        ("", ""), ("abc", "abc"), ("*", "a"), ("**", "abc"), ("a*", "a"), ("a**", "a"), ("*a", "a"), ("a*c", "abbc"),
        ("a*b*c", "aXbXbXc"), ("?", "x"), ("a?c", "abc"), ("*?", "ab"), ("?*", "a"), ("h[ae]llo", "hallo"),
        ("[a-c]", "b"), ("[c-a]", "b"), ("[^a-c]", "d"), ("[a-]", "^"), ("[a-]", "a"), ("[-a]", "-"),
        ("\\*", "*"), ("\\?", "?"), ("\\a", "a"), ("\\\\", "\\"), ("a\\", "a\\"), ("\\", "\\"), ("[\\]]", "]"),
        ("[\\]", "]"),
        ("[\\a-z]", "-"), ("[\\a-z]", "z"), ("[a", "a"), ("[ab", "b"), ("[^", "x"), ("[^a", "b"), ("[^]", "x"),
        ("[^]*", "xyz"), ("[\\", "\\"), ("[a\\", "\\"), ("[^^]", "a"), ("[?]", "?"), ("[*]", "*"), ("*[a", "xa"),
        ("foo*bar*", "foobar"), ("[[]", "["), ("]", "]"), ("^", "^"), ("-", "-"), ("[a-\\]", "]"), ("[a^]", "^"),
    ])
    func accepts(pattern: String, string: String) {
        #expect(matches(pattern, string))
    }

    @Test(arguments: [
        ("", "a"), ("a", ""), ("*", ""), ("**", ""), ("?", ""), ("?", "ab"), ("abc", "abd"), ("abc", "ab"),
        ("ab", "abc"),
        ("a*c", "abd"), ("*a", "b"), ("a?", "a"), ("[a-c]", "d"), ("[^a-c]", "b"), ("[]", "a"), ("[]", "]"), ("[", "["),
        ("[", "a"), ("[^]", ""), ("[]a]", "]"), ("\\*", "a"), ("a\\", "a"), ("[\\a-z]", "b"), ("[^a", "a"), ("[a", "b"),
        ("*a*b", "bbba"), ("*?*?", "a"), ("[a-\\]", "b"), ("A", "a"), ("[A-Z]", "a"), ("[]a]", "a]"), ("[\\]", "\\"),
    ])
    func refuses(pattern: String, string: String) {
        #expect(!matches(pattern, string))
    }

    @Test func foldsCase() {
        #expect(matches("HeLLo", "hEllO", ignoringCase: true))
        #expect(matches("[A-C]x", "bX", ignoringCase: true))
        #expect(matches("[a-c]", "B", ignoringCase: true))
        #expect(matches("\\A", "a", ignoringCase: true))
        // An escaped member of a class is not folded, nor is anything beyond ASCII's letters.
        #expect(!matches("[\\A]", "a", ignoringCase: true))
        #expect(!matches("[", "{", ignoringCase: true))
        #expect(!matches("@", "`", ignoringCase: true))
        // The ends are sorted first: Z comes before a, but folded it comes after it.
        #expect(!matches("[a-Z]", "m", ignoringCase: true))
    }

    @Test func ordersRangesAsSignedBytes() {
        func inRange(_ low: UInt8, _ high: UInt8, _ byte: UInt8) -> Bool {
            let pattern = [UInt8(ascii: "["), low, UInt8(ascii: "-"), high, UInt8(ascii: "]")]
            return globMatches(pattern: pattern.span, string: [byte].span)
        }
        #expect(inRange(0x01, 0xFF, 0x00))
        #expect(!inRange(0x01, 0xFF, 0x80))
        #expect(inRange(0x80, 0x90, 0x85))
        #expect(inRange(0x90, 0x80, 0x85))
    }

    @Test func stopsAfterAThousandStars() {
        func tries(_ stars: Int, tail: String = "") -> Bool {
            matches(String(repeating: "*?", count: stars) + tail, String(repeating: "a", count: stars))
        }
        #expect(tries(1_000))
        #expect(tries(1_000, tail: "*"))
        #expect(!tries(1_001))
        #expect(!tries(50_000))
    }

    @Test func hardPatternsStayCheap() {
        // Recursion into every star would take longer than the age of the world.
        let pattern = String(repeating: "a*", count: 30) + "b"
        #expect(!matches(pattern, String(repeating: "a", count: 200)))
        #expect(matches(pattern, String(repeating: "a", count: 200) + "b"))
    }

    @Test func agreesWithARecursiveModel() {
        var random = TestRandom()
        for _ in 0..<10_000 {
            let pattern = random.bytes(random.below(8), from: "ab*?".utf8)
            let string = random.bytes(random.below(8), from: "ab".utf8)
            let model = Self.model(pattern[...], string[...]) && !(string.isEmpty && !pattern.isEmpty)
            if globMatches(pattern: pattern.span, string: string.span) != model {
                Issue.record("seed \(random.seed): \(pattern) on \(string) should be \(model)")
                return
            }
        }
    }

    private static func model(_ pattern: ArraySlice<UInt8>, _ string: ArraySlice<UInt8>) -> Bool {
        guard let element = pattern.first else { return string.isEmpty }
        if element == UInt8(ascii: "*") {
            return model(pattern.dropFirst(), string) || !string.isEmpty && model(pattern, string.dropFirst())
        }
        guard let byte = string.first, element == UInt8(ascii: "?") || element == byte else { return false }
        return model(pattern.dropFirst(), string.dropFirst())
    }

    @Test func randomClassesNeitherTrapNorHang() {
        var random = TestRandom()
        for _ in 0..<5_000 {
            let pattern = random.bytes(random.below(12), from: "[]^-\\a*".utf8)
            let string = random.bytes(random.below(6), from: "[]^-\\a".utf8)
            let folded = globMatches(pattern: pattern.span, string: string.span, ignoringCase: true)
            // There are no capitals here, so case makes no difference.
            if folded != globMatches(pattern: pattern.span, string: string.span) {
                Issue.record("seed \(random.seed): \(pattern) on \(string)")
                return
            }
        }
    }
}
