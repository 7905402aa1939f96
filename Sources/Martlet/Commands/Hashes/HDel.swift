// HDEL key field [field ...]

enum HDelCommand {
    static let spec = CommandSpec(
        "hdel", summary: "Removes fields of a hash, and the key with the last one.", since: "2.0.0", group: .hash,
        complexity: "O(N) for N fields", arity: -3, flags: [.write, .fast], categories: .hash,
        keys: [.key(1, [.readWrite, .delete])], history: [.init("2.4.0", "Takes several fields.")],
        arguments: [.key(), ArgumentSpec("field", .string, .multiple)], handler: run)

    /// Replies how many of the fields were there.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let key = arguments[1]
        guard var record = try call.hash(key, for: .write) else { return call.reply.integer(0) }
        var removed = 0
        for index in 2..<arguments.count {
            guard let place = call.place(ofField: arguments[index], in: record) else { continue }
            call.keyspace.removeField(at: place, of: &record, in: call.database)
            removed += 1
        }
        if removed > 0 {
            call.changed(key, .hdel, count: removed)
            call.removeIfEmpty(record, key)
        }
        call.reply.integer(removed)
    }
}
