// The shape of a command's arguments, as COMMAND DOCS describes them and redis-cli shows them while one types.

struct ArgumentSpec: Sendable {
    enum Kind: String, Sendable {
        case string, integer, double, key, pattern, block
        case unixTime = "unix-time"
        case pureToken = "pure-token"
        case oneOf = "oneof"
    }

    struct Flags: OptionSet, Sendable {
        let rawValue: Int
        static let optional = Flags(rawValue: 1)
        static let multiple = Flags(rawValue: 2)
        static let multipleToken = Flags(rawValue: 4)
        static let names = ["optional", "multiple", "multiple_token"]
    }

    let name: String
    let kind: Kind
    let token: String?
    let summary: String?
    let since: String?
    let flags: Flags
    /// Which of the command's key specifications a key argument belongs to.
    let keySpec: Int
    let arguments: [ArgumentSpec]

    init(
        _ name: String, _ kind: Kind, token: String? = nil, summary: String? = nil, since: String? = nil,
        _ flags: Flags = [], keySpec: Int = 0, arguments: [ArgumentSpec] = []
    ) {
        self.name = name
        self.kind = kind
        self.token = token
        self.summary = summary
        self.since = since
        self.flags = flags
        self.keySpec = keySpec
        self.arguments = arguments
    }

    static func key(_ name: String = "key", _ flags: Flags = [], keySpec: Int = 0) -> ArgumentSpec {
        ArgumentSpec(name, .key, flags, keySpec: keySpec)
    }

    static func token(_ token: String, _ flags: Flags = [], since: String? = nil) -> ArgumentSpec {
        ArgumentSpec(token.lowercased(), .pureToken, token: token, since: since, flags)
    }

    static func oneOf(
        _ name: String, _ flags: Flags = [], since: String? = nil, _ arguments: [ArgumentSpec]
    ) -> ArgumentSpec {
        ArgumentSpec(name, .oneOf, since: since, flags, arguments: arguments)
    }

    static func block(
        _ name: String, token: String? = nil, _ flags: Flags = [], since: String? = nil, _ arguments: [ArgumentSpec]
    ) -> ArgumentSpec {
        ArgumentSpec(name, .block, token: token, since: since, flags, arguments: arguments)
    }
}

extension ArgumentSpec {
    /// The choice of EX, PX, EXAT and PXAT, and with `keepTTL` or `persist` the ways to leave or drop the deadline.
    static func expiration(keepTTL: Bool = false, persist: Bool = false) -> ArgumentSpec {
        var choices = [
            ArgumentSpec("seconds", .integer, token: "EX", since: keepTTL ? "2.6.12" : nil),
            ArgumentSpec("milliseconds", .integer, token: "PX", since: keepTTL ? "2.6.12" : nil),
            ArgumentSpec("unix-time-seconds", .unixTime, token: "EXAT", since: keepTTL ? "6.2.0" : nil),
            ArgumentSpec("unix-time-milliseconds", .unixTime, token: "PXAT", since: keepTTL ? "6.2.0" : nil),
        ]
        if keepTTL { choices.append(.token("KEEPTTL", since: "6.0.0")) }
        if persist { choices.append(.token("PERSIST")) }
        return .oneOf("expiration", .optional, choices)
    }
}
