// GETRANGE key start end, and SUBSTR, its older spelling.

enum GetRangeCommands {
    static let getRange = CommandSpec(
        "getrange", summary: "Returns part of the string at a key.", since: "2.4.0", group: .string,
        complexity: "O(N), N being the length of the part", arity: 4, flags: .readonly, categories: .string,
        keys: [.key(1, [.readOnly, .access])], arguments: words, handler: run)

    static let substr = CommandSpec(
        "substr", summary: "Returns part of the string at a key.", since: "1.0.0", group: .string,
        complexity: "O(N), N being the length of the part", arity: 4, flags: .readonly, categories: .string,
        keys: [.key(1, [.readOnly, .access])], deprecation: .init(since: "2.0.0", replacedBy: "`GETRANGE`"),
        arguments: words, handler: run)

    private static let words: [ArgumentSpec] = [.key(), ArgumentSpec("start", .integer), ArgumentSpec("end", .integer)]

    /// Replies with the part, empty when there is none.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let range = try arguments.indexRange(2, 3)
        guard let record = try call.string(arguments[1]), !range.isBackward else { return call.reply.bulk("") }
        record.withStringBytes { bytes in
            call.reply.bulk(bytes.extracting(range.positions(count: bytes.count)))
        }
    }
}
