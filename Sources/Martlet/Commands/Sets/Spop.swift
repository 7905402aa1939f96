// SPOP key [count]

enum SpopCommand {
    static let spec = CommandSpec(
        "spop", summary: "Removes random members of a set and returns them.", since: "1.0.0", group: .set,
        complexity: "O(1) without a count, O(N) for N members", arity: -2, flags: [.write, .fast], categories: .set,
        keys: [.key(1, [.readWrite, .access, .delete])], tips: ["nondeterministic_output"],
        history: [.init("3.2.0", "Added the `count` argument.")],
        arguments: [.key(), ArgumentSpec("count", .integer, since: "3.2.0", .optional)], handler: run)

    /// Replies a member or null, or with a count a set of that many.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count <= 3 else { throw .syntax }
        let key = arguments[1]
        guard arguments.count == 3 else {
            guard var record = try call.set(key, for: .write), let place = call.keyspace.randomPlace(inSet: record)
            else { return call.reply.null() }
            pop(place, from: key, of: &record, &call)
            call.changed(key, .spop)
            call.removeIfEmpty(set: record, key)
            return
        }
        let count = try arguments.integer(2, orThrow: .notPositive)
        guard count >= 0 else { throw .notPositive }
        guard var record = try call.set(key, for: .write), count > 0 else { return call.reply.set(0) }
        let size = record.memberCount
        if count >= size {
            call.reply.set(size)
            record.visitMembers { call.reply.bulk($0) }
            call.changed(key, .spop, count: size)
            call.remove(key)
            call.happened(.del, to: key)
            call.propagate(deletionOf: key, isLazy: call.keyspace.lazyFree.onServerDelete)
            return
        }
        call.reply.set(Int(count))
        for _ in 0..<count {
            guard let place = call.keyspace.randomPlace(inSet: record) else { break }
            pop(place, from: key, of: &record, &call)
        }
        call.changed(key, .spop, count: Int(count))
    }

    /// Which member it was is told by its name: chance would choose another one the next time.
    private static func pop(
        _ place: MemberPlace, from key: ByteSpan, of record: inout Record, _ call: inout CommandCall
    ) {
        record.withMember(at: place) { member in
            call.reply.bulk(member)
            call.propagate("SREM", key, member)
        }
        call.keyspace.removeMember(at: place, of: &record, in: call.database)
    }
}
