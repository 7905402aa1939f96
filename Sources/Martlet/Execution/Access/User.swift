// One who may come in, by a name and a password.

final class User {
    let name: [UInt8]
    fileprivate(set) var rules: UserRules

    init(name: [UInt8], rules: UserRules) {
        self.name = name
        self.rules = rules
    }

    var nameText: String { String(decoding: name, as: UTF8.self) }

    /// `user name rules`, as ACL LIST and files of users have it.
    var line: [UInt8] { words.asLine }

    /// The same for a configuration file, which is read with quotes.
    var quotedLine: [UInt8] { words.map(\.quotedIfNeeded).asLine }

    private var words: [[UInt8]] { [Array("user".utf8), name] + rules.words }
}

/// All users of a server. Sessions hold the user that they came in as; whoever changes a user's rules sees to those who
/// are in already.
final class UserRegistry {
    static let defaultName = Array("default".utf8)

    private var users: [[UInt8]: User]
    private let commandCount: Int
    /// Who new connections are, until they say otherwise. It is always there.
    let defaultUser: User
    let log = AccessLog()

    init(commands: borrowing CommandIndex) {
        commandCount = commands.count
        defaultUser = User(name: Self.defaultName, rules: Self.everything(in: commands))
        users = [Self.defaultName: defaultUser]
    }

    /// What the default user may do while nobody says otherwise: come in without a password, and everything.
    static func everything(in commands: borrowing CommandIndex) -> UserRules {
        var rules = UserRules(commandCount: commands.count, allowsAllChannels: true)
        // Words that every table understands.
        try? rules.apply(["on", "nopass", "~*", "+@all"].map { Array($0.utf8) }, newChannels: true, in: commands)
        return rules
    }

    subscript(name: [UInt8]) -> User? { users[name] }

    /// By name.
    var all: [User] { users.values.sorted { $0.name.lexicographicallyPrecedes($1.name) } }

    func newRules(allowsAllChannels: Bool) -> UserRules {
        UserRules(commandCount: commandCount, allowsAllChannels: allowsAllChannels)
    }

    /// Gives a user these rules; makes one who is not there.
    @discardableResult
    func set(_ name: [UInt8], to rules: UserRules) -> User {
        if let user = users[name] {
            user.rules = rules
            return user
        }
        let user = User(name: name, rules: rules)
        users[name] = user
        return user
    }

    /// Nil when there is none by that name. The default user stays.
    func remove(_ name: [UInt8]) -> User? { name == Self.defaultName ? nil : users.removeValue(forKey: name) }
}
