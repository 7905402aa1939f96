// The types of values in RDB files and DUMP payloads, and the versions of the format. Source: rdb.h of Redis 7.4 and
// Valkey 9.

enum RDBType: UInt8, CaseIterable, Sendable {
    case string = 0
    case list = 1
    case set = 2
    case sortedSet = 3
    case hash = 4
    case sortedSet2 = 5
    case modulePreGA = 6
    case module = 7
    case hashZipmap = 9
    case listZiplist = 10
    case setIntset = 11
    case sortedSetZiplist = 12
    case hashZiplist = 13
    case listQuicklist = 14
    case stream = 15
    case hashListpack = 16
    case sortedSetListpack = 17
    case listQuicklist2 = 18
    case stream2 = 19
    case setListpack = 20
    case stream3 = 21
    /// In Redis's release candidates of 7.4; Valkey from version 80 on means another layout by the same number.
    case hashMetadataPreGA = 22
    case hashListpackExPreGA = 23
    case hashMetadata = 24
    case hashListpackEx = 25

    /// As error messages name it.
    var name: String {
        switch self {
        case .string: "string"
        case .list, .listZiplist, .listQuicklist, .listQuicklist2: "list"
        case .set, .setIntset, .setListpack: "set"
        case .sortedSet, .sortedSet2, .sortedSetZiplist, .sortedSetListpack: "sorted set"
        case .hash, .hashZipmap, .hashZiplist, .hashListpack, .hashMetadataPreGA, .hashListpackExPreGA, .hashMetadata,
            .hashListpackEx:
            "hash"
        case .module, .modulePreGA: "module"
        case .stream, .stream2, .stream3: "stream"
        }
    }
}

/// The version that a file or payload says it has.
struct RDBVersion: Equatable, Sendable {
    let number: Int

    /// What Redis 7.0 and all after it, and Valkey, can read.
    static let common = RDBVersion(number: 10)
    /// With deadlines of fields: Redis from 7.4 on.
    static let fieldDeadlines = RDBVersion(number: 12)

    /// Redis's own up to 7.4's, and Valkey's from 9.0 on.
    var isReadable: Bool { (1...12).contains(number) || (80...81).contains(number) }
    var isValkeys: Bool { number >= 80 }
}

extension RDBType {
    /// What Redis calls the block that values of the type are packed in; nil for those that are not.
    var packedName: String? {
        switch self {
        case .hashZipmap: "Zipmap"
        case .hashZiplist: "Hash ziplist"
        case .hashListpack, .hashListpackEx, .hashListpackExPreGA: "Hash listpack"
        case .setIntset: "Intset"
        case .setListpack: "Set listpack"
        default: nil
        }
    }
}

/// What is wrong with bytes that should be a value, and where.
struct RDBError: Error, Equatable {
    /// From the start of what is read.
    let offset: Int
    let reason: String
    /// There is nothing wrong so far, but the end is missing.
    let isCut: Bool

    init(_ reason: String, at offset: Int, isCut: Bool = false) {
        self.offset = offset
        self.reason = reason
        self.isCut = isCut
    }
}
