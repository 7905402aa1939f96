// GETSET key value

enum GetSetCommand {
    static let spec = CommandSpec(
        "getset", summary: "Sets a key to a string and returns what it held before.", since: "1.0.0", group: .string,
        complexity: "O(1)", arity: 3, flags: [.write, .denyOOM, .fast], categories: .string,
        keys: [.key(1, [.readWrite, .access, .update])],
        deprecation: .init(since: "6.2.0", replacedBy: "`SET` with the `!GET` argument"),
        arguments: [.key(), ArgumentSpec("value", .string)], handler: run)

    /// Replies with the old string, or null when the key did not exist.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let present = try call.string(arguments[1])
        call.reply(stringOrNull: present)
        call.setString(arguments[1], to: arguments, at: 2)
        call.changed(arguments[1], .set)
        call.propagate("SET", arguments[1], arguments[2])
    }
}
