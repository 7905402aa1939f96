// The command table at work: the specs flattened into commands that are found by name, and what they have counted.

/// A command's place in the table.
struct CommandID: Equatable, Sendable {
    let index: Int
}

/// A command or subcommand in service.
struct Command: ~Copyable {
    let spec: CommandSpec
    /// `get`, or `config|get` for a subcommand.
    let fullName: String
    let parent: CommandID?
    /// Places of the subcommands; they follow each other in the table.
    let subcommands: Range<Int>
    let arity: Int
    let flags: CommandFlags
    /// The word that is the first key, or 0.
    let firstKey: Int
    let handler: CommandHandler?
    let foldedName: [UInt8]
    /// Executed at once also between MULTI and EXEC.
    let runsInsideMulti: Bool
    /// EXEC, which must not be refused in silence.
    let endsTransaction: Bool
    /// Allowed to RESP2 clients that have subscribed.
    let isAllowedToSubscribers: Bool
    var calls = 0
    var rejectedCalls = 0
    var failedCalls = 0
    /// When nobody wants to know every duration, every sixteenth call of what is always fast is timed.
    var timedCalls = 0
    var timedNanoseconds: Int64 = 0
    /// Nil before the first call, and while nobody wants it.
    var latencies: LatencyHistogram?

    /// Whether the call that is about to be counted is to be timed.
    var isNextTimed: Bool { calls & 15 == 0 }

    mutating func took(nanoseconds: Int64, tracks: Bool) {
        timedCalls += 1
        timedNanoseconds += max(0, nanoseconds)
        if tracks {
            if latencies == nil { latencies = LatencyHistogram() }
            latencies?.record(nanoseconds: nanoseconds)
        }
    }

    /// The mean of the timed calls.
    var microsecondsPerCall: Double {
        timedCalls == 0 ? 0 : Double(timedNanoseconds) / 1000 / Double(timedCalls)
    }

    mutating func resetStatistics() {
        calls = 0
        rejectedCalls = 0
        failedCalls = 0
        timedCalls = 0
        timedNanoseconds = 0
        latencies = nil
    }

    func accepts(wordCount: Int) -> Bool { arity >= 0 ? wordCount == arity : wordCount >= -arity }
}

/// All commands by name.
struct CommandIndex: ~Copyable {
    private let commands: FixedArray<Command>
    /// Open addressing by a hash of the folded name; -1 is free.
    private let slots: GrowableArray<Int32>
    private let mask: Int
    /// Top-level commands come first.
    let topLevelCount: Int
    /// Full names of commands that were taken away by renaming them to nothing.
    let removedNames: Set<String>

    /// `renamed` maps lower-case names to new ones; an empty new name removes the command.
    init(_ families: [[CommandSpec]], renamed: [String: String] = [:]) {
        let specs = families.flatMap { $0 }.compactMap { spec -> (CommandSpec, String)? in
            let name = renamed[spec.name] ?? spec.name
            return name.isEmpty ? nil : (spec, name.lowercased())
        }
        topLevelCount = specs.count
        removedNames = Set(
            families.joined().filter { renamed[$0.name]?.isEmpty ?? false }.flatMap { spec in
                [spec.name] + spec.subcommands.map { "\(spec.name)|\($0.name)" }
            })
        var entries: [Entry] = []
        var nextSubcommand = specs.count
        for (spec, name) in specs {
            let range = nextSubcommand..<(nextSubcommand + spec.subcommands.count)
            // Errors and COMMAND go on to call a renamed command by its own name.
            entries.append(Entry(spec: spec, name: name, fullName: spec.name, parent: nil, subcommands: range))
            nextSubcommand = range.upperBound
        }
        for (index, (spec, _)) in specs.enumerated() {
            for child in spec.subcommands {
                entries.append(
                    Entry(
                        spec: child, name: child.name, fullName: "\(spec.name)|\(child.name)",
                        parent: CommandID(index: index), subcommands: 0..<0))
            }
        }
        commands = FixedArray(count: entries.count) { entries[$0].command }
        var size = 64
        while size < specs.count * 4 { size *= 2 }
        mask = size - 1
        var table = GrowableArray<Int32>(capacity: size)
        for _ in 0..<size { table.append(-1) }
        for index in 0..<specs.count {
            var slot = Self.hash(entries[index].name.utf8.span) & mask
            while table[slot] >= 0 { slot = (slot + 1) & mask }
            table[slot] = Int32(index)
        }
        slots = table
    }

    private struct Entry {
        private static let atOnce: Set = ["multi", "exec", "discard", "watch", "quit", "reset"]
        private static let forSubscribers: Set = [
            "subscribe", "ssubscribe", "psubscribe", "unsubscribe", "sunsubscribe", "punsubscribe", "ping", "quit",
            "reset",
        ]

        let spec: CommandSpec
        let name: String
        let fullName: String
        let parent: CommandID?
        let subcommands: Range<Int>

        var command: Command {
            Command(
                spec: spec, fullName: fullName, parent: parent, subcommands: subcommands, arity: spec.arity,
                flags: spec.flags, firstKey: spec.legacyRange.first, handler: spec.handler,
                foldedName: Array(name.utf8), runsInsideMulti: Self.atOnce.contains(fullName),
                endsTransaction: fullName == "exec",
                isAllowedToSubscribers: Self.forSubscribers.contains(fullName))
        }
    }

    var count: Int { commands.count }

    subscript(id: CommandID) -> Command {
        _read { yield commands[id.index] }
        nonmutating _modify { yield &commands[id.index] }
    }

    /// The top-level command with this name, in any case.
    func find(_ name: ByteSpan) -> CommandID? {
        var slot = Self.hash(name) & mask
        while true {
            let index = Int(slots[slot])
            if index < 0 { return nil }
            if Self.matches(name, commands[index].foldedName) { return CommandID(index: index) }
            slot = (slot + 1) & mask
        }
    }

    func find(_ name: ByteSpan, under parent: CommandID) -> CommandID? {
        for index in commands[parent.index].subcommands where Self.matches(name, commands[index].foldedName) {
            return CommandID(index: index)
        }
        return nil
    }

    /// By the full name, which renaming does not change, in lower case.
    func find(fullName: String) -> CommandID? {
        for index in 0..<commands.count where commands[index].fullName == fullName { return CommandID(index: index) }
        return nil
    }

    func isIn(_ category: ACLCategories, _ id: CommandID) -> Bool {
        // What only groups others is in no category by itself.
        self[id].handler != nil && !self[id].spec.allCategories.isDisjoint(with: category)
    }

    private static func hash(_ name: ByteSpan) -> Int {
        var hash: UInt32 = 2_166_136_261
        for index in name.indices {
            // Mixing wraps by design (FNV-1a).
            hash = (hash ^ UInt32(name[index] | 0x20)) &* 16_777_619
        }
        return Int(hash ^ hash >> 15)
    }

    private static func matches(_ name: ByteSpan, _ folded: [UInt8]) -> Bool {
        guard name.count == folded.count else { return false }
        for index in name.indices where asciiLowercased(name[index]) != folded[index] { return false }
        return true
    }

    private static func asciiLowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
