// HTTL key FIELDS numfields field [field ...]
// HPTTL, HEXPIRETIME, HPEXPIRETIME the same
// HPERSIST key FIELDS numfields field [field ...]

enum HTTLCommand {
    static let spec = makeSpec(
        "httl", "Returns in how many seconds fields of a hash vanish.", ExpireTime(unit: .seconds, isAbsolute: false))
    static let millisecondSpec = makeSpec(
        "hpttl", "Returns in how many milliseconds fields of a hash vanish.",
        ExpireTime(unit: .milliseconds, isAbsolute: false))
    static let timeSpec = makeSpec(
        "hexpiretime", "Returns the Unix times in seconds at which fields of a hash vanish.",
        ExpireTime(unit: .seconds, isAbsolute: true))
    static let millisecondTimeSpec = makeSpec(
        "hpexpiretime", "Returns the Unix times in milliseconds at which fields of a hash vanish.",
        ExpireTime(unit: .milliseconds, isAbsolute: true))

    static let persistSpec = CommandSpec(
        "hpersist", summary: "Lets fields of a hash stay for good.", since: "7.4.0", group: .hash,
        complexity: "O(N) for N fields", arity: -5, flags: [.write, .fast], categories: .hash,
        keys: [.key(1, [.readWrite, .update])], arguments: [.key(), FieldList.argument], handler: persist)

    private static func makeSpec(_ name: String, _ summary: String, _ time: ExpireTime) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "7.4.0", group: .hash, complexity: "O(N) for N fields", arity: -5,
            flags: [.readonly, .fast], categories: .hash, keys: [.key(1, [.readOnly, .access])],
            tips: time.isAbsolute ? [] : ["nondeterministic_output"], arguments: [.key(), FieldList.argument],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                try run(&call, arguments, time)
            })
    }

    /// Replies for each field: -2 there is none, -1 it has no deadline, or the time.
    private static func run(
        _ call: inout CommandCall, _ arguments: borrowing Arguments, _ time: ExpireTime
    ) throws(ReplyError) {
        let record = try call.hash(arguments[1], for: .peek)
        let fields = try FieldList(arguments, at: 2)
        guard let record else { return call.replyNoFields(fields.count) }
        call.reply.array(fields.count)
        for index in fields.words {
            guard let place = call.place(ofField: arguments[index], in: record) else {
                call.reply.integer(-2)
                continue
            }
            guard let deadline = record.deadline(at: place) else {
                call.reply.integer(-1)
                continue
            }
            // Deadlines of fields are below 2^46.
            let milliseconds = time.isAbsolute ? deadline : max(0, deadline - call.now)
            call.reply.integer((milliseconds + time.unit.rawValue - 1) / time.unit.rawValue)
        }
    }

    /// Replies for each field: -2 there is none, -1 it has no deadline, 1 done.
    @Sendable
    private static func persist(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let record = try call.hash(arguments[1], for: .write)
        let fields = try FieldList(arguments, at: 2)
        guard var record else { return call.replyNoFields(fields.count) }
        var changed = 0
        call.reply.array(fields.count)
        for index in fields.words {
            guard let place = call.place(ofField: arguments[index], in: record) else {
                call.reply.integer(-2)
                continue
            }
            guard record.deadline(at: place) != nil else {
                call.reply.integer(-1)
                continue
            }
            call.keyspace.setDeadline(nil, at: place, of: &record, in: call.database)
            changed += 1
            call.reply.integer(1)
        }
        if changed > 0 { call.changed(arguments[1], .hpersist, count: changed) }
    }
}
