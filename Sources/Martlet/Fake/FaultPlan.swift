// What goes wrong on purpose: rules that meet commands, and what became of them.

/// What a fault does.
package enum FaultEffect: Sendable, Equatable {
    /// Something happens to a command.
    case meet(Interception)
    /// A client that comes is not let in.
    case refuseConnection
    /// What is written to a file does not fit.
    case fullDisk
}

/// A fault, and what it meets.
package struct FaultRule: Sendable {
    package let effect: FaultEffect
    /// Patterns of the command's first words, in the manner of KEYS; the name in either case. None: every command.
    package let words: [String]
    /// How many matching commands, connections or writes go through before the first is met.
    package let skipped: Int
    /// How many are met; nil: all.
    package let limit: Int?

    package init(_ effect: FaultEffect, words: [String] = [], skipped: Int = 0, limit: Int? = nil) {
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
    /// Matching commands, connections or writes that came.
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

    /// What becomes of a command.
    mutating func meet(_ command: [[UInt8]]) -> Interception {
        let effect = fire { rule in
            if case .meet = rule.effect { rule.matches(command) } else { false }
        }
        guard case .meet(let interception) = effect else { return .proceed }
        return interception
    }

    /// Whether something else that happens is met by a fault of this kind.
    mutating func meets(_ effect: FaultEffect) -> Bool { fire { $0.effect == effect } != nil }

    /// The first rule that is due fires; all that match have seen it.
    private mutating func fire(_ matches: (FaultRule) -> Bool) -> FaultEffect? {
        var effect: FaultEffect?
        for index in records.indices where records[index].isActive && matches(records[index].rule) {
            if effect == nil, records[index].isDue {
                records[index].fired += 1
                effect = records[index].rule.effect
            }
            records[index].seen += 1
        }
        return effect
    }
}
