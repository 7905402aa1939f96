// ACL LOG [count | RESET]

enum ACLLogCommand {
    static let spec = ACLCommand.subcommand(
        "log", summary: "Tells what was refused lately.", complexity: "O(N) for N entries", arity: -2, isAdmin: true,
        history: [
            .init("7.2.0", "Brought entry-id, timestamp-created and timestamp-last-updated.")
        ],
        arguments: [
            .oneOf("operation", .optional, [ArgumentSpec("count", .integer), .token("RESET")])
        ], run)

    private static let defaultCount: Int64 = 10

    /// Replies with a map for each entry, the latest first.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count <= 3 else { throw .wrongSubcommandArity(arguments[1], of: "ACL") }
        if arguments.count == 3, arguments.matches(2, "RESET") {
            call.server.users.log.removeAll()
            return call.reply.ok()
        }
        let count = arguments.count == 3 ? max(0, try arguments.integer(2)) : defaultCount
        let entries = call.server.users.log.entries.prefix(Int(clamping: count))
        call.reply.array(entries.count)
        for entry in entries { describe(entry, &call) }
    }

    private static func describe(_ entry: AccessLog.Entry, _ call: inout CommandCall) {
        call.reply.map(10)
        call.reply.bulk("count")
        call.reply.integer(entry.count)
        call.reply.bulk("reason")
        call.reply.bulk(entry.reason.rawValue)
        call.reply.bulk("context")
        call.reply.bulk(entry.context.rawValue)
        call.reply.bulk("object")
        let (object, userName) = (entry.object, entry.userName)
        call.reply.bulk(object.span)
        call.reply.bulk("username")
        call.reply.bulk(userName.span)
        call.reply.bulk("age-seconds")
        // Both are times of day, whose difference is a number.
        call.reply.double(Double(call.now - entry.updatedAt) / 1000)
        call.reply.bulk("client-info")
        call.reply.bulk(entry.client)
        call.reply.bulk("entry-id")
        call.reply.integer(entry.id)
        call.reply.bulk("timestamp-created")
        call.reply.integer(entry.createdAt)
        call.reply.bulk("timestamp-last-updated")
        call.reply.integer(entry.updatedAt)
    }
}
