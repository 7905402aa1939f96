// What a user, or one of its selectors, may do: which commands, on which keys and channels. Source: Redis's page "ACL".

struct Permissions: Equatable, Sendable {
    /// Whether it began with `+@all`: commands that are not there yet are allowed, too.
    private var allowsFutureCommands = false
    /// Whether nothing has been taken away since.
    private(set) var allowsAllCommands = false
    private var commands: CommandSet
    /// First words behind a command's name, in lower case, that are allowed where the command is not.
    private var firstArguments: [Int: Set<String>] = [:]
    /// The rules about commands since the last one that was about all, in lower case.
    private var commandRules: [String] = []
    private(set) var allowsAllKeys = false
    private(set) var keys: [KeyPattern] = []
    private(set) var allowsAllChannels: Bool
    private(set) var channels: [[UInt8]] = []

    /// Nothing is allowed, but for what `acl-pubsub-default` says of channels.
    init(commandCount: Int, allowsAllChannels: Bool) {
        commands = CommandSet(count: commandCount)
        self.allowsAllChannels = allowsAllChannels
    }

    var allowsEverything: Bool { allowsAllCommands && allowsAllKeys && allowsAllChannels }

    // MARK: Rules

    /// Applies one rule that is not about the user itself.
    mutating func apply(_ rule: [UInt8], in table: borrowing CommandIndex) throws(AccessRuleError) {
        switch rule.asciiLowercased {
        case "allkeys", "~*": (allowsAllKeys, keys) = (true, [])
        case "resetkeys": (allowsAllKeys, keys) = (false, [])
        case "allchannels", "&*": (allowsAllChannels, channels) = (true, [])
        case "resetchannels": (allowsAllChannels, channels) = (false, [])
        case "allcommands", "+@all": setAllCommands(true)
        case "nocommands", "-@all": setAllCommands(false)
        default:
            switch rule.first {
            case UInt8(ascii: "~"), UInt8(ascii: "%"): try add(KeyPattern(rule: rule))
            case UInt8(ascii: "&"): try addChannel(Array(rule.dropFirst()))
            case UInt8(ascii: "+"): try change(Array(rule.dropFirst()), allows: true, in: table)
            case UInt8(ascii: "-"): try change(Array(rule.dropFirst()), allows: false, in: table)
            default: throw .syntax
            }
        }
    }

    private mutating func add(_ pattern: KeyPattern) throws(AccessRuleError) {
        guard !allowsAllKeys else { throw .patternBehindAllKeys }
        let index = keys.firstIndex { $0.pattern == pattern.pattern } ?? keys.count
        if index == keys.count { keys.append(pattern) } else { keys[index].access.formUnion(pattern.access) }
        // However it was put together.
        if keys[index].isEverything { (allowsAllKeys, keys) = (true, []) }
    }

    private mutating func addChannel(_ pattern: [UInt8]) throws(AccessRuleError) {
        guard !allowsAllChannels else { throw .patternBehindAllChannels }
        guard !pattern.containsBlanks else { throw .syntax }
        if !channels.contains(pattern) { channels.append(pattern) }
    }

    private mutating func setAllCommands(_ areAllowed: Bool) {
        (allowsFutureCommands, allowsAllCommands) = (areAllowed, areAllowed)
        commands.setAll(areAllowed)
        firstArguments = [:]
        commandRules = []
    }

    /// `name`, `name|subcommand`, `name|first-argument` or `@category`.
    private mutating func change(
        _ name: [UInt8], allows: Bool, in table: borrowing CommandIndex
    ) throws(AccessRuleError) {
        let text = name.asciiLowercased
        if name.first == UInt8(ascii: "@") {
            guard let category = ACLCategories(name: String(text.dropFirst())) else { throw .unknownName }
            for index in 0..<table.count where table.isIn(category, CommandID(index: index)) {
                set(CommandID(index: index), allows, in: table)
            }
        } else if let id = table.find(fullName: text) {
            set(id, allows, in: table)
        } else if WaitingCommands.contains(text) || table.removedNames.contains(text) {
            if !allows { allowsAllCommands = false }
        } else if allows, let bar = name.lastIndex(of: UInt8(ascii: "|")) {
            try allowFirstArgument(name[(bar + 1)...].asciiLowercased, of: name[..<bar].asciiLowercased, in: table)
        } else {
            throw .unknownName
        }
        note(text, allows: allows)
    }

