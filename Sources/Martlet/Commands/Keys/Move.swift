// MOVE key db

enum MoveCommand {
    static let spec = CommandSpec(
        "move", summary: "Moves a key to another database.", since: "1.0.0", group: .generic, complexity: "O(1)",
        arity: 3, flags: [.write, .fast], categories: .keyspace, keys: [.key(1, [.readWrite, .access, .update])],
        arguments: [.key(), ArgumentSpec("db", .integer)], handler: run)

    /// Replies 1, or 0 when there is no such key or the other database has one of that name.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let target = try call.databaseIndex(arguments, at: 2)
        guard target != call.database else { throw .sameObject }
        guard call.lookup(arguments[1], for: .write) != nil,
            call.keyspace.lookup(arguments[1], in: target, for: .write) == nil
        else { return call.reply.integer(0) }
        call.keyspace.move(arguments[1], in: call.database, to: arguments[1], in: target)
        call.changed(arguments[1], .moveFrom)
        call.changed(arguments[1], .moveTo, in: target, count: 0)
        call.reply.integer(1)
    }
}
