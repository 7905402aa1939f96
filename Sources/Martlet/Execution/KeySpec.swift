// Where a command's keys stand among its words and what it does to them. Source: Redis's "Command key specifications".

struct KeySpec: Sendable {
    /// Where to begin looking.
    enum Begin: Sendable {
        case index(Int)
        case keyword(String, startFrom: Int)
    }

    /// How to go on from there.
    enum Find: Sendable {
        /// Up to `last` words behind the first (negative: counted from the end), every `step`-th; `limit` 2 means the
        /// first half of what is left, and so on.
        case range(last: Int, step: Int, limit: Int)
        /// A word that counts the keys.
        case keyNumber(index: Int, first: Int, step: Int)
    }

    let flags: Flags
    let begin: Begin
    let find: Find
    let notes: String?

    init(_ flags: Flags, begin: Begin, find: Find, notes: String? = nil) {
        self.flags = flags
        self.begin = begin
        self.find = find
        self.notes = notes
    }

    /// One key at a fixed place.
    static func key(_ index: Int = 1, _ flags: Flags, notes: String? = nil) -> KeySpec {
        KeySpec(flags, begin: .index(index), find: .range(last: 0, step: 1, limit: 0), notes: notes)
    }

    /// Keys from a fixed place to the end.
    static func keys(from index: Int = 1, step: Int = 1, _ flags: Flags, notes: String? = nil) -> KeySpec {
        KeySpec(flags, begin: .index(index), find: .range(last: -1, step: step, limit: 0), notes: notes)
    }

    /// In the order that COMMAND INFO lists them.
    struct Flags: OptionSet, Sendable {
        let rawValue: Int

        static let readOnly = Flags(rawValue: 1 << 0)
        static let readWrite = Flags(rawValue: 1 << 1)
        static let overwrite = Flags(rawValue: 1 << 2)
        static let remove = Flags(rawValue: 1 << 3)
        static let access = Flags(rawValue: 1 << 4)
        static let update = Flags(rawValue: 1 << 5)
        static let insert = Flags(rawValue: 1 << 6)
        static let delete = Flags(rawValue: 1 << 7)
        static let notKey = Flags(rawValue: 1 << 8)
        static let incomplete = Flags(rawValue: 1 << 9)
        static let varying = Flags(rawValue: 1 << 10)

        static let names = [
            "RO", "RW", "OW", "RM", "access", "update", "insert", "delete", "not_key", "incomplete", "variable_flags",
        ]
    }

    /// Positions of the keys among `count` words; nil when the words do not fit the specification.
    func positions(count: Int, word: (Int) -> String) -> [Int]? {
        guard let first = firstPosition(count: count, word: word) else {
            // A keyword that is not there means that there are no keys.
            if case .keyword = begin { return [] }
            return nil
        }
        switch find {
        case .range(let last, let step, let limit):
            let end: Int
            if last >= 0 {
                end = first + last
            } else if limit <= 1 {
                end = count + last
            } else {
                end = first + (count - first) / limit + last
            }
            guard end < count, end >= first else { return nil }
            return Array(stride(from: first, through: end, by: step))
        case .keyNumber(let index, let firstKey, let step):
            guard first + index < count, let number = Int(word(first + index)), number >= 0 else { return nil }
            let start = first + firstKey
            let (span, overflow) = (number - 1).multipliedReportingOverflow(by: step)
            guard !overflow, number == 0 || (span <= count && start + span < count) else { return nil }
            return number == 0 ? [] : Array(stride(from: start, through: start + span, by: step))
        }
    }

    private func firstPosition(count: Int, word: (Int) -> String) -> Int? {
        switch begin {
        case .index(let index): return index < count ? index : nil
        case .keyword(let keyword, let startFrom):
            let backwards = startFrom < 0
            let start = backwards ? count + startFrom : startFrom
            guard start > 0, start < count else { return nil }
            let places = backwards ? Array(stride(from: start, through: 1, by: -1)) : Array(start..<count)
            return places.first { word($0).uppercased() == keyword.uppercased() }.flatMap {
                $0 + 1 < count ? $0 + 1 : nil
            }
        }
    }
}

extension KeySpec {
    /// Whether words have to be read to find the keys, not just counted.
    fileprivate var readsWords: Bool {
        if case .index = begin, case .range = find { false } else { true }
    }
}

extension CommandSpec {
    /// Where the keys stand in a request that fits the command; empty when the words do not fit.
    func keyPositions(in request: borrowing Arguments) -> [Int] {
        var words: [String] = []
        if keys.contains(where: \.readsWords) {
            for index in 0..<request.count { words.append(request.text(index)) }
        }
        var positions: [Int] = []
        for key in keys where !key.flags.contains(.notKey) {
            guard let found = key.positions(count: request.count, word: { words[$0] }) else { return [] }
            positions += found
        }
        return positions
    }

    /// The first key of a request for which `isWanted`, asked with its place and what is done to it.
    func firstKey(of request: borrowing Arguments, where isWanted: (Int, KeySpec.Flags) -> Bool) -> Int? {
        if keys.count == 1, case .index(let index) = keys[0].begin, case .range(last: 0, _, _) = keys[0].find {
            // Most commands.
            guard index < request.count, !keys[0].flags.contains(.notKey) else { return nil }
            return isWanted(index, keyFlags?(request) ?? keys[0].flags) ? index : nil
        }
        var words: [String] = []
        if keys.contains(where: \.readsWords) {
            for index in 0..<request.count { words.append(request.text(index)) }
        }
        for key in keys where !key.flags.contains(.notKey) {
            for index in key.positions(count: request.count, word: { words[$0] }) ?? []
            where isWanted(index, keyFlags?(request) ?? key.flags) {
                return index
            }
        }
        return nil
    }

    /// The old first/last/step form of the key positions, as COMMAND INFO still gives it, and whether keys may stand
    /// anywhere else, too. Among several specifications only ranges of neighbours that follow each other count.
    var legacyRange: (first: Int, last: Int, step: Int, missesKeys: Bool) {
        if keys.count == 1, let only = keys[0].plainRange {
            return (only.first, only.last, only.step, keys[0].flags.contains(.incomplete))
        }
        var (first, last) = (0, 0)
        var missesKeys = false
        for key in keys {
            guard let range = key.plainRange, range.step == 1, last == 0 || last == range.first - 1 else {
                missesKeys = true
                continue
            }
            if key.flags.contains(.incomplete) { missesKeys = true }
            if first == 0 { first = range.first }
            last = range.last
        }
        return (first, last, first == 0 ? 0 : 1, missesKeys)
    }
}

extension KeySpec {
    /// First, last and step of keys that stand at fixed places; a negative last is counted from the end.
    fileprivate var plainRange: (first: Int, last: Int, step: Int)? {
        guard case .index(let first) = begin, case .range(let last, let step, _) = find else { return nil }
        return (first, last >= 0 ? first + last : last, step)
    }
}
