// DUMP key

enum DumpCommand {
    static let spec = CommandSpec(
        "dump", summary: "Returns a key's value in a form that RESTORE takes.", since: "2.6.0", group: .generic,
        complexity: "O(1) to find the key and O(N) for a value of N bytes", arity: 2, flags: .readonly,
        categories: .keyspace, keys: [.key(1, [.readOnly, .access])], tips: ["nondeterministic_output"],
        arguments: [.key()], handler: run)

    /// Replies with the payload, or null when there is no such key.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.lookup(arguments[1]) else { return call.reply.null() }
        let payload = DumpPayload.write(record, compresses: call.configuration.rdbCompression)
        call.reply.bulk(payload.bytes)
    }
}
