// HGETALL key
// HKEYS key
// HVALS key
// HLEN key

enum HGetAllCommand {
    static let spec = makeSpec("hgetall", "Returns all fields of a hash with their values.", .both)
    static let keysSpec = makeSpec("hkeys", "Returns the names of all fields of a hash.", .fields)
    static let valuesSpec = makeSpec("hvals", "Returns the values of all fields of a hash.", .values)

    static let countSpec = CommandSpec(
        "hlen", summary: "Returns the number of fields of a hash.", since: "2.0.0", group: .hash, complexity: "O(1)",
        arity: 2, flags: [.readonly, .fast], categories: .hash, keys: [.key(1, [.readOnly])], arguments: [.key()],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            call.reply.integer(try call.hash(arguments[1])?.fieldCount ?? 0)
        })

    private enum Part { case fields, values, both }

    private static func makeSpec(_ name: String, _ summary: String, _ part: Part) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "2.0.0", group: .hash, complexity: "O(N) for N fields", arity: 2,
            flags: .readonly, categories: .hash, keys: [.key(1, [.readOnly, .access])],
            tips: ["nondeterministic_output_order"], arguments: [.key()],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                try run(&call, arguments, part)
            })
    }

    /// Replies a map, or an array of one half of it; empty when the key is missing.
    private static func run(
        _ call: inout CommandCall, _ arguments: borrowing Arguments, _ part: Part
    ) throws(ReplyError) {
        guard let record = try call.hash(arguments[1]) else {
            return part == .both ? call.reply.map(0) : call.reply.array(0)
        }
        if record.timing == .inner { return runTimed(&call, record, part) }
        let count = record.fieldCount
        switch part {
        case .both:
            call.reply.map(count)
            record.visitFields { field, value, _ in
                call.reply.bulk(field)
                call.reply.bulk(value)
            }
        case .fields:
            call.reply.array(count)
            record.visitFields { field, _, _ in call.reply.bulk(field) }
        case .values:
            call.reply.array(count)
            record.visitFields { _, value, _ in call.reply.bulk(value) }
        }
    }

    /// Some fields may be over and not removed yet.
    private static func runTimed(_ call: inout CommandCall, _ record: Record, _ part: Part) {
        let now = call.keyspace.horizon
        call.reply.collect(part == .both ? .map : .array) { reply in
            var count = 0
            record.visitFields { field, value, deadline in
                if let deadline, now > deadline { return }
                count += 1
                if part != .values { reply.bulk(field) }
                if part != .fields { reply.bulk(value) }
            }
            return count
        }
    }
}
