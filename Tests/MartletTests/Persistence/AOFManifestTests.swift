// The manifest's text, and which texts are refused.

import Testing

@testable import Martlet

struct AOFManifestTests {
    @Test func whatIsWrittenIsRead() throws {
        var manifest = AOFManifest()
        _ = manifest.replaceBase(of: "my log", isSnapshot: true, keepingLast: 0)
        for _ in 0..<3 { _ = manifest.addIncrement(of: "my log") }
        _ = manifest.replaceBase(of: "my log", isSnapshot: false, keepingLast: 1)
        #expect(
            manifest.text == """
                file "my log.2.base.aof" seq 2 type b
                file "my log.1.incr.aof" seq 1 type h
                file "my log.2.incr.aof" seq 2 type h
                file "my log.1.base.rdb" seq 1 type h
                file "my log.3.incr.aof" seq 3 type i

                """)
        #expect(try AOFManifest(Array(manifest.text.utf8)) == manifest)
    }

    @Test func moreWordsAndCommentsAreFine() throws {
        let text = "# a comment\nfile a.aof seq 7 type i since 2030 \n"
        #expect(try AOFManifest(Array(text.utf8)).increments == [.init(name: "a.aof", sequence: 7)])
    }

    @Test(
        arguments: [
            ("", "Found an empty AOF manifest", nil),
            ("file a seq 1 type b\n\n", "Invalid AOF manifest file format", 2),
            ("file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information", 2),
            ("file a seq 2 type i\nfile b seq 2 type i\n", "Found a non-monotonic sequence number", 2),
            ("file a seq 1 type x\n", "Unknown AOF file type", 1),
            ("file a seq 1\n", "Invalid AOF manifest file format", 1),
            ("file a seq 0 type i\n", "Invalid AOF manifest file format", 1),
            ("file a seq 1 type i odd\n", "Invalid AOF manifest file format", 1),
            ("file ../a seq 1 type i\n", "File can't be a path, just a filename", 1),
            ("file a seq 1 type i", "The AOF manifest file contains too long line", 1),
            (
                "file \(String(repeating: "a", count: 2000)) seq 1 type i\n",
                "The AOF manifest file contains too long line", 1
            ),
        ] as [(String, String, Int?)])
    func whatIsWrongIsNamed(_ text: String, _ reason: String, _ line: Int?) {
        do {
            _ = try AOFManifest(Array(text.utf8))
            Issue.record("taken: \(text)")
        } catch {
            #expect(error.reason == reason && error.line == line)
        }
    }
}
