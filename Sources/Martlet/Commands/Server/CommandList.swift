// COMMAND LIST [FILTERBY (MODULE module-name | ACLCAT category | PATTERN pattern)]

enum CommandList {
    private enum Filter {
        case none
        /// There are no modules, so no command is of one.
        case module
        case category(ACLCategories)
        case pattern([UInt8])

        func admits(_ command: borrowing Command) -> Bool {
            switch self {
            case .none: return true
            case .module: return false
            case .category(let category): return !command.spec.allCategories.isDisjoint(with: category)
            case .pattern(let pattern):
                let name = Array(command.fullName.utf8)
                return globMatches(pattern: pattern.span, string: name.span, ignoringCase: true)
            }
        }
    }

    /// Replies with the full names of commands and subcommands.
    @Sendable
    static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let filter = try filter(arguments)
        let server = call.server
        call.reply.collect(.array) { reply in
            var count = 0
            for parent in server.commands.topLevel {
                for id in [parent] + server.commands[parent].subcommandIDs where filter.admits(server.commands[id]) {
                    reply.bulk(server.commands[id].fullName)
                    count += 1
                }
            }
            return count
        }
    }

    private static func filter(_ arguments: borrowing Arguments) throws(ReplyError) -> Filter {
        guard arguments.count > 2 else { return .none }
        guard arguments.count == 5, arguments.matches(2, "FILTERBY") else { throw .syntax }
        if arguments.matches(3, "MODULE") { return .module }
        if arguments.matches(3, "PATTERN") { return .pattern(arguments[4].copied()) }
        guard arguments.matches(3, "ACLCAT") else { throw .syntax }
        let name = arguments.text(4).lowercased()
        // An unknown category is one that no command has.
        return .category(ACLCategories.names.firstIndex(of: name).map { ACLCategories(rawValue: 1 << $0) } ?? [])
    }
}
