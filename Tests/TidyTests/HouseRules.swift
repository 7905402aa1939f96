// The house rules as functions over a source text: each returns what is wrong, in words, and nothing when all is well.

enum HouseRules {
    static let longestFile = 600
    static let longestFunction = 70
    static let longestLine = 120

    static func header(_ file: SourceFile) -> [String] {
        file.text.hasPrefix("//") ? [] : ["\(file.path) does not begin with what it is for"]
    }

    static func lengths(_ file: SourceFile) -> [String] {
        var problems: [String] = []
        if file.lines.count > longestFile { problems.append("\(file.path) has \(file.lines.count) lines") }
        for (index, line) in file.lines.enumerated() where line.count > longestLine {
            problems.append("\(file.path):\(index + 1) has \(line.count) columns")
        }
        return problems
    }

    private static func beginsBody(_ line: String) -> Bool {
        let words = line.split { $0 == " " || $0 == "(" || $0 == "<" || $0 == "?" || $0 == "[" }
        return words.contains { ["func", "init", "deinit", "subscript"].contains($0) }
    }

    /// Functions and initialisers from their first line to the brace that ends them.
    static func functions(_ file: SourceFile) -> [String] {
        var problems: [String] = []
        let code = file.code
        for (start, line) in code.enumerated() {
            guard beginsBody(line) else { continue }
            var depth = 0
            var opened = false
            for end in start..<code.count {
                for character in code[end] {
                    if character == "{" {
                        depth += 1
                        opened = true
                    }
                    if character == "}" { depth -= 1 }
                }
                if opened, depth <= 0 {
                    let length = end - start + 1
                    if length > longestFunction { problems.append("\(file.path):\(start + 1) is \(length) lines long") }
                    break
                }
                // A requirement or a declaration without a body.
                if !opened, depth < 0 || (end > start && code[end].contains("func ")) { break }
            }
        }
        return problems
    }

    /// Words that may stand nowhere in `Sources`.
    static func banned(_ file: SourceFile) -> [String] {
        let words = ["try!", "as!", "fatalError(", "TODO", "FIXME", "XXX"]
        return file.code.enumerated().flatMap { index, line in
            words.filter { line.contains($0) }.map { "\(file.path):\(index + 1) has \($0)" }
        }
    }

    /// A force unwrap, also one that a type declares: `!` behind a name, a bracket or a call, where no `=` follows.
    static func forceUnwraps(_ file: SourceFile) -> [String] {
        file.code.enumerated().compactMap { index, line in
            var previous: Character = " "
            for (place, character) in line.enumerated() {
                if character == "!", previous.isLetter || previous.isNumber || previous == ")" || previous == "]" {
                    let rest = line.dropFirst(place + 1)
                    if !rest.hasPrefix("=") { return "\(file.path):\(index + 1) unwraps by force" }
                }
                previous = character
            }
            return nil
        }
    }

    /// Each `@unchecked Sendable` says on the lines above what guards it.
    static func guards(_ file: SourceFile) -> [String] {
        file.lines.enumerated().compactMap { index, line in
            guard file.code[index].contains("@unchecked Sendable") else { return nil }
            let around = file.lines[max(0, index - 4)...min(file.lines.count - 1, index + 2)]
            return around.contains { $0.contains("Guard") } || line.contains("Guard")
                ? nil : "\(file.path):\(index + 1) does not say what guards it"
        }
    }

    /// Arithmetic that wraps and access without a check carry their proof on the line above.
    static func proofs(_ file: SourceFile) -> [String] {
        let words = ["&+", "&-", "&*", "unchecked:"]
        return file.code.enumerated().compactMap { index, line in
            guard words.contains(where: line.contains) else { return nil }
            let isProved = file.lines[max(0, index - 1)...index].contains { $0.contains("//") }
            return isProved ? nil : "\(file.path):\(index + 1) does not say why nothing can overflow"
        }
    }

    /// Who does without the check at run time says why two accesses never meet.
    static func exclusivity(_ file: SourceFile) -> [String] {
        file.code.enumerated().compactMap { index, line in
            guard line.contains("@exclusivity(unchecked)") else { return nil }
            let isProved = index > 0 && file.lines[index - 1].contains("// Unchecked")
            return isProved ? nil : "\(file.path):\(index + 1) does not say why no two accesses meet"
        }
    }

    static func uses(_ file: SourceFile, _ words: [String]) -> Bool {
        file.code.contains { line in words.contains { line.contains($0) } }
    }
}
