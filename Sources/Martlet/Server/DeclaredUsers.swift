// The configuration's lines about users against the command table.

struct DeclaredUsers {
    private(set) var users: [(name: [UInt8], rules: UserRules)] = []

    init(_ configuration: Configuration, _ commands: borrowing CommandIndex) throws(ConfigurationError) {
        var names: Set<[UInt8]> = []
        let newChannels = configuration.aclPubsubDefault == .all
        for declaration in configuration.users {
            let name = declaration.name
            guard !name.isEmpty, !name.containsBlanks else {
                throw .refused(line: declaration.line, reason: "Spaces not allowed in ACL usernames")
            }
            guard names.insert(name).inserted else {
                throw Self.refused(
                    declaration, name, "Duplicate user found. A user can only be defined once in config files")
            }
            var rules = UserRules(commandCount: commands.count, allowsAllChannels: newChannels)
            do throws(RefusedAccessRule) {
                try rules.apply(declaration.rules, newChannels: newChannels, in: commands)
            } catch {
                throw Self.refused(declaration, error.rule, error.error.text)
            }
            users.append((name, rules))
        }
    }

    private static func refused(
        _ declaration: UserDeclaration, _ word: [UInt8], _ reason: String
    ) -> ConfigurationError {
        let text = String(decoding: word, as: UTF8.self)
        return .refused(line: declaration.line, reason: "Error in user declaration '\(text)': \(reason)")
    }
}
