// INCRBYFLOAT key increment

enum IncrByFloatCommand {
    static let spec = CommandSpec(
        "incrbyfloat", summary: "Adds a floating-point number to the number at a key.", since: "2.6.0",
        group: .string, complexity: "O(1)", arity: 3, flags: [.write, .denyOOM, .fast], categories: .string,
        keys: [.key(1, [.readWrite, .access, .update])], arguments: [.key(), ArgumentSpec("increment", .double)],
        handler: run)

    /// Replies with the new number as text; a missing key counts as 0.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let record = try call.string(arguments[1], for: .write)
        let value: ExtendedFloat? =
            if let record { record.withStringBytes { ExtendedFloat($0) } } else { ExtendedFloat(0) }
        guard let value, let increment = ExtendedFloat(arguments[2]) else { throw .notFloat }
        let sum = value + increment
        guard sum.isFinite else { throw ReplyError("ERR increment would produce NaN or Infinity") }
        let text = sum.humanText
        // Even a whole number is stored as text here, as Redis does.
        call.keyspace.setString(arguments[1], to: text.span, as: .text, deadline: .keep, in: call.database)
        call.changed(arguments[1], .incrbyfloat)
        // The sum, for another machine's arithmetic may round in another way.
        call.propagate(wordCount: 4) { log in
            log.append("SET")
            log.append(arguments[1])
            log.append(text.span)
            log.append("KEEPTTL")
        }
        call.reply.bulk(text.span)
    }
}
