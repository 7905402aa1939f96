// SISMEMBER key member
// SMISMEMBER key member [member ...]
// SCARD key
// SMEMBERS key

enum SismemberCommand {
    static let spec = CommandSpec(
        "sismember", summary: "Tells whether a set has a member.", since: "1.0.0", group: .set, complexity: "O(1)",
        arity: 3, flags: [.readonly, .fast], categories: .set, keys: [.key(1, [.readOnly])],
        arguments: [.key(), ArgumentSpec("member", .string)],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            let record = try call.set(arguments[1])
            call.reply.integer(record.map { $0.place(ofMember: arguments[2]) != nil } ?? false)
        })

    static let multipleSpec = CommandSpec(
        "smismember", summary: "Tells which of several members a set has.", since: "6.2.0", group: .set,
        complexity: "O(N) for N members", arity: -3, flags: [.readonly, .fast], categories: .set,
        keys: [.key(1, [.readOnly, .access])], arguments: [.key(), ArgumentSpec("member", .string, .multiple)],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            let record = try call.set(arguments[1])
            call.reply.array(arguments.count - 2)
            for index in 2..<arguments.count {
                call.reply.integer(record.map { $0.place(ofMember: arguments[index]) != nil } ?? false)
            }
        })

    static let countSpec = CommandSpec(
        "scard", summary: "Returns the number of members of a set.", since: "1.0.0", group: .set, complexity: "O(1)",
        arity: 2, flags: [.readonly, .fast], categories: .set, keys: [.key(1, [.readOnly])], arguments: [.key()],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            call.reply.integer(try call.set(arguments[1])?.memberCount ?? 0)
        })

    static let membersSpec = CommandSpec(
        "smembers", summary: "Returns all members of a set.", since: "1.0.0", group: .set,
        complexity: "O(N) for N members", arity: 2, flags: .readonly, categories: .set,
        keys: [.key(1, [.readOnly, .access])], tips: ["nondeterministic_output_order"], arguments: [.key()],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            guard let record = try call.set(arguments[1]) else { return call.reply.set(0) }
            call.reply.set(record.memberCount)
            record.visitMembers { call.reply.bulk($0) }
        })
}
