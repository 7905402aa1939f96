// GETBIT key offset

enum GetbitCommand {
    static let spec = CommandSpec(
        "getbit", summary: "Returns one bit of a string.", since: "2.2.0", group: .bitmap, complexity: "O(1)",
        arity: 3, flags: [.readonly, .fast], categories: .bitmap, keys: [.key(1, [.readOnly, .access])],
        arguments: [.key(), ArgumentSpec("offset", .integer)], handler: run)

    /// Replies with the bit; behind the end of the string all bits are 0.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let offset = try arguments.bitOffset(2, limit: call.configuration.protoMaxBulkLength)
        guard let record = try call.string(arguments[1]) else { return call.reply.integer(0) }
        let bit = record.withStringBytes { unsignedBitfield(in: $0, offset: offset, width: 1) }
        call.reply.integer(bit == 1)
    }
}
