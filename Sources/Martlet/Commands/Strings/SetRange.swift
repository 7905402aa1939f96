// SETRANGE key offset value

enum SetRangeCommand {
    static let spec = CommandSpec(
        "setrange", summary: "Overwrites part of a string, filling it up with zeros where it is too short.",
        since: "2.2.0", group: .string,
        complexity: "O(M), M being the length of the value; more when the string must grow and moves.", arity: 4,
        flags: [.write, .denyOOM], categories: .string, keys: [.key(1, [.readWrite, .update])],
        arguments: [.key(), ArgumentSpec("offset", .integer), ArgumentSpec("value", .string)], handler: run)

    /// Replies with the length of the string afterwards. An empty value changes nothing.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let offset = try arguments.integer(2)
        guard offset >= 0 else { throw ReplyError("ERR offset is out of range") }
        let present = try call.string(arguments[1], for: .write)
        let count = arguments[3].count
        guard count > 0 else { return call.reply.integer(present?.stringCount ?? 0) }
        try call.checkStringLength(offset, adding: count)
        // At most proto-max-bulk-len from here on.
        let start = Int(offset)
        let total = try call.changeString(arguments[1], minimumCount: start + count) { bytes in
            bytes.write(arguments[3], at: start)
            return bytes.count
        }
        call.changed(arguments[1], .setrange)
        call.reply.integer(total)
    }
}
