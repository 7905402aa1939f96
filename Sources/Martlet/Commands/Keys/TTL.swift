// TTL key
// PTTL key
// EXPIRETIME key
// PEXPIRETIME key

enum TTLCommand {
    static let spec = makeSpec(
        "ttl", "Returns how many seconds a key has left.", since: "1.0.0", isRelative: true,
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            run(&call, arguments, ExpireTime(unit: .seconds, isAbsolute: false))
        })

    static let millisecondSpec = makeSpec(
        "pttl", "Returns how many milliseconds a key has left.", since: "2.6.0", isRelative: true,
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            run(&call, arguments, ExpireTime(unit: .milliseconds, isAbsolute: false))
        })

    static let expireTimeSpec = makeSpec(
        "expiretime", "Returns the Unix time in seconds at which a key vanishes.", since: "7.0.0", isRelative: false,
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            run(&call, arguments, ExpireTime(unit: .seconds, isAbsolute: true))
        })

    static let millisecondExpireTimeSpec = makeSpec(
        "pexpiretime", "Returns the Unix time in milliseconds at which a key vanishes.", since: "7.0.0",
        isRelative: false,
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            run(&call, arguments, ExpireTime(unit: .milliseconds, isAbsolute: true))
        })

    private static func makeSpec(
        _ name: String, _ summary: String, since: String, isRelative: Bool, handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .generic, complexity: "O(1)", arity: 2,
            flags: [.readonly, .fast], categories: .keyspace, keys: [.key(1, [.readOnly, .access])],
            tips: isRelative ? ["nondeterministic_output"] : [],
            history: isRelative ? [.init("2.8.0", "Replies -2 for a key that does not exist.")] : [],
            arguments: [.key()], handler: handler)
    }

    /// Replies the time, -1 for a key without a deadline, -2 for no key. Seconds are rounded to the nearest.
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments, _ form: ExpireTime) {
        guard let record = call.lookup(arguments[1], for: .peek) else { return call.reply.integer(-2) }
        guard record.hasDeadline else { return call.reply.integer(-1) }
        // A live record's deadline is not before now.
        let milliseconds = form.isAbsolute ? record.deadline : record.deadline - call.now
        switch form.unit {
        case .milliseconds: call.reply.integer(milliseconds)
        case .seconds: call.reply.integer(milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0))
        }
    }
}
