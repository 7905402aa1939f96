// SETNX key value

enum SetNXCommand {
    static let spec = CommandSpec(
        "setnx", summary: "Sets a key to a string unless the key exists.", since: "1.0.0", group: .string,
        complexity: "O(1)", arity: 3, flags: [.write, .denyOOM, .fast], categories: .string,
        keys: [.key(1, [.overwrite, .insert])], arguments: [.key(), ArgumentSpec("value", .string)], handler: run)

    /// Replies 1 when the key was set, 0 when it existed.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard call.lookup(arguments[1], for: .write) == nil else { return call.reply.integer(0) }
        call.setString(arguments[1], to: arguments, at: 2)
        call.changed(arguments[1], .set)
        call.reply.integer(1)
    }
}
