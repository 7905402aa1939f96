// The rows of directives that say which encodings values have.

extension DirectiveTable {
    static let valueEncodings = DirectiveSection(
        title: "VALUES",
        directives: [
            Directive(
                "hash-max-listpack-entries", aliases: ["hash-max-ziplist-entries"], at: \.hashMaxListpackEntries,
                .integer(0...Int.max),
                "Most fields of a hash in one packed block; with more it becomes a table."),
            Directive(
                "hash-max-listpack-value", aliases: ["hash-max-ziplist-value"], at: \.hashMaxListpackValue,
                .memory(0...Int.max),
                "Longest field or value, in bytes, of a hash in one packed block."),
            Directive(
                "set-max-intset-entries", at: \.setMaxIntsetEntries, .integer(0...Int.max),
                "Most members of a set of integers in one sorted block."),
            Directive(
                "set-max-listpack-entries", at: \.setMaxListpackEntries, .integer(0...Int.max),
                "Most members of a set in one packed block; with more it becomes a table."),
            Directive(
                "set-max-listpack-value", at: \.setMaxListpackValue, .memory(0...Int.max),
                "Longest member, in bytes, of a set in one packed block."),
        ])
}
