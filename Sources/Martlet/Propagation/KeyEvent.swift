// The events of keyspace notifications and the classes that `notify-keyspace-events` chooses among. Source: Redis's
// page on keyspace notifications.

struct KeyEventClasses: OptionSet, Sendable {
    let rawValue: UInt16

    /// K and E: on which kind of channel.
    static let keyspace = KeyEventClasses(rawValue: 1 << 0)
    static let keyevent = KeyEventClasses(rawValue: 1 << 1)
    static let generic = KeyEventClasses(rawValue: 1 << 2)
    static let string = KeyEventClasses(rawValue: 1 << 3)
    static let list = KeyEventClasses(rawValue: 1 << 4)
    static let set = KeyEventClasses(rawValue: 1 << 5)
    static let hash = KeyEventClasses(rawValue: 1 << 6)
    static let sortedSet = KeyEventClasses(rawValue: 1 << 7)
    static let expired = KeyEventClasses(rawValue: 1 << 8)
    static let evicted = KeyEventClasses(rawValue: 1 << 9)
    static let stream = KeyEventClasses(rawValue: 1 << 10)
    static let module = KeyEventClasses(rawValue: 1 << 11)
    /// Not part of A.
    static let keyMiss = KeyEventClasses(rawValue: 1 << 12)
    static let new = KeyEventClasses(rawValue: 1 << 13)
}

extension KeyEventClasses {
    private static let letters: [(Character, KeyEventClasses)] = [
        ("K", .keyspace), ("E", .keyevent), ("g", .generic), ("$", .string), ("l", .list), ("s", .set), ("h", .hash),
        ("z", .sortedSet), ("x", .expired), ("e", .evicted), ("t", .stream), ("d", .module), ("m", .keyMiss),
        ("n", .new),
    ]

    /// The classes that the letters of `notify-keyspace-events` name; none without K or E, which would publish nothing.
    init(letters: String) {
        var chosen: KeyEventClasses = []
        for (letter, classes) in Self.letters {
            let isInAll = letters.contains("A") && !"KEmn".contains(letter)
            if isInAll || letters.contains(letter) { chosen.formUnion(classes) }
        }
        self = chosen.isDisjoint(with: [.keyspace, .keyevent]) ? [] : chosen
    }
}

/// What can happen to a key, named as its event is.
enum KeyEvent: String, Sendable, CaseIterable {
    // generic
    case del
    case expire
    case persist
    case renameFrom = "rename_from"
    case renameTo = "rename_to"
    case moveFrom = "move_from"
    case moveTo = "move_to"
    case copyTo = "copy_to"
    case restore
    // string
    case set
    case setrange
    case incrby
    case incrbyfloat
    case append
    case setbit
    // hash
    case hset
    case hincrby
    case hincrbyfloat
    case hdel
    case hexpire
    case hexpired
    case hpersist
    // set
    case sadd
    case srem
    case spop
    case sinterstore
    case sunionstore
    case sdiffstore
    // classes of their own
    case expired
    case evicted
    case keyMiss = "keymiss"
    case new

    var eventClass: KeyEventClasses {
        switch self {
        case .del, .expire, .persist, .renameFrom, .renameTo, .moveFrom, .moveTo, .copyTo, .restore: .generic
        case .set, .setrange, .incrby, .incrbyfloat, .append, .setbit: .string
        case .hset, .hincrby, .hincrbyfloat, .hdel, .hexpire, .hexpired, .hpersist: .hash
        case .sadd, .srem, .spop, .sinterstore, .sunionstore, .sdiffstore: .set
        case .expired: .expired
        case .evicted: .evicted
        case .keyMiss: .keyMiss
        case .new: .new
        }
    }
}
