// Words and quotes of a line, both ways.

import Testing

@testable import Martlet

struct QuotedWordsTests {
    private func split(_ line: String) -> [String]? {
        let bytes = Array(line.utf8)
        return splitQuotedWords(bytes.span)?.map { String(decoding: $0, as: UTF8.self) }
    }

    private func quote(_ text: String) -> String {
        let bytes = Array(text.utf8)
        return String(decoding: quotedRepresentation(of: bytes.span), as: UTF8.self)
    }

    @Test(arguments: [
        ("", []), ("   ", []), ("\t\u{b}\u{c}\r\n", []),
        ("a", ["a"]), ("  set  a\tb ", ["set", "a", "b"]),
        ("''", [""]), (#"save """#, ["save", ""]),
        (#""a b" 'c d'"#, ["a b", "c d"]),
        (#"a"b c" d"#, ["ab c", "d"]), ("a'b'", ["ab"]),
        (#""\n\r\t\a\b\x41\\\"\q""#, ["\n\r\t\u{7}\u{8}A\\\"q"]),
        (#""\x4""#, ["x4"]), (#""\xzz""#, ["xzz"]), (#"'\x41\n'"#, [#"\x41\n"#]),
        (#"'it\'s'"#, ["it's"]), (#"\x41"#, [#"\x41"#]),
        ("a\u{b}b", ["a\u{b}b"]), ("\"a\"\u{b}b", ["a", "b"]),
        ("set a\0b c", ["set", "a"]), ("a \0", ["a"]),
    ])
    func words(line: String, expected: [String]) {
        #expect(split(line) == expected)
    }

    @Test(arguments: [#"""#, "'", #"a "b"#, #""a"b"#, "'a'b", #""a\""#, #"'a\'"#, "\"a\0\"", #""\x4"#, "''''"])
    func unbalanced(line: String) {
        #expect(split(line) == nil)
    }

    @Test(arguments: [
        ("", #""""#), ("abc", #""abc""#), (#"a"\b"#, #""a\"\\b""#), ("\n\r\t\u{7}\u{8}", #""\n\r\t\a\b""#),
        ("\0\u{1f}~\u{7f}", #""\x00\x1f~\x7f""#), ("é", #""\xc3\xa9""#),
    ])
    func quoting(text: String, expected: String) {
        #expect(quote(text) == expected)
    }

    @Test func everyByteComesBack() {
        let all = (UInt8.min...UInt8.max).map { $0 }
        let quoted = quotedRepresentation(of: all.span)
        #expect(splitQuotedWords(quoted.span) == [all])
    }
}
