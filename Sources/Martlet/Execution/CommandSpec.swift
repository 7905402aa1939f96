// What a command declares about itself. Arity checks, key extraction, ACL categories, COMMAND and COMMAND DOCS, and the
// README's table of supported commands all come from here. Field meanings: Redis's COMMAND and COMMAND DOCS pages.

/// A handler reads its arguments, makes one access to the keyspace and writes one reply. A thrown error is the reply.
typealias CommandHandler = @Sendable (inout CommandCall, borrowing Arguments) throws(ReplyError) -> Void

/// Gives the flags of all keys of a request.
typealias KeyFlagsReader = @Sendable (borrowing Arguments) -> KeySpec.Flags

struct CommandSpec: Sendable {
    /// Lower case; of a subcommand, its own name alone.
    let name: String
    let summary: String
    let since: String
    let group: CommandGroup
    let complexity: String
    /// Words in all, the name included; negative: at least so many.
    let arity: Int
    let flags: CommandFlags
    /// Beyond those that follow from the flags.
    let categories: ACLCategories
    let keys: [KeySpec]
    /// What is done to the keys of a request where that depends on its words (`KeySpec.Flags.varying`).
    let keyFlags: KeyFlagsReader?
    /// What it does to channels, for those who may not use all.
    let channels: ChannelUse?
    let tips: [String]
    let deprecation: Deprecation?
    /// For the server's own use and for those who work on it.
    let isInternal: Bool
    let history: [Change]
    let arguments: [ArgumentSpec]
    let subcommands: [CommandSpec]
    /// Nil for a pure container of subcommands.
    let handler: CommandHandler?

    /// Superseded since a version, and by what.
    struct Deprecation: Sendable {
        let since: String
        let replacedBy: String
    }

    /// What a later version brought.
    struct Change: Sendable {
        let since: String
        let description: String

        init(_ since: String, _ description: String) {
            self.since = since
            self.description = description
        }
    }

    init(
        _ name: String, summary: String, since: String, group: CommandGroup, complexity: String, arity: Int,
        flags: CommandFlags = [], categories: ACLCategories = [], keys: [KeySpec] = [],
        keyFlags: KeyFlagsReader? = nil, channels: ChannelUse? = nil, tips: [String] = [],
        deprecation: Deprecation? = nil, isInternal: Bool = false, history: [Change] = [],
        arguments: [ArgumentSpec] = [],
        subcommands: [CommandSpec] = [], handler: CommandHandler? = nil
    ) {
        self.name = name
        self.summary = summary
        self.since = since
        self.group = group
        self.complexity = complexity
        self.arity = arity
        self.flags = flags
        self.categories = categories
        self.keys = keys
        self.keyFlags = keyFlags
        self.channels = channels
        self.tips = tips
        self.deprecation = deprecation
        self.isInternal = isInternal
        self.history = history
        self.arguments = arguments
        self.subcommands = subcommands
        self.handler = handler
    }
}

/// Where a command's channels stand, and whether they are patterns. Who stops listening needs no permission.
enum ChannelUse: Sendable {
    case publish, subscribe, patterns

    func positions(count: Int) -> Range<Int> { self == .publish ? 1..<min(2, count) : 1..<count }
}

/// As COMMAND DOCS names them.
enum CommandGroup: String, Sendable, CaseIterable {
    case generic, string, list, set, hash, pubsub, transactions, connection, server, scripting, hyperloglog, cluster
    case sentinel, geo, stream, bitmap
    case sortedSet = "sorted-set"
}

/// In the order that COMMAND INFO lists them.
struct CommandFlags: OptionSet, Sendable {
    let rawValue: Int

