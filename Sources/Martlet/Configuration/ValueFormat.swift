// How a directive's value is written and read. A row names one of these formats; parsing, the texts of refusals,
// CONFIG GET and the sample file follow from it. Formats of one word are here, those of many in ListFormats.swift.

struct ValueFormat<Value: Sendable>: Sendable {
    /// Reads words. `current` is the value so far, for formats that change only a part of it; `isContinued` says that
    /// the same configuration file had the directive before.
    typealias Parse =
        @Sendable (_ words: [[UInt8]], _ current: Value, _ isContinued: Bool) throws(DirectiveError) -> Value

    let takesManyWords: Bool
    /// The values it takes, in words, for the sample file.
    let shape: String
    let parse: Parse
    let text: @Sendable (Value) -> [UInt8]

    /// A format of many words, or of a number of words that `parse` counts itself.
    init(words shape: String, parse: @escaping Parse, text: @escaping @Sendable (Value) -> String) {
        self.init(takesManyWords: true, shape: shape, parse: parse, text: { Array(text($0).utf8) })
    }

    /// A format of exactly one word.
    init(
        word shape: String, parse: @escaping @Sendable ([UInt8]) throws(DirectiveError) -> Value,
        text: @escaping @Sendable (Value) -> [UInt8]
    ) {
        self.init(
            takesManyWords: false, shape: shape,
            parse: { (words, _, _) throws(DirectiveError) in
                guard words.count == 1 else { throw .wrongWordCount }
                return try parse(words[0])
            }, text: text)
    }

    private init(
        takesManyWords: Bool, shape: String, parse: @escaping Parse, text: @escaping @Sendable (Value) -> [UInt8]
    ) {
        self.takesManyWords = takesManyWords
        self.shape = shape
        self.parse = parse
        self.text = text
    }

    /// The same format, refusing each value for which `problem` gives a reason.
    func checked(_ problem: @escaping @Sendable (Value) -> String?) -> ValueFormat {
        let parse = parse
        return ValueFormat(
            takesManyWords: takesManyWords, shape: shape,
            parse: { (words, current, isContinued) throws(DirectiveError) in
                let value = try parse(words, current, isContinued)
                if let reason = problem(value) { throw DirectiveError(reason: reason) }
                return value
            }, text: text)
    }
}

// MARK: - Yes or no

extension ValueFormat<Bool> {
    static var yesNo: ValueFormat {
        ValueFormat(
            word: "yes or no",
            parse: { (word) throws(DirectiveError) in
                switch word.asciiLowercased {
                case "yes": return true
                case "no": return false
                default: throw DirectiveError(reason: "argument must be 'yes' or 'no'")
                }
            }, text: { Array(($0 ? "yes" : "no").utf8) })
    }
}

// MARK: - Numbers

/// The bounds that C's types give many directives.
let int32Max = Int(Int32.max)

extension ValueFormat<Int> {
    /// A whole number. Values inside `bounds` but outside `range` are moved to its nearer end.
    static func integer(_ bounds: ClosedRange<Int>, movedInto range: ClosedRange<Int>? = nil) -> ValueFormat {
        ValueFormat(
            word: "a whole number, \((range ?? bounds).inWords)",
            parse: { (word) throws(DirectiveError) in
                guard let value = NumberText.integer(word) else {
                    throw DirectiveError(reason: "argument couldn't be parsed into an integer")
                }
                let bounded = try bounds.checking(value)
                guard let range else { return bounded }
                return Swift.min(Swift.max(bounded, range.lowerBound), range.upperBound)
            }, text: { Array(String($0).utf8) })
    }

    /// Permission bits.
    static func octal(_ bounds: ClosedRange<Int>) -> ValueFormat {
        ValueFormat(
            word: "an octal number up to \(String(bounds.upperBound, radix: 8))",
            parse: { (word) throws(DirectiveError) in
                guard let value = NumberText.lenient(word, radix: 8) else {
                    throw DirectiveError(reason: "argument couldn't be parsed as an octal number")
                }
                return try bounds.checking(value, radix: 8)
            }, text: { Array(String($0, radix: 8).utf8) })
    }
}

extension ValueFormat where Value: FixedWidthInteger {
    /// An amount of memory in bytes.
    static func memory(_ bounds: ClosedRange<Value>) -> ValueFormat {
        ValueFormat(
            word: "an amount of memory, \(bounds.inWords) bytes",
            parse: { (word) throws(DirectiveError) in
                guard let bytes = NumberText.memory(word) else {
                    throw DirectiveError(reason: "argument must be a memory value")
                }
                return try bounds.checking(Value(exactly: bytes))
            }, text: { Array(String($0).utf8) })
    }
}

