// The frame of an RDB file around its keys.
//
//   "REDIS" + 4 digits (Valkey from version 80 on: "VALKEY" + 3 digits)
//   AUX name value ...                                     facts about the file
//   for each database: SELECTDB number, RESIZEDB keys keys-with-deadlines,
//     then for each key: [EXPIRETIME_MS milliseconds] [IDLE seconds | FREQ count] type key value
//   EOF, CRC-64 of all before (8 bytes; zeros: none was made)
//
// Source: rdb.h of Redis 7.4 and Valkey 9.

enum RDBOpcode {
    static let slotInfo: UInt8 = 244
    static let function2: UInt8 = 245
    static let functionPreGA: UInt8 = 246
    static let moduleAux: UInt8 = 247
    static let idle: UInt8 = 248
    static let frequency: UInt8 = 249
    static let aux: UInt8 = 250
    static let resizeDB: UInt8 = 251
    static let expireMilliseconds: UInt8 = 252
    static let expireSeconds: UInt8 = 253
    static let selectDB: UInt8 = 254
    static let end: UInt8 = 255
}

extension RDBVersion {
    private static let redis = Array("REDIS".utf8)
    private static let valkey = Array("VALKEY".utf8)
    static let headerCount = 9

    var header: [UInt8] { Array((isValkeys ? "VALKEY" : "REDIS").utf8) + digits }

    private var digits: [UInt8] {
        let text = Array("\(number)".utf8)
        let width = isValkeys ? 3 : 4
        return [UInt8](repeating: UInt8(ascii: "0"), count: max(0, width - text.count)) + text
    }

    /// Whether a file that begins with these bytes says that it is an RDB file.
    static func isHeader(_ bytes: [UInt8]) -> Bool { bytes.starts(with: redis) || bytes.starts(with: valkey) }

    /// The version that a file's first nine bytes name; nil when they are no RDB file's.
    init?(header: ByteSpan) {
        guard header.count == Self.headerCount else { return nil }
        let bytes = header.copied()
        let digits: ArraySlice<UInt8>
        if bytes.starts(with: Self.redis) {
            digits = bytes[5...]
        } else if bytes.starts(with: Self.valkey) {
            digits = bytes[6...]
        } else {
            return nil
        }
        guard let number = Int(String(decoding: digits, as: UTF8.self)), number >= 0 else { return nil }
        self.init(number: number)
    }
}
