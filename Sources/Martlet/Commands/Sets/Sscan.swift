// SSCAN key cursor [MATCH pattern] [COUNT count]

enum SscanCommand {
    static let spec = CommandSpec(
        "sscan", summary: "Walks over the members of a set, some at a time.", since: "2.8.0", group: .set,
        complexity: "O(1) for each call, O(N) for a walk over N members", arity: -3, flags: .readonly,
        categories: .set, keys: [.key(1, [.readOnly, .access])], tips: ["nondeterministic_output"],
        arguments: [
            .key(), ArgumentSpec("cursor", .integer), ArgumentSpec("pattern", .pattern, token: "MATCH", .optional),
            ArgumentSpec("count", .integer, token: "COUNT", .optional),
        ], handler: run)

    /// Replies the cursor to go on with and an array of members. A set in one block comes in one piece; a member that
    /// is there during the whole walk is returned at least once.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let cursor = parseScanCursor(arguments[2]) else { throw ReplyError("ERR invalid cursor") }
        guard let record = try call.set(arguments[1]) else { return call.replyEmptyScan() }
        let options = try ScanOptions(arguments, from: 3, allowing: .none)
        call.replyScan { reply in
            var count = 0
            func take(_ member: ByteSpan) {
                if let pattern = options.pattern, !globMatches(pattern: arguments[pattern], string: member) { return }
                reply.bulk(member)
                count += 1
            }
            guard record.valueKind == .setTable else {
                record.visitMembers(take)
                return (count, 0)
            }
            let next = record.object(as: SetObject.self).scan(from: cursor, count: options.count) { take($0.key) }
            return (count, next)
        }
    }
}
