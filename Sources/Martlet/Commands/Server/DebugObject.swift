// DEBUG OBJECT key: where a value lies, how it is encoded, how long it would be in an RDB file.

enum DebugObject {
    /// Replies one status line. Neither uses the key nor removes it when its time is over.
    @Sendable
    static func object(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.keyspace.stored(arguments[2], in: call.database) else { throw .noSuchKey }
        let idle = record.idleSeconds(at: call.keyspace.accessClock)
        call.reply.simple(
            "Value at:0x\(String(UInt(bitPattern: record.address), radix: 16)) refcount:\(record.referenceCount) "
                + "encoding:\(record.valueKind.encoding.name) serializedlength:\(record.serializedLength) "
                + "lru:\(record.access) lru_seconds_idle:\(idle)")
    }
}

extension Record {
    /// Bytes of the string in an RDB file that is not compressed.
    ///
    ///     the text of an Int32, 11 bytes at most    1 + 1, 2 or 4
    ///     any other                                 1, 2 or 5 for the length, and the bytes
    fileprivate var serializedLength: Int {
        let count = stringCount
        if count <= 11, let number = integerValue {
            if Int8(exactly: number) != nil { return 2 }
            if Int16(exactly: number) != nil { return 3 }
            if Int32(exactly: number) != nil { return 5 }
        }
        return count + (count < 1 << 6 ? 1 : count < 1 << 14 ? 2 : 5)
    }
}
