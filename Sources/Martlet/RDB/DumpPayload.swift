// What DUMP gives and RESTORE takes: one value, so that it can travel.
//
//   type (1) | value | version (2, little end first) | CRC-64 of all before (8, little end first)

enum DumpPayload {
    private static let footerCount = 10

    static func write(_ record: Record, compresses: Bool) -> ByteBuffer {
        let type = RDBType.storing(record)
        var writer = RDBWriter(compresses: compresses)
        writer.buffer.append(type.rawValue)
        writer.append(valueOf: record, as: type)
        writer.buffer.appendInteger(Int64(type.version.number), width: 2)
        let checksum = CRC64.of(writer.buffer.bytes)
        writer.buffer.appendInteger(Int64(bitPattern: checksum), width: 8)
        return writer.buffer
    }

    /// The version, if it can be read and the checksum is right.
    static func version(of payload: ByteSpan, checksCRC: Bool = true) -> RDBVersion? {
        guard payload.count > footerCount else { return nil }
        let version = RDBVersion(number: Int(payload.littleEndian(at: payload.count - footerCount, width: 2)))
        guard version.isReadable else { return nil }
        let isIntact =
            !checksCRC
            || payload.littleEndian(at: payload.count - 8, width: 8)
                == CRC64.of(payload.extracting(first: payload.count - 8))
        return isIntact ? version : nil
    }

    /// Reads the value of a payload whose version is `version`.
    static func read(
        _ payload: ByteSpan, version: RDBVersion, for keyspace: inout Keyspace
    ) throws(RDBError) -> LoadedValue {
        var reader = RDBReader(payload.extracting(first: payload.count - footerCount))
        let type = try reader.byte()
        let value = try reader.value(typeNumber: type, version: version, for: &keyspace)
        guard reader.isAtEnd else { throw RDBError("bytes behind the value", at: reader.offset) }
        return value
    }
}
