// COPY source destination [DB destination-db] [REPLACE]

enum CopyCommand {
    static let spec = CommandSpec(
        "copy", summary: "Copies a key's value and deadline to another key.", since: "6.2.0", group: .generic,
        complexity: "O(N) for a collection of N nested items, O(1) for a string", arity: -3,
        flags: [.write, .denyOOM], categories: .keyspace,
        keys: [.key(1, [.readOnly, .access]), .key(2, [.overwrite, .update])],
        arguments: [
            .key("source"), .key("destination", keySpec: 1),
            ArgumentSpec("destination-db", .integer, token: "DB", .optional), .token("REPLACE", .optional),
        ], handler: run)

    private struct Options {
        var database: Int
        var replaces = false
    }

    /// Replies 1, or 0 when there is nothing to copy or the destination is taken.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let options = try parse(arguments, call)
        if options.database == call.database, arguments[1].equals(arguments[2]) { throw .sameObject }
        guard call.lookup(arguments[1]) != nil else { return call.reply.integer(0) }
        if call.keyspace.lookup(arguments[2], in: options.database, for: .write) != nil {
            guard options.replaces else { return call.reply.integer(0) }
            call.keyspace.remove(arguments[2], in: options.database, lazily: call.keyspace.lazyFree.onServerDelete)
        }
        call.keyspace.copy(arguments[1], in: call.database, to: arguments[2], in: options.database)
        call.changed(arguments[2], .copyTo, in: options.database)
        call.reply.integer(1)
    }

    private static func parse(
        _ arguments: borrowing Arguments, _ call: borrowing CommandCall
    ) throws(ReplyError) -> Options {
        var options = Options(database: call.database)
        var index = 3
        while index < arguments.count {
            if arguments.matches(index, "REPLACE") {
                options.replaces = true
            } else if arguments.matches(index, "DB"), index + 1 < arguments.count {
                index += 1
                options.database = try call.databaseIndex(arguments, at: index)
            } else {
                throw .syntax
            }
            index += 1
        }
        return options
    }
}
