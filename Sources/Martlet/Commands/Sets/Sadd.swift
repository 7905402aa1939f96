// SADD key member [member ...]

enum SaddCommand {
    static let spec = CommandSpec(
        "sadd", summary: "Adds members to a set, creating the key when it is missing.", since: "1.0.0", group: .set,
        complexity: "O(1) for each member", arity: -3, flags: [.write, .denyOOM, .fast], categories: .set,
        keys: [.key(1, [.readWrite, .insert])], history: [.init("2.4.0", "Takes several members.")],
        arguments: [.key(), ArgumentSpec("member", .string, .multiple)], handler: run)

    /// Replies how many members are new.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let key = arguments[1]
        var added = 0
        if var record = try call.set(key, for: .write) {
            call.keyspace.prepareSet(&record, forAdding: arguments.count - 2, in: call.database)
            for index in 2..<arguments.count
            where call.keyspace.addMember(arguments[index], to: &record, in: call.database) { added += 1 }
        } else {
            var members = call.keyspace.makeMembers(hint: arguments.count - 2)
            for index in 2..<arguments.count where members.append(arguments[index]) { added += 1 }
            call.keyspace.insertSet(key, members, in: call.database)
        }
        if added > 0 { call.changed(key, .sadd, count: added) }
        call.reply.integer(added)
    }
}
