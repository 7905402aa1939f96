// ACL DRYRUN username command [arg [arg ...]]

enum ACLDryRunCommand {
    static let spec = ACLCommand.subcommand(
        "dryrun", summary: "Tells whether a user may do something, without doing it.", since: "7.0.0", arity: -4,
        isAdmin: true,
        arguments: [
            ArgumentSpec("username", .string), ArgumentSpec("command", .string),
            ArgumentSpec("arg", .string, [.optional, .multiple]),
        ], run)

    /// Replies OK, or with what the user lacks.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let user = call.server.users[arguments[2].copied()] else {
            throw ReplyError("ERR User '", quoting: arguments[2], "' not found")
        }
        let server = call.server
        let request = arguments.words(from: 3)
        guard let found = server.commands.find(request[0]) else { throw notFound(arguments) }
        var id = found
        if !server.commands[id].subcommands.isEmpty, request.count > 1 {
            guard let subcommand = server.commands.find(request[1], under: id) else { throw notFound(arguments) }
            id = subcommand
        }
        guard server.commands[id].accepts(wordCount: request.count) else {
            throw .wrongArity(server.commands[id].fullName)
        }
        guard let denial = user.rules.denial(of: id, request, in: server.commands) else { return call.reply.ok() }
        let name = server.commands[id].fullName
        var word = ""
        if case .key(let index) = denial { word = request.text(index) }
        if case .channel(let index) = denial { word = request.text(index) }
        call.reply.bulk(denial.text(user: user.nameText, name, about: word))
    }

    private static func notFound(_ arguments: borrowing Arguments) -> ReplyError {
        ReplyError("ERR Command '", quoting: arguments[3], "' not found")
    }
}
