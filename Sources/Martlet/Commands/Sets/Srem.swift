// SREM key member [member ...]

enum SremCommand {
    static let spec = CommandSpec(
        "srem", summary: "Removes members of a set, and the key with the last one.", since: "1.0.0", group: .set,
        complexity: "O(N) for N members", arity: -3, flags: [.write, .fast], categories: .set,
        keys: [.key(1, [.readWrite, .delete])], history: [.init("2.4.0", "Takes several members.")],
        arguments: [.key(), ArgumentSpec("member", .string, .multiple)], handler: run)

    /// Replies how many of the members were there.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let key = arguments[1]
        guard var record = try call.set(key, for: .write) else { return call.reply.integer(0) }
        var removed = 0
        for index in 2..<arguments.count {
            guard let place = record.place(ofMember: arguments[index]) else { continue }
            call.keyspace.removeMember(at: place, of: &record, in: call.database)
            removed += 1
        }
        if removed > 0 {
            call.changed(key, .srem, count: removed)
            call.removeIfEmpty(set: record, key)
        }
        call.reply.integer(removed)
    }
}
