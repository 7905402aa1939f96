// What a record's payload is: Redis's types and encodings, packed into the record's kind byte.
//
//   kind: eeee tttt    e = encoding, t = type; the numbers to 12 are Redis's own (OBJ_* in its sources)

enum ValueType: UInt8, CaseIterable, Sendable {
    case string = 0
    case list = 1
    case set = 2
    case sortedSet = 3
    case hash = 4
    case module = 5
    case stream = 6

    /// As TYPE answers and SCAN's TYPE option asks.
    var name: StaticString {
        switch self {
        case .string: "string"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        case .hash: "hash"
        case .module: "module"
        case .stream: "stream"
        }
    }
}

enum ValueEncoding: UInt8, Sendable {
    case raw = 0
    case int = 1
    case hashtable = 2
    case intset = 6
    case embstr = 8
    case listpack = 11
    case listpackex = 12
    /// Ours: a hash table for everybody who asks, and in fact one packed block.
    case packedTable = 13

    /// As OBJECT ENCODING answers.
    var name: StaticString {
        switch self {
        case .raw: "raw"
        case .int: "int"
        case .hashtable, .packedTable: "hashtable"
        case .intset: "intset"
        case .embstr: "embstr"
        case .listpack: "listpack"
        case .listpackex: "listpackex"
        }
    }
}

struct ValueKind: Equatable, Sendable {
    /// As the record has it: comparing kinds takes nothing apart.
    let byte: UInt8

    static let int = ValueKind(type: .string, encoding: .int)
    static let embstr = ValueKind(type: .string, encoding: .embstr)
    static let raw = ValueKind(type: .string, encoding: .raw)

    var type: ValueType {
        guard let type = ValueType(rawValue: byte & 0x0F) else { preconditionFailure("made from a type") }
        return type
    }

    var encoding: ValueEncoding {
        guard let encoding = ValueEncoding(rawValue: byte >> 4) else { preconditionFailure("made from an encoding") }
        return encoding
    }

    init(type: ValueType, encoding: ValueEncoding) { byte = type.rawValue | encoding.rawValue << 4 }

    /// Of a record's kind, which is written from one of these.
    fileprivate init(byte: UInt8) { self.byte = byte }
}

extension Record {
    var valueKind: ValueKind { ValueKind(byte: kind) }
    /// The low bits alone: the check that every command makes first.
    var isString: Bool { kind & 0x0F == ValueType.string.rawValue }
}
