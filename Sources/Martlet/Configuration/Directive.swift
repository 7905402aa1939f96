// One row of the directive table. A row is declared either `at:` the property that the server reads, or `waiting:`
// with its default when the feature behind it is not here yet; the latter is parsed, bounded and shown all the same.
// Giving a waiting directive its effect is: a property in Configuration, and `at:` in its row.

/// A directive: its names, how its value is written, where it lives, and what it means.
struct Directive: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: Int
        /// Cannot change while the server runs.
        static let immutable = Flags(rawValue: 1)
        /// CONFIG GET shows it by its exact name only.
        static let hidden = Flags(rawValue: 2)
        /// CONFIG SET only as far as enable-protected-configs allows.
        static let protected = Flags(rawValue: 4)
        /// The value is a secret and must not be recorded.
        static let sensitive = Flags(rawValue: 8)
    }

    let name: String
    let aliases: [String]
    let flags: Flags
    let hasEffect: Bool
    let takesManyWords: Bool
    /// The values it takes, in words.
    let shape: String
    let documentation: String

    private let assign: @Sendable ([[UInt8]], Bool, inout Configuration) throws(DirectiveError) -> Void
    private let show: @Sendable (Configuration) -> [UInt8]

    /// A directive that the server reads from a property.
    init<Value>(
        _ name: String, aliases: [String] = [], at path: WritableKeyPath<Configuration, Value> & Sendable,
        _ format: ValueFormat<Value>, flags: Flags = [], _ documentation: String
    ) {
        self.init(
            name, aliases, format, flags, documentation, hasEffect: true,
            get: { $0[keyPath: path] }, set: { $0[keyPath: path] = $1 })
    }

    /// A directive without effect yet.
    init<Value>(
        _ name: String, aliases: [String] = [], waiting initial: Value,
        _ format: ValueFormat<Value>, flags: Flags = [], _ documentation: String
    ) {
        self.init(
            name, aliases, format, flags, documentation, hasEffect: false,
            get: { $0.waiting[name, default: initial] }, set: { $0.waiting[name, default: initial] = $1 })
    }

    private init<Value>(
        _ name: String, _ aliases: [String], _ format: ValueFormat<Value>, _ flags: Flags, _ documentation: String,
        hasEffect: Bool, get: @escaping @Sendable (Configuration) -> Value,
        set: @escaping @Sendable (inout Configuration, Value) -> Void
    ) {
        self.name = name
        self.aliases = aliases
        self.flags = flags
        self.hasEffect = hasEffect
        self.takesManyWords = format.takesManyWords
        self.shape = format.shape
        self.documentation = documentation
        self.assign = { (words, isContinued, configuration) throws(DirectiveError) in
            set(&configuration, try format.parse(words, get(configuration), isContinued))
        }
        self.show = { format.text(get($0)) }
    }

    /// The value as CONFIG GET shows it.
    func text(in configuration: Configuration) -> [UInt8] {
        show(configuration)
    }

    /// Takes the words behind the name in a configuration line. A single word that holds blanks stands for the words
    /// in it where the directive takes many. `isContinued` says that an earlier line had this directive, too.
    func load(
        _ words: [[UInt8]], isContinued: Bool, into configuration: inout Configuration
    ) throws(DirectiveError) {
        var words = words
        if takesManyWords, words.count == 1, let word = words.first, !word.isEmpty {
            guard let split = splitQuotedWords(word.span) else { throw .unbalancedQuotes }
            words = split
        }
        try assign(words, isContinued, &configuration)
    }

    /// Takes the value of CONFIG SET. Where the directive takes many words, each single space parts two of them.
    func set(_ value: [UInt8], in configuration: inout Configuration) throws(DirectiveError) {
        guard takesManyWords else { return try assign([value], false, &configuration) }
        let words = value.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false).map(Array.init)
        try assign(value.isEmpty ? [] : words, false, &configuration)
    }
}

/// Why a value was refused, in Redis's words.
struct DirectiveError: Error, Equatable {
    let reason: String

    static let wrongWordCount = DirectiveError(reason: "wrong number of arguments")
    static let unbalancedQuotes = DirectiveError(reason: "Unbalanced quotes in configuration line")
}
