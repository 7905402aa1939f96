// What goes wrong on purpose: rules that meet commands, and what became of them.

/// A fault, and the commands that it meets.
package struct FaultRule: Sendable {
    package let effect: Interception
    /// Patterns of the command's first words, in the manner of KEYS; the name in either case. None: every command.
    package let words: [String]
    /// How many matching commands go through before the first is met.
    package let skipped: Int
    /// How many are met; nil: all.
    package let limit: Int?

    package init(_ effect: Interception, words: [String], skipped: Int = 0, limit: Int? = nil) {
        self.effect = effect
        self.words = words
        self.skipped = skipped
        self.limit = limit
    }

    func matches(_ command: [[UInt8]]) -> Bool {
        guard words.count <= command.count else { return false }
        for (index, pattern) in words.enumerated() {
            guard Self.glob(pattern, command[index], ignoringCase: index == 0) else { return false }
        }
        return true
    }

    /// Whether a word matches a pattern in the manner of KEYS.
    package static func glob(_ pattern: String, _ word: [UInt8], ignoringCase: Bool = false) -> Bool {
        let pattern = Array(pattern.utf8)
        return globMatches(pattern: pattern.span, string: word.span, ignoringCase: ignoringCase)
    }
}

/// What a rule has done so far.
package struct FaultRecord: Sendable {
    package let id: Int
    package let rule: FaultRule
    /// Matching commands that came.
    package fileprivate(set) var seen = 0
    /// Those that it met.
    package fileprivate(set) var fired = 0
    /// Whether it still stands.
    package fileprivate(set) var isActive = true

    /// Whether the next matching command is met.
    fileprivate var isDue: Bool { seen >= rule.skipped && fired < rule.limit ?? .max }
}

/// All rules, in the order in which they were made.
struct FaultPlan: Sendable {
    private(set) var records: [FaultRecord] = []
    private var lastID = 0

    mutating func add(_ rule: FaultRule) -> Int {
        lastID += 1
        records.append(FaultRecord(id: lastID, rule: rule))
        return lastID
    }

    /// False when there is no such rule any more.
    mutating func remove(_ id: Int) -> Bool {
        guard let index = records.firstIndex(where: { $0.id == id && $0.isActive }) else { return false }
        records[index].isActive = false
        return true
    }

    /// What was done is forgotten, too.
    mutating func reset() { records = [] }

    /// What becomes of a command: the first rule that is due meets it; the others have seen it.
    mutating func meet(_ command: [[UInt8]]) -> Interception {
        var effect = Interception.proceed
        for index in records.indices where records[index].isActive && records[index].rule.matches(command) {
            if effect == .proceed, records[index].isDue {
                records[index].fired += 1
                effect = records[index].rule.effect
            }
            records[index].seen += 1
        }
        return effect
    }
}
