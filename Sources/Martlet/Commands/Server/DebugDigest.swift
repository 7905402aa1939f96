// DEBUG DIGEST, DEBUG DIGEST-VALUE key ...: digests of the data, equal to those of a Redis that holds the same.
//
//   mix(x):  digest = SHA1(digest ^ SHA1(x))      for what has an order
//   add(x):  digest = digest ^ SHA1(x)            for what has none
//
//   value:    mix(type number, 4 bytes), then the content (a string: mix), then add("!!expire!!") if it has a deadline
//   key:      mix(name), then the value
//   data set: for each database that is not empty: mix(its number, 4 bytes), then add(digest of key) for each key
//
// Numbers are big-endian. Keys whose time is over count as long as they are there.

enum DebugDigest {
    @Sendable
    static func digest(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var digest = DataDigest()
        for number in 0..<call.keyspace.databases.count where call.keyspace.count(in: number) > 0 {
            digest.mix(UInt32(truncatingIfNeeded: number))
            call.keyspace.visitAll(in: number) { record in
                var single = DataDigest()
                single.mix(record.key)
                single.mixValue(of: record)
                digest.add(single)
            }
        }
        call.reply.simple(digest.text)
    }

    /// A key that does not exist has zeros for a digest.
    @Sendable
    static func digestValue(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.array(arguments.count - 2)
        for index in 2..<arguments.count {
            var digest = DataDigest()
            if let record = call.keyspace.stored(arguments[index], in: call.database) { digest.mixValue(of: record) }
            call.reply.simple(digest.text)
        }
    }
}

/// A digest that grows with what it is fed.
struct DataDigest {
    private var value = SHA1.Digest.zero

    /// Forty lower-case hexadecimal digits.
    var text: String { String(decoding: value.hexText, as: UTF8.self) }

    mutating func add(_ bytes: ByteSpan) { value ^= SHA1.digest(of: bytes) }

    mutating func add(_ other: DataDigest) { add(other.value.bytes.span) }

    mutating func mix(_ bytes: ByteSpan) {
        add(bytes)
        value = SHA1.digest(of: value.bytes.span)
    }

    mutating func mix(_ number: UInt32) {
        let bytes = (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        mix(bytes.span)
    }

    /// Mixes in the record's type, its value and whether it has a deadline, not its name.
    mutating func mixValue(of record: Record) {
        mix(UInt32(record.valueKind.type.rawValue))
        if record.isString {
            record.withStringBytes { mix($0) }
        } else if record.isSet {
            record.visitMembers { add($0) }
        } else if record.isHash {
            // Field by field, so that their order does not matter.
            record.visitFields { field, value, _ in
                var pair = DataDigest()
                pair.mix(field)
                pair.mix(value)
                add(pair)
            }
        }
        if record.hasDeadline { add("!!expire!!".utf8.span) }
    }
}