/// An amount of memory, or a share of maxmemory.
package enum MemoryShare: Sendable {
    case bytes(Int)
    case percent(Int)

    /// Bytes of which `whole` is the whole; 0 for no limit.
    func bytes(of whole: UInt64) -> Int {
        switch self {
        case .bytes(let bytes): bytes
        // A percentage is at most 100: what is divided first stays below the whole.
        case .percent(let percent): Int(clamping: whole / 100 * UInt64(percent) + whole % 100 * UInt64(percent) / 100)
        }
    }
}

extension ValueFormat<MemoryShare> {
    static var memoryOrPercent: ValueFormat {
        ValueFormat(
            word: "an amount of memory, or a percentage up to 100% of maxmemory",
            parse: { (word) throws(DirectiveError) in
                if let bytes = NumberText.memory(word) {
                    return .bytes(try (-100...Int.max).checking(Int(exactly: bytes)))
                }
                guard word.last == UInt8(ascii: "%"), let percent = NumberText.integer(word.dropLast()), percent >= 0
                else { throw DirectiveError(reason: "argument must be a memory or percent value") }
                guard percent <= 100 else {
                    throw DirectiveError(reason: "percentage argument must be less or equal to 100")
                }
                return percent == 0 ? .bytes(0) : .percent(percent)
            },
            text: {
                switch $0 {
                case .bytes(let bytes): Array(String(bytes).utf8)
                case .percent(let percent): Array("\(percent)%".utf8)
                }
            })
    }
}

extension ClosedRange where Bound: FixedWidthInteger {
    /// The value, when there is one and it lies inside.
    fileprivate func checking(_ value: Bound?, radix: Int = 10) throws(DirectiveError) -> Bound {
        if let value, contains(value) { return value }
        let lower = String(lowerBound, radix: radix)
        let upper = String(upperBound, radix: radix)
        throw DirectiveError(reason: "argument must be between \(lower) and \(upper) inclusive")
    }

    fileprivate var inWords: String {
        switch (lowerBound == Bound.min, upperBound == Bound.max || upperBound == Bound(clamping: Int.max)) {
        case (_, true): "\(lowerBound) or more"
        case (true, false): "\(upperBound) or less"
        case (false, false): "\(lowerBound) to \(upperBound)"
        }
    }
}

// MARK: - One of several names

extension ValueFormat where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    static var choice: ValueFormat {
        ValueFormat(
            word: "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "),
            parse: { (word) throws(DirectiveError) in
                guard let value = Value(rawValue: word.asciiLowercased) else {
                    throw .notOneOf(Value.allCases.map(\.rawValue))
                }
                return value
            }, text: { Array($0.rawValue.utf8) })
    }
}

extension ValueFormat<String> {
    /// One of several names, kept as text. A name may be another spelling of one of the others.
    static func choice(_ names: [String], spellings: [String: String] = [:]) -> ValueFormat {
        ValueFormat(
            word: "one of " + names.joined(separator: ", "),
            parse: { (word) throws(DirectiveError) in
                let name = word.asciiLowercased
                guard names.contains(name) else { throw .notOneOf(names) }
                return spellings[name] ?? name
            }, text: { Array($0.utf8) })
    }
}

extension DirectiveError {
    static func notOneOf(_ names: [String]) -> DirectiveError {
        DirectiveError(reason: "argument(s) must be one of the following: " + names.joined(separator: ", "))
    }
}

// MARK: - Text

extension ValueFormat<String> {
    static var string: ValueFormat {
        ValueFormat(word: "text", parse: text(of:), text: { Array($0.utf8) })
    }

    /// Text as a Swift string. Bytes that are none, and zero bytes, would change on the way to a path: refused.
    static func text(of word: [UInt8]) throws(DirectiveError) -> String {
        guard !word.contains(0), let text = String(validating: word, as: UTF8.self) else {
            throw DirectiveError(reason: "argument must be UTF-8 text without zero bytes")
        }
        return text
    }

    /// The name of a file in `dir`. `name` and `kind` are the words of the refusal.
    static func fileName(_ name: String, kind: String = "filename", mayBeEmpty: Bool = false) -> ValueFormat {
        string.checked { value in
            if value.isEmpty { return mayBeEmpty ? nil : "\(name) can't be empty" }
            let isPath = value.utf8.contains { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }
            return isPath ? "\(name) can't be a path, just a \(kind)" : nil
        }
    }
}

extension ValueFormat<[UInt8]> {
    /// Any bytes.
    static var bytes: ValueFormat {
        ValueFormat(word: "text", parse: { $0 }, text: { $0 })
    }
}
