// EXPIRE key seconds [NX | XX | GT | LT]
// PEXPIRE key milliseconds [NX | XX | GT | LT]
// EXPIREAT key unix-time-seconds [NX | XX | GT | LT]
// PEXPIREAT key unix-time-milliseconds [NX | XX | GT | LT]

enum ExpireCommand {
    static let spec = makeSpec(
        "expire", "Lets a key vanish after so many seconds.", since: "1.0.0", .init("seconds", .integer),
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            try run(&call, arguments, ExpireTime(unit: .seconds, isAbsolute: false))
        })

    static let millisecondSpec = makeSpec(
        "pexpire", "Lets a key vanish after so many milliseconds.", since: "2.6.0", .init("milliseconds", .integer),
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            try run(&call, arguments, ExpireTime(unit: .milliseconds, isAbsolute: false))
        })

    static let atSpec = makeSpec(
        "expireat", "Lets a key vanish at a Unix time in seconds.", since: "1.2.0",
        .init("unix-time-seconds", .unixTime),
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            try run(&call, arguments, ExpireTime(unit: .seconds, isAbsolute: true))
        })

    static let millisecondAtSpec = makeSpec(
        "pexpireat", "Lets a key vanish at a Unix time in milliseconds.", since: "2.6.0",
        .init("unix-time-milliseconds", .unixTime),
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            try run(&call, arguments, ExpireTime(unit: .milliseconds, isAbsolute: true))
        })

    private static func makeSpec(
        _ name: String, _ summary: String, since: String, _ time: ArgumentSpec, handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .generic, complexity: "O(1)", arity: -3,
            flags: [.write, .fast], categories: .keyspace, keys: [.key(1, [.readWrite, .update])],
            history: [.init("7.0.0", "Added the `NX`, `XX`, `GT` and `LT` options.")],
            arguments: [
                .key(), time,
                .oneOf(
                    "condition", .optional, since: "7.0.0",
                    [.token("NX"), .token("XX"), .token("GT"), .token("LT")]),
            ], handler: handler)
    }

    /// What the present deadline must be for the new one to be taken.
    private struct Conditions: OptionSet {
        let rawValue: Int
        static let absent = Conditions(rawValue: 1)
        static let present = Conditions(rawValue: 2)
        static let earlier = Conditions(rawValue: 4)
        static let later = Conditions(rawValue: 8)

        /// No deadline at all counts as one that is never reached.
        func allow(_ deadline: Int64, over present: Int64?) -> Bool {
            if contains(.absent), present != nil { return false }
            if contains(.present), present == nil { return false }
            if contains(.earlier), deadline <= present ?? Int64.max { return false }
            if contains(.later), let present, deadline >= present { return false }
            return true
        }
    }

    /// Replies 1, or 0 when there is no such key or the conditions do not hold. A time that is not in the future
    /// removes the key.
    private static func run(
        _ call: inout CommandCall, _ arguments: borrowing Arguments, _ time: ExpireTime
    ) throws(ReplyError) {
        let conditions = try parse(arguments)
        let value = try arguments.integer(2)
        let deadline = try time.anyDeadline(value, now: call.now, command: call.commandName)
        guard let record = call.lookup(arguments[1], for: .write),
            conditions.allow(deadline, over: record.hasDeadline ? record.deadline : nil)
        else { return call.reply.integer(0) }
        if call.keyspace.isReached(deadline) {
            call.removeAsExpired(arguments[1])
        } else {
            call.keyspace.setDeadline(deadline, of: record, in: call.database)
            call.changed(arguments[1], .expire)
            call.propagate("PEXPIREAT", arguments[1], deadline)
        }
        call.reply.integer(1)
    }

    private static func parse(_ arguments: borrowing Arguments) throws(ReplyError) -> Conditions {
        var conditions: Conditions = []
        for index in 3..<arguments.count {
            if arguments.matches(index, "NX") {
                conditions.insert(.absent)
            } else if arguments.matches(index, "XX") {
                conditions.insert(.present)
            } else if arguments.matches(index, "GT") {
                conditions.insert(.earlier)
            } else if arguments.matches(index, "LT") {
                conditions.insert(.later)
            } else {
                throw ReplyError("ERR Unsupported option ", quoting: arguments[index])
            }
        }
        if conditions.contains(.absent), conditions != .absent {
            throw ReplyError("ERR NX and XX, GT or LT options at the same time are not compatible")
        }
        if conditions.isSuperset(of: [.earlier, .later]) {
            throw ReplyError("ERR GT and LT options at the same time are not compatible")
        }
        return conditions
    }
}

extension ExpireTime {
    /// The point in time in milliseconds that `value` means, be it past or future; overflow is an error.
    fileprivate func anyDeadline(_ value: Int64, now: Int64, command: String) throws(ReplyError) -> Int64 {
        let (scaled, tooLong) = value.multipliedReportingOverflow(by: unit.rawValue)
        let (sum, tooLate) = scaled.addingReportingOverflow(isAbsolute ? 0 : now)
        guard !tooLong, !tooLate else { throw .invalidExpireTime(command) }
        return sum
    }
}
