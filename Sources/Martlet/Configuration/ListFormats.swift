// Formats of directives whose value is several words, or one word with a grammar of its own.

extension ValueFormat<[String]> {
    /// Addresses to listen on. One empty word means none.
    static var addresses: ValueFormat {
        ValueFormat(
            words: "up to 16 addresses",
            parse: { (words, _, _) throws(DirectiveError) in
                guard words.count <= 16 else { throw DirectiveError(reason: "Too many bind addresses specified.") }
                if words == [[]] { return [] }
                var addresses: [String] = []
                for word in words { addresses.append(try ValueFormat<String>.text(of: word)) }
                return addresses
            }, text: { $0.joined(separator: " ") })
    }

    /// What a stop by signal does: `default`, or any of the other names together.
    static var shutdownFlags: ValueFormat {
        let names = ["save", "nosave", "now", "force"]
        let choices = ["default"] + names
        return ValueFormat(
            words: "default, or any of \(names.joined(separator: ", "))",
            parse: { (words, _, _) throws(DirectiveError) in
                let given = words.map(\.asciiLowercased)
                guard !given.isEmpty, given.allSatisfy(choices.contains) else { throw .notOneOf(choices) }
                return names.filter(given.contains)
            }, text: { $0.isEmpty ? "default" : $0.joined(separator: " ") }
        ).checked { flags in
            let isContrary = flags.contains("save") && flags.contains("nosave")
            return isContrary ? "shutdown options SAVE and NOSAVE can't be used simultaneously" : nil
        }
    }
}

// MARK: - save

/// A snapshot is due when so many changes are this old.
package struct SavePoint: Sendable {
    let seconds: Int
    let changes: Int

    static let defaults = [
        SavePoint(seconds: 3600, changes: 1), SavePoint(seconds: 300, changes: 100),
        SavePoint(seconds: 60, changes: 10000),
    ]
}

extension ValueFormat<[SavePoint]> {
    /// Pairs of seconds and changes. In a file the first line replaces the defaults and later ones add to it;
    /// one empty word always clears.
    static var savePoints: ValueFormat {
        ValueFormat(
            words: "pairs of seconds (1 or more) and changes (0 or more), or empty for none",
            parse: { (words, current, isContinued) throws(DirectiveError) in
                if words == [[]] { return [] }
                let invalid = DirectiveError(reason: "Invalid save parameters")
                guard words.count.isMultiple(of: 2) else { throw invalid }
                var points = isContinued ? current : []
                for index in stride(from: 0, to: words.count, by: 2) {
                    guard let seconds = NumberText.lenient(words[index]), seconds >= 1,
                        let changes = NumberText.lenient(words[index + 1]), changes >= 0
                    else { throw invalid }
                    points.append(SavePoint(seconds: seconds, changes: changes))
                }
                return points
            }, text: { $0.map { "\($0.seconds) \($0.changes)" }.joined(separator: " ") })
    }
}

// MARK: - client-output-buffer-limit

