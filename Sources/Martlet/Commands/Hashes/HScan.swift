// HSCAN key cursor [MATCH pattern] [COUNT count] [NOVALUES]

enum HScanCommand {
    static let spec = CommandSpec(
        "hscan", summary: "Walks over the fields of a hash, some at a time.", since: "2.8.0", group: .hash,
        complexity: "O(1) for each call, O(N) for a walk over N fields", arity: -3, flags: .readonly,
        categories: .hash, keys: [.key(1, [.readOnly, .access])], tips: ["nondeterministic_output"],
        history: [.init("7.4.0", "Added the `NOVALUES` option.")],
        arguments: [
            .key(), ArgumentSpec("cursor", .integer), ArgumentSpec("pattern", .pattern, token: "MATCH", .optional),
            ArgumentSpec("count", .integer, token: "COUNT", .optional), .token("NOVALUES", .optional, since: "7.4.0"),
        ], handler: run)

    /// Replies the cursor to go on with and an array of fields and values. A packed hash comes in one piece; a field
    /// that is there during the whole walk is returned at least once.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let cursor = parseScanCursor(arguments[2]) else { throw ReplyError("ERR invalid cursor") }
        guard let record = try call.hash(arguments[1]) else { return call.replyEmptyScan() }
        let options = try ScanOptions(arguments, from: 3, allowing: .noValues)
        let now = call.keyspace.horizon
        call.replyScan { reply in
            var count = 0
            func take(_ field: ByteSpan, _ value: ByteSpan, _ deadline: Int64?) {
                if let deadline, now > deadline { return }
                if let pattern = options.pattern, !globMatches(pattern: arguments[pattern], string: field) { return }
                reply.bulk(field)
                if !options.omitsValues { reply.bulk(value) }
                count += options.omitsValues ? 1 : 2
            }
            guard record.packedFieldWidth == 0 else {
                record.visitFields(take)
                return (count, 0)
            }
            let object = record.object(as: HashObject.self)
            let next = object.scan(from: cursor, count: options.count) { entry in
                take(entry.key, entry.value, entry.hasDeadline ? entry.deadline : nil)
            }
            return (count, next)
        }
    }
}
