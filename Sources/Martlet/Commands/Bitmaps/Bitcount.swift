// BITCOUNT key [start end [BYTE | BIT]]

enum BitcountCommand {
    static let spec = CommandSpec(
        "bitcount", summary: "Counts the bits that are set in a string.", since: "2.6.0", group: .bitmap,
        complexity: "O(N)", arity: -2, flags: .readonly, categories: .bitmap, keys: [.key(1, [.readOnly, .access])],
        history: [.init("7.0.0", "Takes `BYTE` and `BIT`.")],
        arguments: [
            .key(),
            .block(
                "index", .optional,
                [
                    ArgumentSpec("start", .integer), ArgumentSpec("end", .integer),
                    .oneOf("index_unit", .optional, since: "7.0.0", [.token("BYTE"), .token("BIT")]),
                ]),
        ], handler: run)

    /// Replies with the number of bits; 0 when the key does not exist.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var range = IndexRange.all
        var countsBits = false
        switch arguments.count {
        case 2: break
        case 4, 5:
            range = try arguments.indexRange(2, 3)
            if arguments.count == 5 { countsBits = try arguments.countsBits(4) }
        default: throw .syntax
        }
        guard let record = try call.string(arguments[1]), !range.isBackward else { return call.reply.integer(0) }
        let count = record.withStringBytes { bytes in
            popcount(bytes, bits: range.bits(byteCount: bytes.count, countsBits: countsBits))
        }
        call.reply.integer(count)
    }
}
