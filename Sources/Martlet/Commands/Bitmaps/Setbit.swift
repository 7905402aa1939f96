// SETBIT key offset value

enum SetbitCommand {
    static let spec = CommandSpec(
        "setbit", summary: "Sets or clears one bit of a string.", since: "2.2.0", group: .bitmap, complexity: "O(1)",
        arity: 4, flags: [.write, .denyOOM], categories: .bitmap, keys: [.key(1, [.readWrite, .access, .update])],
        arguments: [.key(), ArgumentSpec("offset", .integer), ArgumentSpec("value", .integer)], handler: run)

    /// Replies with the bit as it was. The string grows where needed.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let offset = try arguments.bitOffset(2, limit: call.configuration.protoMaxBulkLength)
        let bitError = ReplyError("ERR bit is not an integer or out of range")
        let value = try arguments.integer(3, orThrow: bitError)
        guard value == 0 || value == 1 else { throw bitError }
        let count = offset / 8 + 1
        let oldCount = try call.string(arguments[1], for: .write)?.stringCount ?? 0
        let old = try call.changeString(arguments[1], minimumCount: count) { bytes in
            let old = unsignedBitfield(in: bytes.span, offset: offset, width: 1)
            setBitfield(in: &bytes, offset: offset, width: 1, to: UInt64(value))
            return old
        }
        if oldCount < count || old != UInt64(value) { call.changed(arguments[1], .setbit) }
        call.reply.integer(old == 1)
    }
}
