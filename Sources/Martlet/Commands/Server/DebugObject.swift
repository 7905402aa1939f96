// DEBUG OBJECT key: where a value lies, how it is encoded, how long it would be in an RDB file.

enum DebugObject {
    /// Replies one status line. Neither uses the key nor removes it when its time is over.
    @Sendable
    static func object(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.keyspace.stored(arguments[2], in: call.database) else { throw .noSuchKey }
        let idle = record.idleSeconds(at: call.keyspace.accessClock)
        var writer = RDBWriter(compresses: call.configuration.rdbCompression)
        writer.append(valueOf: record, as: .storing(record))
        let length = writer.buffer.count
        call.reply.simple(
            "Value at:0x\(String(UInt(bitPattern: record.address), radix: 16)) "
                + "refcount:\(record.referenceCount(sharesNumbers: call.configuration.sharesNumbers)) "
                + "encoding:\(record.valueKind.encoding.name) serializedlength:\(length) "
                + "lru:\(record.access) lru_seconds_idle:\(idle)")
    }

    /// Redis prints the list where the server was started; here it goes to the log.
    @Sendable
    static func listpack(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = call.keyspace.stored(arguments[2], in: call.database) else { throw .noSuchKey }
        guard [.listpack, .listpackex].contains(record.valueKind.encoding) else {
            throw ReplyError("ERR Not a listpack encoded object.")
        }
        record.withPacked { bytes in
            let list = PackedList(bytes)
            var offset = 0
            while offset < bytes.count {
                list.withString(at: offset) {
                    call.server.log.write(.warning, "DEBUG LISTPACK: byte \(offset): \($0.text)")
                }
                offset = list.next(after: offset)
            }
        }
        call.reply.simple("Listpack structure printed to the log")
    }
}
