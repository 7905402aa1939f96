// GETDEL key

enum GetDelCommand {
    static let spec = CommandSpec(
        "getdel", summary: "Returns the string at a key and deletes the key.", since: "6.2.0", group: .string,
        complexity: "O(1)", arity: 2, flags: [.write, .fast], categories: .string,
        keys: [.key(1, [.readWrite, .access, .delete])], arguments: [.key()], handler: run)

    /// Replies with the string, or null when the key does not exist.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let record = try call.string(arguments[1])
        call.reply(stringOrNull: record)
        guard record != nil else { return }
        call.remove(arguments[1], lazily: call.keyspace.lazyFree.onUserDelete)
        call.changed(arguments[1], .del)
        call.propagate(deletionOf: arguments[1], isLazy: call.keyspace.lazyFree.onUserDelete)
    }
}