extension ValueFormat<OutputBufferLimits> {
    /// Groups of class, hard limit, soft limit, seconds. Classes that are not named keep their limits.
    static var outputBufferLimits: ValueFormat {
        let classes: [(String, WritableKeyPath<OutputBufferLimits, OutputBufferLimit> & Sendable)] = [
            ("normal", \.normal), ("slave", \.replica), ("replica", \.replica), ("pubsub", \.pubsub),
        ]
        return ValueFormat(
            words: "groups of class (normal, replica, pubsub), hard limit, soft limit, soft seconds",
            parse: { (words, current, _) throws(DirectiveError) in
                guard words.count.isMultiple(of: 4) else {
                    throw DirectiveError(reason: "Wrong number of arguments in buffer limit configuration.")
                }
                var limits = current
                for index in stride(from: 0, to: words.count, by: 4) {
                    let name = words[index].asciiLowercased
                    guard let path = classes.first(where: { $0.0 == name })?.1 else {
                        throw DirectiveError(reason: "Invalid client class specified in buffer limit configuration.")
                    }
                    guard let hard = NumberText.memory(words[index + 1]),
                        let soft = NumberText.memory(words[index + 2]),
                        let seconds = NumberText.lenient(words[index + 3]), seconds >= 0
                    else {
                        throw DirectiveError(
                            reason: "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
                    }
                    limits[keyPath: path] = OutputBufferLimit(
                        hardBytes: Int(clamping: hard), softBytes: Int(clamping: soft), softSeconds: seconds)
                }
                return limits
            },
            text: { limits in
                [("normal", limits.normal), ("slave", limits.replica), ("pubsub", limits.pubsub)]
                    .map { "\($0.0) \($0.1.hardBytes) \($0.1.softBytes) \($0.1.softSeconds)" }.joined(separator: " ")
            })
    }
}

// MARK: - oom-score-adj-values

extension ValueFormat<[Int]> {
    /// One value each for a primary, a replica and a background child.
    static var oomScores: ValueFormat {
        ValueFormat(
            words: "three numbers, -2000 to 2000",
            parse: { (words, _, _) throws(DirectiveError) in
                guard words.count == 3 else { throw .wrongWordCount }
                let values = words.compactMap { NumberText.lenient($0) }.filter { (-2000...2000).contains($0) }
                guard values.count == 3 else {
                    throw DirectiveError(
                        reason: "Invalid oom-score-adj-values, elements must be between -2000 and 2000.")
                }
                return values
            }, text: { $0.map { String($0) }.joined(separator: " ") })
    }
}

// MARK: - latency-tracking-info-percentiles

extension ValueFormat<[Double]> {
    static var percentiles: ValueFormat {
        ValueFormat(
            words: "numbers from 0 to 100, or empty for none",
            parse: { (words, _, _) throws(DirectiveError) in
                if words == [[]] { return [] }
                var values: [Double] = []
                for word in words {
                    guard let value = Double(String(decoding: word, as: UTF8.self)), !value.isNaN else {
                        throw DirectiveError(reason: "Invalid latency-tracking-info-percentiles parameters")
                    }
                    guard (0...100).contains(value) else {
                        throw DirectiveError(
                            reason: "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
                    }
                    values.append(value)
                }
                return values
            }, text: { $0.map(sixDecimals).joined(separator: " ") })
    }

    /// Up to six decimals, without zeros at the end. The value lies between 0 and 100.
    private static func sixDecimals(_ value: Double) -> String {
        let millionths = Int((value * 1_000_000).rounded())
        var digits = String(millionths % 1_000_000 + 1_000_000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(millionths / 1_000_000)" + (digits.isEmpty ? "" : ".\(digits)")
    }
}

// MARK: - replicaof

/// The server to copy from.
struct ReplicationSource: Sendable {
    let host: String
    let port: Int
}

extension ValueFormat<ReplicationSource?> {
    static var replicationSource: ValueFormat {
        ValueFormat(
            words: "host and port, or: no one",
            parse: { (words, _, _) throws(DirectiveError) in
                guard words.count == 2 else { throw .wrongWordCount }
                if words.map(\.asciiLowercased) == ["no", "one"] { return nil }
                guard let port = NumberText.lenient(words[1]), (0...65535).contains(port) else {
                    throw DirectiveError(reason: "Invalid master port")
                }
                return ReplicationSource(host: try ValueFormat<String>.text(of: words[0]), port: port)
            }, text: { source in source.map { "\($0.host) \($0.port)" } ?? "" })
    }
}

// MARK: - Words with a grammar

extension ValueFormat<String> {
    /// Classes of keyspace events, brought into one order; `A` stands for every class but `m` and `n`.
    static var eventClasses: ValueFormat {
        let all = "g$lshzxetd"
        return ValueFormat(
            word: "any of the letters \(all) and n, or A for all of them but n; K and E; m",
            parse: { (word) throws(DirectiveError) in
                let given = String(decoding: word, as: UTF8.self)
                guard given.allSatisfy((all + "AnKEm").contains) else {
                    throw DirectiveError(reason: "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")
                }
                let classes = given.contains("A") ? all : all.filter(given.contains)
                return (classes == all ? "A" : classes) + "nKEm".filter(given.contains)
            }, text: { Array($0.utf8) })
    }

    /// A process title with variables in braces; `{{` is a brace. What is left without blanks, and without the
    /// variables that can be empty, must be something.
    static var titleTemplate: ValueFormat {
        let variables = [
            "title": false, "server-mode": false, "unixsocket": false,
            "listen-addr": true, "port": true, "tls-port": true, "config-file": true,
        ]
        return string.checked { template in
            let problem = "template format is invalid or contains unknown variables"
            var isSomething = false
            var rest = template[...]
            while let character = rest.popFirst() {
                if character != "{" || rest.first == "{" {
                    if character == "{" { rest.removeFirst() }
                    isSomething = isSomething || character != " "
                } else {
                    guard let end = rest.firstIndex(of: "}"), let isNeverEmpty = variables[String(rest[..<end])] else {
                        return problem
                    }
                    isSomething = isSomething || isNeverEmpty
                    rest = rest[end...].dropFirst()
                }
            }
            return isSomething ? nil : problem
        }
    }
}
