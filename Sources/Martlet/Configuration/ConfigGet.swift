// CONFIG GET: names and values for names and glob patterns.

enum ConfigGet {
    struct Entry: Equatable {
        let name: String
        let value: [UInt8]
    }

    /// Names that later versions of Redis have beside the ones with underscores: found by themselves, and shown to
    /// nobody who asks for all.
    static let laterNames: Set = ["server-cpulist", "bio-cpulist", "aof-rewrite-cpulist", "bgsave-cpulist"]

    /// What the patterns name, each name once, in the order of the patterns and alphabetically within one.
    /// A name without pattern characters comes back as it was written; only such a name finds hidden directives.
    static func run(_ patterns: [[UInt8]], in configuration: Configuration) -> [Entry] {
        var entries: [Entry] = []
        var found: Set<String> = []
        for pattern in patterns {
            if pattern.contains(where: isPatternCharacter) {
                for (name, directive) in DirectiveTable.names
                where !directive.flags.contains(.hidden) && !Self.laterNames.contains(name) {
                    let bytes = Array(name.utf8)
                    guard globMatches(pattern: pattern.span, string: bytes.span, ignoringCase: true),
                        found.insert(name).inserted
                    else { continue }
                    entries.append(Entry(name: name, value: directive.text(in: configuration)))
                }
            } else if let directive = DirectiveTable.directive(named: pattern.asciiLowercased),
                found.insert(pattern.asciiLowercased).inserted
            {
                let name = String(decoding: pattern, as: UTF8.self)
                entries.append(Entry(name: name, value: directive.text(in: configuration)))
            }
        }
        return entries
    }

    private static func isPatternCharacter(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[")
    }
}
