// SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]

enum ScanCommand {
    static let spec = CommandSpec(
        "scan", summary: "Walks over the keys of the database, some at a time.", since: "2.8.0", group: .generic,
        complexity: "O(1) for each call, O(N) for a walk over N keys", arity: -2,
        flags: [.readonly, .touchesArbitraryKeys], categories: .keyspace,
        tips: ["nondeterministic_output", "request_policy:special"],
        history: [.init("6.0.0", "Added the `TYPE` option.")],
        arguments: [
            ArgumentSpec("cursor", .integer), ArgumentSpec("pattern", .pattern, token: "MATCH", .optional),
            ArgumentSpec("count", .integer, token: "COUNT", .optional),
            ArgumentSpec("type", .string, token: "TYPE", since: "6.0.0", .optional),
        ], handler: run)

    /// Replies the cursor to go on with and an array of keys. A key that is there during the whole walk is returned at
    /// least once. Keys whose time is over are removed instead.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let cursor = parseScanCursor(arguments[1]) else { throw ReplyError("ERR invalid cursor") }
        let options = try ScanOptions(arguments, from: 2, allowing: .type)
        let database = call.database
        var records: [Record] = []
        let next = call.keyspace.scan(from: cursor, count: options.count, in: database) { record in
            if let type = options.type, !arguments.matches(type, record.valueKind.type.name) { return }
            if let pattern = options.pattern, !globMatches(pattern: arguments[pattern], string: record.key) { return }
            records.append(record)
        }
        records.removeAll { call.keyspace.expireIfOver($0, in: database) }
        call.reply.array(2)
        // Below 2^48.
        call.reply.bulk(Int64(next))
        call.reply.array(records.count)
        for record in records { call.reply.bulk(record.key) }
    }
}
