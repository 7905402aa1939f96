// HGET key field
// HMGET key field [field ...]
// HSTRLEN key field
// HEXISTS key field

enum HGetCommand {
    static let spec = makeSpec("hget", "Returns the value of a field of a hash.", handler: get)
    static let lengthSpec = makeSpec(
        "hstrlen", "Returns the length of the value of a field.", since: "3.2.0", access: [.readOnly], handler: length)
    static let existsSpec = makeSpec(
        "hexists", "Tells whether a hash has a field.", access: [.readOnly], handler: exists)

    static let multipleSpec = CommandSpec(
        "hmget", summary: "Returns the values of fields of a hash.", since: "2.0.0", group: .hash,
        complexity: "O(N) for N fields", arity: -3, flags: [.readonly, .fast], categories: .hash,
        keys: [.key(1, [.readOnly, .access])], arguments: [.key(), ArgumentSpec("field", .string, .multiple)],
        handler: getMultiple)

    private static func makeSpec(
        _ name: String, _ summary: String, since: String = "2.0.0", access: KeySpec.Flags = [.readOnly, .access],
        handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .hash, complexity: "O(1)", arity: 3,
            flags: [.readonly, .fast], categories: .hash, keys: [.key(1, access)],
            arguments: [.key(), ArgumentSpec("field", .string)], handler: handler)
    }

    /// Replies the value, or null.
    @Sendable
    private static func get(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = try call.hash(arguments[1]) else { return call.reply.null() }
        call.reply(valueAt: call.place(ofField: arguments[2], in: record), of: record)
    }

    /// Replies an array with a value or null for each field.
    @Sendable
    private static func getMultiple(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        let record = try call.hash(arguments[1])
        call.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            guard let record else {
                call.reply.null()
                continue
            }
            call.reply(valueAt: call.place(ofField: arguments[index], in: record), of: record)
        }
    }

    /// Replies the value's length, 0 for a missing field.
    @Sendable
    private static func length(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = try call.hash(arguments[1]), let place = call.place(ofField: arguments[2], in: record)
        else { return call.reply.integer(0) }
        call.reply.integer(record.withValue(at: place) { $0.count })
    }

    /// Replies 1 or 0.
    @Sendable
    private static func exists(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let record = try call.hash(arguments[1])
        call.reply.integer(record.map { call.place(ofField: arguments[2], in: $0) != nil } ?? false)
    }
}
