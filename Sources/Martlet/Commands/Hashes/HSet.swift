// HSET key field value [field value ...]
// HMSET key field value [field value ...]
// HSETNX key field value

enum HSetCommand {
    static let spec = CommandSpec(
        "hset", summary: "Sets fields of a hash, creating the key when it is missing.", since: "2.0.0", group: .hash,
        complexity: "O(1) for each field", arity: -4, flags: [.write, .denyOOM, .fast], categories: .hash,
        keys: [.key(1, [.readWrite, .update])], history: [.init("4.0.0", "Takes several fields.")],
        arguments: pairs,
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            call.reply.integer(try set(arguments, &call))
        })

    static let multipleSpec = CommandSpec(
        "hmset", summary: "Sets fields of a hash.", since: "2.0.0", group: .hash, complexity: "O(1) for each field",
        arity: -4, flags: [.write, .denyOOM, .fast], categories: .hash, keys: [.key(1, [.readWrite, .update])],
        deprecation: .init(since: "4.0.0", replacedBy: "`HSET` with several fields"), arguments: pairs,
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            _ = try set(arguments, &call)
            call.reply.ok()
        })

    static let ifAbsentSpec = CommandSpec(
        "hsetnx", summary: "Sets a field of a hash unless it is there.", since: "2.0.0", group: .hash,
        complexity: "O(1)", arity: 4, flags: [.write, .denyOOM, .fast], categories: .hash,
        keys: [.key(1, [.readWrite, .insert])],
        arguments: [.key(), ArgumentSpec("field", .string), ArgumentSpec("value", .string)], handler: setIfAbsent)

    private static let pairs: [ArgumentSpec] = [
        .key(),
        .block("data", .multiple, [ArgumentSpec("field", .string), ArgumentSpec("value", .string)]),
    ]

    /// Returns how many fields are new.
    private static func set(_ arguments: borrowing Arguments, _ call: inout CommandCall) throws(ReplyError) -> Int {
        guard arguments.count % 2 == 0 else { throw .wrongArity(call.commandName) }
        let key = arguments[1]
        var created = 0
        if var record = try call.hash(key, for: .write) {
            for index in stride(from: 2, to: arguments.count, by: 2) {
                let isNew = call.keyspace.setField(
                    arguments[index], to: arguments[index + 1], of: &record, in: call.database)
                if isNew { created += 1 }
            }
        } else {
            var fields = call.keyspace.makeFields()
            for index in stride(from: 2, to: arguments.count, by: 2) {
                if fields.append(field: arguments[index], value: arguments[index + 1]) {
                    created += 1
                } else {
                    fields.update(field: arguments[index], value: arguments[index + 1])
                }
            }
            call.keyspace.insertHash(key, fields, in: call.database)
        }
        call.changed(key, .hset, count: (arguments.count - 2) / 2)
        return created
    }

    /// Replies 1, or 0 when the field is there.
    @Sendable
    private static func setIfAbsent(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        let record = try call.hash(arguments[1], for: .write)
        if let record, call.place(ofField: arguments[2], in: record) != nil { return call.reply.integer(0) }
        _ = call.setField(arguments[2], to: arguments[3], of: arguments[1], record)
        call.changed(arguments[1], .hset)
        call.reply.integer(1)
    }
}
