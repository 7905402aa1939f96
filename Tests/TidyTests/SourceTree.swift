// The package's own sources as the tidy tests read them.

import Foundation

struct SourceFile: Sendable {
    /// Relative to the package, with `/`.
    let path: String
    let text: String
    let lines: [Substring]
    /// The lines without string literals and comments, so that only code is left.
    let code: [String]

    init(path: String, text: String) {
        self.path = path
        self.text = text
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        code = Self.code(lines)
    }

    /// The folder below `Sources/Martlet`; `face` for the files that lie there themselves, nil elsewhere.
    var room: String? {
        let parts = path.split(separator: "/").map(String.init)
        guard parts.count >= 3, parts[0] == "Sources", parts[1] == "Martlet" else { return nil }
        return parts.count == 3 ? "face" : parts[2]
    }

    private static func code(_ lines: [Substring]) -> [String] {
        var inBlockString = false
        return lines.map { line in
            if line.contains("\"\"\"") {
                inBlockString.toggle()
                return ""
            }
            return inBlockString ? "" : stripped(line)
        }
    }

    private static func stripped(_ line: Substring) -> String {
        var result = ""
        var inString = false
        var previous: Character = " "
        for character in line {
            if character == "\"", previous != "\\" { inString.toggle() }
            if !inString, previous == "/", character == "/" { return String(result.dropLast()) }
            if !inString { result.append(character) }
            previous = previous == "\\" && character == "\\" ? " " : character
        }
        return result
    }
}

enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// All Swift files below these folders.
    static func swiftFiles(in folders: [String] = ["Sources", "Tests", "Benchmarks"]) -> [SourceFile] {
        folders.flatMap { folder -> [SourceFile] in
            let base = root.appendingPathComponent(folder)
            let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
            return names.filter { $0.hasSuffix(".swift") }.sorted().compactMap { name in
                guard let text = try? String(contentsOf: base.appendingPathComponent(name), encoding: .utf8) else {
                    return nil
                }
                return SourceFile(path: "\(folder)/\(name)", text: text)
            }
        }
    }
}
