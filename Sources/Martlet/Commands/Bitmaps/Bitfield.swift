// BITFIELD key [GET type offset | [OVERFLOW WRAP | SAT | FAIL] SET type offset value | INCRBY type offset increment
// ...] BITFIELD_RO key [GET type offset ...]
//
// All operations are read first; then the string is made long enough for the farthest write, and they run in order.

enum BitfieldCommands {
    static let bitfield = CommandSpec(
        "bitfield", summary: "Reads and writes integers of any width at any bit of a string.", since: "3.2.0",
        group: .bitmap, complexity: "O(1) for each operation", arity: -2, flags: [.write, .denyOOM],
        categories: .bitmap,
        keys: [
            .key(
                1, [.readWrite, .update, .access, .varying],
                notes: "This command allows both access and modification of the key")
        ],
        keyFlags: keyFlags,
        arguments: [
            .key(),
            .oneOf(
                "operation", [.multiple, .optional],
                [.block("encoding_offset", token: "GET", [], field), .block("write", [], [overflow, write])]),
        ]
    ) { call, arguments throws(ReplyError) in
        try run(arguments, &call, isReadOnly: false)
    }

    static let bitfieldReadOnly = CommandSpec(
        "bitfield_ro", summary: "Reads integers of any width at any bit of a string.", since: "6.0.0",
        group: .bitmap, complexity: "O(1) for each operation", arity: -2, flags: [.readonly, .fast],
        categories: .bitmap, keys: [.key(1, [.readOnly, .access])],
        arguments: [
            .key(), .block("encoding_offset", token: "GET", [.optional, .multiple, .multipleToken], field),
        ]
    ) { call, arguments throws(ReplyError) in
        try run(arguments, &call, isReadOnly: true)
    }

    /// Reads only as long as there is nothing but GET and OVERFLOW; what makes no sense may write.
    @Sendable
    private static func keyFlags(_ arguments: borrowing Arguments) -> KeySpec.Flags {
        var index = 2
        while index < arguments.count {
            let more = arguments.count - index - 1
            if arguments.matches(index, "GET"), more >= 2 {
                index += 3
            } else if arguments.matches(index, "OVERFLOW"), more >= 1 {
                index += 2
            } else {
                return [.readWrite, .access, .update]
            }
        }
        return [.readOnly, .access]
    }

    // MARK: Arguments

    private static let field = [ArgumentSpec("encoding", .string), ArgumentSpec("offset", .integer)]
    private static let overflow = ArgumentSpec(
        "wrap_sat_fail", .oneOf, token: "OVERFLOW", .optional,
        arguments: [.token("WRAP"), .token("SAT"), .token("FAIL")])
    private static let write = ArgumentSpec.oneOf(
        "write_operation", [],
        [
            .block("encoding_offset_value", token: "SET", [], field + [ArgumentSpec("value", .integer)]),
            .block("encoding_offset_increment", token: "INCRBY", [], field + [ArgumentSpec("increment", .integer)]),
        ])

    // MARK: Execution

    /// Replies with one integer per operation: what GET and INCRBY find or make, what SET replaces; null where an
    /// overflow prevented it.
    private static func run(
        _ arguments: borrowing Arguments, _ call: inout CommandCall, isReadOnly: Bool
    ) throws(ReplyError) {
        let operations = try BitfieldOperation.parse(arguments, limit: call.configuration.protoMaxBulkLength)
        guard let end = operations.compactMap(\.writeEnd).max() else {
            let record = try call.string(arguments[1])
            let values = record?.withStringBytes { bytes in operations.map { $0.value(in: bytes) } }
            call.reply.array(operations.count)
            for index in operations.indices { call.reply.integer(values?[index] ?? 0) }
            return
        }
        guard !isReadOnly else { throw ReplyError("ERR BITFIELD_RO only supports the GET subcommand") }
        let count = (end - 1) / 8 + 1
        let grows = try call.string(arguments[1], for: .write)?.stringCount ?? 0 < count
        let results = try call.changeString(arguments[1], minimumCount: count) { bytes in
            var results: [BitfieldOperation.Result] = []
            results.reserveCapacity(operations.count)
            for operation in operations { results.append(operation.perform(on: &bytes)) }
            return results
        }
        call.reply.array(results.count)
        var changes = 0
        for result in results {
            switch result {
            case .read(let value), .written(let value, _): call.reply.integer(value)
            case .overflow: call.reply.null()
            }
            if case .written(_, let isNew) = result, grows || isNew { changes += 1 }
        }
        // A key that was made or grew has changed, although no value may have been written.
        if grows { changes = max(changes, 1) }
        if changes > 0 { call.changed(arguments[1], .setbit, count: changes) }
    }
}
