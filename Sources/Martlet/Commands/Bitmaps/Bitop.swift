// BITOP <AND | OR | XOR | NOT> destkey key [key ...]

enum BitopCommand {
    static let spec = CommandSpec(
        "bitop", summary: "Combines strings bit by bit and keeps the result.", since: "2.6.0", group: .bitmap,
        complexity: "O(N)", arity: -4, flags: [.write, .denyOOM], categories: .bitmap,
        keys: [.key(2, [.overwrite, .update]), .keys(from: 3, [.readOnly, .access])],
        arguments: [
            ArgumentSpec("operation", .string), .key("destkey"), .key("key", .multiple, keySpec: 1),
        ], handler: run)

    private enum Operation {
        case combine(BitOperation)
        case invert
    }

    /// Replies with the length of the result, which is that of the longest source; an empty result deletes the key.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let operation = try parse(arguments)
        var length = 0
        for index in 3..<arguments.count {
            if let source = try call.string(arguments[index]) { length = max(length, source.stringCount) }
        }
        call.reply.integer(length)
        guard length > 0 else {
            if call.remove(arguments[2]) { call.changed(arguments[2], .del) }
            return
        }
        guard let result = LargeBytes(capacity: length), result.resize(to: length) else { throw .noMemoryForString }
        result.withMutableSpan { bytes in
            for index in 3..<arguments.count {
                let source = call.lookup(arguments[index], for: .inspect)
                apply(operation, source, isFirst: index == 3, to: &bytes)
            }
        }
        call.keyspace.setString(arguments[2], to: result.bytes, as: .raw, adopting: result, in: call.database)
        call.changed(arguments[2], .set)
    }

    private static func parse(_ arguments: borrowing Arguments) throws(ReplyError) -> Operation {
        if arguments.matches(1, "AND") { return .combine(.and) }
        if arguments.matches(1, "OR") { return .combine(.or) }
        if arguments.matches(1, "XOR") { return .combine(.xor) }
        guard arguments.matches(1, "NOT") else { throw .syntax }
        guard arguments.count == 4 else {
            throw ReplyError("ERR BITOP NOT must be called with a single source key.")
        }
        return .invert
    }

    /// Works one source into `result`; a missing one is all zeros. The first one meets zeros.
    private static func apply(
        _ operation: Operation, _ source: Record?, isFirst: Bool, to result: inout MutableSpan<UInt8>
    ) {
        let combination: BitOperation =
            switch operation {
            case .combine(let combination) where !isFirst: combination
            case .combine, .invert: .or
            }
        if let source {
            source.withStringBytes { combineBits(combination, $0, into: &result) }
        } else {
            combineBits(combination, ByteSpan(), into: &result)
        }
        if case .invert = operation { invertBits(&result) }
    }
}
