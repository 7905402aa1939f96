// redis.conf: lines of a directive's name and its words, applied in order. Besides the directives of the table there
// are `include`, `rename-command`, `user` and a few names of the past that are accepted and mean nothing.

/// Gives the bytes of the file at a path. A path with * ? or [ stands for every file that matches, one after the
/// other, and for an empty text when none does. Relative paths are for the reader to resolve.
package typealias ConfigurationReader = (_ path: String) throws(ConfigurationError) -> [UInt8]

package enum ConfigurationFile {
    /// How deep files may include each other.
    static let maxIncludeDepth = 16

    /// Applies every line of the text, or none: `configuration` changes only when all are good.
    package static func load(
        _ text: [UInt8], into configuration: inout Configuration, read: ConfigurationReader
    ) throws(ConfigurationError) {
        var loader = Loader(configuration: configuration)
        try loader.load(text, depth: 0, read: read)
        configuration = loader.configuration
    }
}

/// A line of a configuration text, counted from 1, without the blanks around it.
package struct ConfigurationLine: Equatable, Sendable {
    package let number: Int
    package let text: String

    package init(number: Int, text: String) {
        self.number = number
        self.text = text
    }
}

/// Why a start was refused.
package enum ConfigurationError: Error, Equatable {
    /// A line, or the configuration as a whole, is wrong.
    case refused(line: ConfigurationLine?, reason: String)
    /// A file cannot be read.
    case unreadable(path: String, reason: String)

    /// What is written before the exit with status 1: a block for standard error, or the text of a log line.
    package func report(version: String) -> String {
        switch self {
        case .refused(let line, let reason):
            let place = line.map { "Reading the configuration file, at line \($0.number)\n>>> '\($0.text)'\n" }
            return "\n*** FATAL CONFIG FILE ERROR (Redis \(version)) ***\n\(place ?? "")\(reason)\n"
        case .unreadable(let path, let reason):
            return "Fatal error, can't open config file '\(path)': \(reason)"
        }
    }
}

private struct Loader {
    var configuration: Configuration
    /// Directives that a line has set already.
    private var loaded: Set<String> = []

    /// Names of the past: accepted with one word, without meaning.
    private static let retiredDirectives: Set = [
        "list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands",
    ]
    private static let badDirective = DirectiveError(reason: "Bad directive or wrong number of arguments")

    init(configuration: Configuration) {
        self.configuration = configuration
    }

    mutating func load(_ text: [UInt8], depth: Int, read: ConfigurationReader) throws(ConfigurationError) {
        let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, raw) in lines.enumerated() {
            let bytes = raw.trimmed
            guard let first = bytes.first, first != UInt8(ascii: "#") else { continue }
            let line = ConfigurationLine(number: index + 1, text: String(decoding: bytes, as: UTF8.self))
            let included: String?
            do throws(DirectiveError) {
                guard let words = splitQuotedWords(bytes.span) else { throw .unbalancedQuotes }
                included = try apply(words, line: line, depth: depth)
            } catch {
                throw .refused(line: line, reason: error.reason)
            }
            if let included {
                try load(try read(included), depth: depth + 1, read: read)
            }
        }
    }

    /// Applies one line; gives the path when it includes a file.
    private mutating func apply(
        _ words: [[UInt8]], line: ConfigurationLine, depth: Int
    ) throws(DirectiveError) -> String? {
        guard let name = words.first?.asciiLowercased else { return nil }
        let values = Array(words.dropFirst())
        if let directive = DirectiveTable.directive(named: name) {
            let isFirst = loaded.insert(directive.name).inserted
            try directive.load(values, isContinued: !isFirst, into: &configuration)
            return nil
        }
        switch (name, values.count) {
        case ("include", 1):
            guard depth < ConfigurationFile.maxIncludeDepth else {
                throw DirectiveError(reason: "Too many levels of include")
            }
            return try ValueFormat<String>.text(of: values[0])
        case ("rename-command", 2):
            let rename = CommandRename(
                command: try ValueFormat<String>.text(of: values[0]),
                newName: try ValueFormat<String>.text(of: values[1]), line: line)
            configuration.renamedCommands.append(rename)
            return nil
        case ("user", 1...):
            configuration.users.append(
                UserDeclaration(name: values[0], rules: Array(values.dropFirst()), line: line))
            return nil
        case ("sentinel", _): throw DirectiveError(reason: "sentinel directive while not in sentinel mode")
        case (_, 1) where Loader.retiredDirectives.contains(name):
            return nil
        case (_, 0) where name.contains("."):
            throw DirectiveError(reason: "Module config specified without value")
        default:
            throw Loader.badDirective
        }
    }
}

extension ArraySlice<UInt8> {
    /// The bytes without spaces, tabs and carriage returns at both ends.
    fileprivate var trimmed: [UInt8] {
        let isBlank: (UInt8) -> Bool = { [0x20, 0x09, 0x0d].contains($0) }
        let end = lastIndex { !isBlank($0) }.map { $0 + 1 } ?? startIndex
        return Array(self[..<end].drop(while: isBlank))
    }
}