    static let write = CommandFlags(rawValue: 1 << 0)
    static let readonly = CommandFlags(rawValue: 1 << 1)
    static let denyOOM = CommandFlags(rawValue: 1 << 2)
    static let module = CommandFlags(rawValue: 1 << 3)
    static let admin = CommandFlags(rawValue: 1 << 4)
    static let pubsub = CommandFlags(rawValue: 1 << 5)
    static let noScript = CommandFlags(rawValue: 1 << 6)
    static let blocking = CommandFlags(rawValue: 1 << 8)
    static let loading = CommandFlags(rawValue: 1 << 9)
    static let stale = CommandFlags(rawValue: 1 << 10)
    static let skipMonitor = CommandFlags(rawValue: 1 << 11)
    static let skipSlowlog = CommandFlags(rawValue: 1 << 12)
    static let asking = CommandFlags(rawValue: 1 << 13)
    static let fast = CommandFlags(rawValue: 1 << 14)
    static let noAuth = CommandFlags(rawValue: 1 << 15)
    static let mayReplicate = CommandFlags(rawValue: 1 << 16)
    static let sentinel = CommandFlags(rawValue: 1 << 17)
    static let onlySentinel = CommandFlags(rawValue: 1 << 18)
    static let noMandatoryKeys = CommandFlags(rawValue: 1 << 19)
    static let protected = CommandFlags(rawValue: 1 << 20)
    static let noAsyncLoading = CommandFlags(rawValue: 1 << 23)
    static let noMulti = CommandFlags(rawValue: 1 << 24)
    static let movableKeys = CommandFlags(rawValue: 1 << 25)
    static let allowBusy = CommandFlags(rawValue: 1 << 26)
    static let touchesArbitraryKeys = CommandFlags(rawValue: 1 << 27)

    /// The names that COMMAND INFO shows, in its order; the other flags are the server's own business.
    static let names: [(flag: CommandFlags, name: StaticString)] = [
        (.write, "write"), (.readonly, "readonly"), (.denyOOM, "denyoom"), (.module, "module"), (.admin, "admin"),
        (.pubsub, "pubsub"), (.noScript, "noscript"), (.blocking, "blocking"), (.loading, "loading"),
        (.stale, "stale"), (.skipMonitor, "skip_monitor"), (.skipSlowlog, "skip_slowlog"), (.asking, "asking"),
        (.fast, "fast"), (.noAuth, "no_auth"), (.noMandatoryKeys, "no_mandatory_keys"),
        (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"), (.movableKeys, "movablekeys"),
        (.allowBusy, "allow_busy"),
    ]
}

/// In the order that ACL CAT lists them.
struct ACLCategories: OptionSet, Sendable {
    let rawValue: Int

    static let keyspace = ACLCategories(rawValue: 1 << 0)
    static let read = ACLCategories(rawValue: 1 << 1)
    static let write = ACLCategories(rawValue: 1 << 2)
    static let set = ACLCategories(rawValue: 1 << 3)
    static let sortedSet = ACLCategories(rawValue: 1 << 4)
    static let list = ACLCategories(rawValue: 1 << 5)
    static let hash = ACLCategories(rawValue: 1 << 6)
    static let string = ACLCategories(rawValue: 1 << 7)
    static let bitmap = ACLCategories(rawValue: 1 << 8)
    static let hyperloglog = ACLCategories(rawValue: 1 << 9)
    static let geo = ACLCategories(rawValue: 1 << 10)
    static let stream = ACLCategories(rawValue: 1 << 11)
    static let pubsub = ACLCategories(rawValue: 1 << 12)
    static let admin = ACLCategories(rawValue: 1 << 13)
    static let fast = ACLCategories(rawValue: 1 << 14)
    static let slow = ACLCategories(rawValue: 1 << 15)
    static let blocking = ACLCategories(rawValue: 1 << 16)
    static let dangerous = ACLCategories(rawValue: 1 << 17)
    static let connection = ACLCategories(rawValue: 1 << 18)
    static let transaction = ACLCategories(rawValue: 1 << 19)
    static let scripting = ACLCategories(rawValue: 1 << 20)

    /// Lower-case names in the order of the bits, without the `@`.
    static let names: [String] = [
        "keyspace", "read", "write", "set", "sortedset", "list", "hash", "string", "bitmap", "hyperloglog", "geo",
        "stream", "pubsub", "admin", "fast", "slow", "blocking", "dangerous", "connection", "transaction", "scripting",
    ]
}

extension ACLCategories {
    /// By the name that rules have, in lower case, without the `@`.
    init?(name: String) {
        guard let bit = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: 1 << bit)
    }
}

extension CommandSpec {
    /// The declared categories and those that follow from the flags, as Redis derives them.
    var allCategories: ACLCategories {
        var all = categories
        if flags.contains(.write) { all.insert(.write) }
        if flags.contains(.readonly), !categories.contains(.scripting) { all.insert(.read) }
        if flags.contains(.admin) { all.formUnion([.admin, .dangerous]) }
        if flags.contains(.pubsub) { all.insert(.pubsub) }
        if flags.contains(.fast) { all.insert(.fast) }
        if flags.contains(.blocking) { all.insert(.blocking) }
        if !all.contains(.fast) { all.insert(.slow) }
        return all
    }
}
