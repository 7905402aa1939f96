// PERSIST key

enum PersistCommand {
    static let spec = CommandSpec(
        "persist", summary: "Takes a key's deadline away.", since: "2.2.0", group: .generic, complexity: "O(1)",
        arity: 2, flags: [.write, .fast], categories: .keyspace, keys: [.key(1, [.readWrite, .update])],
        arguments: [.key()], handler: run)

    /// Replies 1, or 0 when there is no such key or it has no deadline.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.lookup(arguments[1], for: .write), record.hasDeadline else {
            return call.reply.integer(0)
        }
        call.keyspace.setDeadline(nil, of: record, in: call.database)
        call.changed(arguments[1], .persist)
        call.reply.integer(1)
    }
}
