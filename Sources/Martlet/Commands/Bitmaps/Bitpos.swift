// BITPOS key bit [start [end [BYTE | BIT]]]

enum BitposCommand {
    static let spec = CommandSpec(
        "bitpos", summary: "Finds the first bit that is set, or clear, in a string.", since: "2.8.7", group: .bitmap,
        complexity: "O(N)", arity: -3, flags: .readonly, categories: .bitmap, keys: [.key(1, [.readOnly, .access])],
        history: [.init("7.0.0", "Takes `BYTE` and `BIT`.")],
        arguments: [
            .key(), ArgumentSpec("bit", .integer),
            .block(
                "index", .optional,
                [
                    ArgumentSpec("start", .integer),
                    .block(
                        "end_index", .optional,
                        [
                            ArgumentSpec("end", .integer),
                            .oneOf("index_unit", .optional, since: "7.0.0", [.token("BYTE"), .token("BIT")]),
                        ]),
                ]),
        ], handler: run)

    /// Replies with the position of the bit in the whole string, or -1. Without an end, zeros follow the string.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let wanted = try arguments.integer(2)
        guard wanted == 0 || wanted == 1 else { throw ReplyError("ERR The bit argument must be 1 or 0.") }
        guard arguments.count <= 6 else { throw .syntax }
        let start = arguments.count > 3 ? try arguments.integer(3) : 0
        let countsBits = arguments.count > 5 ? try arguments.countsBits(5) : false
        let end = arguments.count > 4 ? try arguments.integer(4) : nil

        guard let record = try call.string(arguments[1]) else { return call.reply.integer(wanted == 1 ? -1 : 0) }
        let position = record.withStringBytes { bytes in
            let range = IndexRange(start: start, end: end ?? -1)
            let bits = range.bits(byteCount: bytes.count, countsBits: countsBits)
            if let found = firstBit(wanted == 1, in: bytes, bits: bits) { return found }
            return wanted == 0 && end == nil && !bits.isEmpty ? bytes.count * 8 : -1
        }
        call.reply.integer(position)
    }
}
