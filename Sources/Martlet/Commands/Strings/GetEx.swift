// GETEX key [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-milliseconds | PERSIST]

enum GetExCommand {
    static let spec = CommandSpec(
        "getex", summary: "Returns the string at a key and sets or drops the key's deadline.", since: "6.2.0",
        group: .string, complexity: "O(1)", arity: -2, flags: [.write, .fast], categories: .string,
        keys: [.key(1, [.readWrite, .access, .update], notes: "RW and UPDATE because it changes the TTL")],
        arguments: [.key(), .expiration(persist: true)], handler: run)

    /// Replies with the string, or null when the key does not exist.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var expiry = ExpiryOption.none
        var index = 2
        while index < arguments.count {
            guard expiry.take(arguments, at: &index, keyword: "PERSIST") else { throw .syntax }
        }
        guard let record = try call.string(arguments[1]) else { return call.reply.null() }
        switch expiry {
        case .none:
            call.reply(string: record)
        case .keyword:
            call.reply(string: record)
            guard record.hasDeadline else { return }
            call.keyspace.setDeadline(nil, of: record, in: call.database)
            call.changed(arguments[1], .persist)
            call.propagate("PERSIST", arguments[1])
        case .at(let time, let word):
            let value = try arguments.integer(word)
            let deadline = try time.deadline(value, now: call.now, command: call.commandName)
            call.reply(string: record)
            if time.isAbsolute, call.keyspace.isReached(deadline) {
                call.removeAsExpired(arguments[1])
            } else {
                call.keyspace.setDeadline(deadline, of: record, in: call.database)
                call.changed(arguments[1], .expire)
                call.propagate("PEXPIREAT", arguments[1], deadline)
            }
        }
    }
}
