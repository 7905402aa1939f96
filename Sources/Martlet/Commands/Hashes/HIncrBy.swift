// HINCRBY key field increment
// HINCRBYFLOAT key field increment

enum HIncrByCommand {
    static let spec = makeSpec(
        "hincrby", "Adds a number to the integer in a field of a hash.", since: "2.0.0", .integer, handler: add)
    static let floatSpec = makeSpec(
        "hincrbyfloat", "Adds a floating-point number to the number in a field of a hash.", since: "2.6.0", .double,
        handler: addFloat)

    private static func makeSpec(
        _ name: String, _ summary: String, since: String, _ kind: ArgumentSpec.Kind, handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .hash, complexity: "O(1)", arity: 4,
            flags: [.write, .denyOOM, .fast], categories: .hash, keys: [.key(1, [.readWrite, .access, .update])],
            arguments: [.key(), ArgumentSpec("field", .string), ArgumentSpec("increment", kind)], handler: handler)
    }

    /// Replies the sum; a missing field counts as 0. The field keeps its deadline.
    @Sendable
    private static func add(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let increment = try arguments.integer(3)
        let record = try call.hash(arguments[1], for: .write)
        var value: Int64 = 0
        if let record, let place = call.place(ofField: arguments[2], in: record) {
            guard let present = record.withValue(at: place, { parseInt64($0) }) else {
                throw ReplyError("ERR hash value is not an integer")
            }
            value = present
        }
        let (sum, overflow) = value.addingReportingOverflow(increment)
        guard !overflow else { throw ReplyError("ERR increment or decrement would overflow") }
        withDecimal(sum) { text in
            _ = call.setField(arguments[2], to: text, of: arguments[1], record, keepsDeadline: true)
        }
        call.changed(arguments[1], .hincrby)
        call.reply.integer(sum)
    }

    /// Replies the sum as text; a missing field counts as 0. The field keeps its deadline.
    @Sendable
    private static func addFloat(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let increment = ExtendedFloat(arguments[3]) else { throw .notFloat }
        guard increment.isFinite else { throw ReplyError("ERR value is NaN or Infinity") }
        let record = try call.hash(arguments[1], for: .write)
        var value = ExtendedFloat(0)
        if let record, let place = call.place(ofField: arguments[2], in: record) {
            guard let present = record.withValue(at: place, { ExtendedFloat($0) }) else {
                throw ReplyError("ERR hash value is not a float")
            }
            value = present
        }
        let sum = value + increment
        guard sum.isFinite else { throw ReplyError("ERR increment would produce NaN or Infinity") }
        let text = sum.humanText
        _ = call.setField(arguments[2], to: text.span, of: arguments[1], record, keepsDeadline: true)
        call.changed(arguments[1], .hincrbyfloat)
        propagate(arguments, sum: text.span, &call)
        call.reply.bulk(text.span)
    }

    /// The sum, for another machine's arithmetic may round in another way; and HSET takes the deadline away.
    private static func propagate(_ arguments: borrowing Arguments, sum: ByteSpan, _ call: inout CommandCall) {
        call.propagate(wordCount: 4) { log in
            log.append("HSET")
            log.append(arguments[1])
            log.append(arguments[2])
            log.append(sum)
        }
        guard let record = call.lookup(arguments[1], for: .inspect),
            let place = call.place(ofField: arguments[2], in: record), let deadline = record.deadline(at: place)
        else { return }
        call.propagate(deadline: deadline, of: [2], of: arguments)
    }
}
