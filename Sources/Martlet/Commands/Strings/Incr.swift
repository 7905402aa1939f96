// INCR key, DECR key, INCRBY key increment, DECRBY key decrement
//
// All four add to a 64-bit number. One that is stored as such is changed where it stands.

enum IncrCommands {
    static let incr = spec("incr", "Adds one to the integer at a key.") { call, arguments throws(ReplyError) in
        try add(1, to: arguments[1], &call)
    }

    static let decr = spec("decr", "Takes one from the integer at a key.") { call, arguments throws(ReplyError) in
        try add(-1, to: arguments[1], &call)
    }

    static let incrBy = spec(
        "incrby", "Adds a number to the integer at a key.", operand: "increment"
    ) { call, arguments throws(ReplyError) in
        try add(try arguments.integer(2), to: arguments[1], &call)
    }

    static let decrBy = spec(
        "decrby", "Takes a number from the integer at a key.", operand: "decrement"
    ) { call, arguments throws(ReplyError) in
        let decrement = try arguments.integer(2)
        guard decrement != Int64.min else { throw ReplyError("ERR decrement would overflow") }
        try add(-decrement, to: arguments[1], &call)
    }

    private static func spec(
        _ name: String, _ summary: String, operand: String? = nil, handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "1.0.0", group: .string, complexity: "O(1)", arity: operand == nil ? 2 : 3,
            flags: [.write, .denyOOM, .fast], categories: .string, keys: [.key(1, [.readWrite, .access, .update])],
            arguments: [.key()] + (operand.map { [ArgumentSpec($0, .integer)] } ?? []), handler: handler)
    }

    /// Replies with the new number; a missing key counts as 0.
    private static func add(
        _ increment: Int64, to key: ByteSpan, _ call: inout CommandCall
    ) throws(ReplyError) {
        let record = try call.string(key, for: .write)
        var value: Int64 = 0
        if let record {
            guard let present = record.integerValue else { throw .notInteger }
            value = present
        }
        let (sum, overflow) = value.addingReportingOverflow(increment)
        guard !overflow else { throw ReplyError("ERR increment or decrement would overflow") }
        if let record, record.valueKind == .int {
            call.keyspace.changeInteger(of: record, to: sum, in: call.database)
        } else {
            call.keyspace.setInteger(key, to: sum, deadline: .keep, in: call.database)
        }
        call.changed(key, .incrby)
        call.reply.integer(sum)
    }
}
