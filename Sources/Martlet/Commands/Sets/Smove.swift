// SMOVE source destination member

enum SmoveCommand {
    static let spec = CommandSpec(
        "smove", summary: "Moves a member from one set to another.", since: "1.0.0", group: .set, complexity: "O(1)",
        arity: 4, flags: [.write, .fast], categories: .set,
        keys: [.key(1, [.readWrite, .access, .delete]), .key(2, [.readWrite, .insert])],
        arguments: [.key("source"), .key("destination", keySpec: 1), ArgumentSpec("member", .string)], handler: run)

    /// Replies 1, or 0 when the source does not have the member.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let (source, destination, member) = (arguments[1], arguments[2], arguments[3])
        guard let present = call.lookup(source, for: .write) else { return call.reply.integer(0) }
        let target = call.lookup(destination, for: .write)
        guard present.isSet, target?.isSet ?? true else { throw .wrongType }
        guard let place = present.place(ofMember: member) else { return call.reply.integer(0) }
        if source.equals(destination) { return call.reply.integer(1) }
        var record = present
        call.keyspace.removeMember(at: place, of: &record, in: call.database)
        call.changed(source, .srem)
        call.removeIfEmpty(set: record, source)
        let isNew = call.addMember(member, to: destination, call.lookup(destination, for: .write))
        if isNew { call.changed(destination, .sadd) }
        call.reply.integer(1)
    }
}