    private mutating func allowFirstArgument(
        _ word: String, of command: String, in table: borrowing CommandIndex
    ) throws(AccessRuleError) {
        guard let id = table.find(fullName: command) else {
            guard WaitingCommands.contains(command) else { throw .unknownName }
            return
        }
        guard table[id].parent == nil else { throw .firstArgumentOfSubcommand }
        guard table[id].subcommands.isEmpty else { throw .unknownName }
        guard !word.isEmpty, !word.utf8.containsBlanks else { throw .syntax }
        firstArguments[id.index, default: []].insert(word)
    }

    /// A command with all its subcommands.
    private mutating func set(_ id: CommandID, _ isAllowed: Bool, in table: borrowing CommandIndex) {
        commands.set(id, isAllowed)
        firstArguments[id.index] = nil
        for index in table[id].subcommands { commands.set(CommandID(index: index), isAllowed) }
        if !isAllowed { allowsAllCommands = false }
    }

    /// A rule takes the place of earlier ones about the same name or its subcommands.
    private mutating func note(_ name: String, allows: Bool) {
        commandRules.removeAll { $0.dropFirst() == name || $0.dropFirst().hasPrefix(name + "|") }
        commandRules.append((allows ? "+" : "-") + name)
    }

    // MARK: As rules

    private var allCommandRules: [String] { [allowsFutureCommands ? "+@all" : "-@all"] + commandRules }

    var commandsText: String { allCommandRules.joined(separator: " ") }

    var keyRules: [[UInt8]] { allowsAllKeys ? [Array("~*".utf8)] : keys.map(\.rule) }

    var channelRules: [[UInt8]] {
        allowsAllChannels ? [Array("&*".utf8)] : channels.map { [UInt8(ascii: "&")] + $0 }
    }

    /// All rules that make these permissions, in the order that ACL LIST has them.
    var rules: [[UInt8]] {
        keyRules + (allowsAllChannels ? [] : [Array("resetchannels".utf8)]) + channelRules
            + allCommandRules.map { Array($0.utf8) }
    }
}

// MARK: - Requests

/// What a request lacks.
enum AccessDenial: Equatable {
    case command
    /// The word that is the key, or the channel.
    case key(Int)
    case channel(Int)

    /// Of several selectors' reasons, the one that came furthest is told.
    fileprivate var rank: (Int, Int) {
        switch self {
        case .command: (0, 0)
        case .key(let index): (1, index)
        case .channel(let index): (2, index)
        }
    }

    func isFurther(than other: AccessDenial) -> Bool { rank > other.rank }
}

extension Permissions {
    /// Nil: the request is allowed.
    func denial(
        of id: CommandID, _ request: borrowing Arguments, in table: borrowing CommandIndex
    ) -> AccessDenial? {
        guard allows(id, request, in: table) else { return .command }
        if !allowsAllKeys, let index = table[id].spec.firstKey(of: request, where: { !allows(request[$0], for: $1) }) {
            return .key(index)
        }
        guard !allowsAllChannels, let use = table[id].spec.channels else { return nil }
        for index in use.positions(count: request.count)
        where !allows(channel: request[index], asPattern: use == .patterns) {
            return .channel(index)
        }
        return nil
    }

    private func allows(
        _ id: CommandID, _ request: borrowing Arguments, in table: borrowing CommandIndex
    ) -> Bool {
        if allowsAllCommands || commands.contains(id) || table[id].flags.contains(.noAuth) { return true }
        guard !firstArguments.isEmpty, request.count > 1, let words = firstArguments[id.index] else { return false }
        return words.contains(request[1].copied().asciiLowercased)
    }

    func allows(_ key: ByteSpan, for flags: KeySpec.Flags) -> Bool {
        let wanted = KeyPattern.Access(for: flags)
        for pattern in keys where pattern.allows(key, wanted) { return true }
        return allowsAllKeys
    }

    /// A pattern that somebody listens to must stand among the user's to the letter.
    func allows(channel: ByteSpan, asPattern isPattern: Bool) -> Bool {
        for pattern in channels {
            if isPattern ? channel.equals(pattern.span) : globMatches(pattern: pattern.span, string: channel) {
                return true
            }
        }
        return allowsAllChannels
    }
}
