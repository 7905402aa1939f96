// What the keyspace should hold, as dictionaries, and what each command should reply. Nothing in here is clever.

@testable import Martlet

struct KeyspaceModel {
    struct Entry {
        var value: [UInt8]
        var deadline: Int64?
    }

    var databases = [[String: Entry]](repeating: [:], count: KeyspaceModel.databaseCount)
    var selected = 0
    var now = TestServer.start

    static let databaseCount = 4

    /// Forgets what is over: a key lives through the millisecond of its deadline.
    mutating func removeExpired() {
        for number in databases.indices {
            databases[number] = databases[number].filter { $0.value.deadline.map { $0 >= now } ?? true }
        }
    }

    subscript(key: String) -> Entry? {
        get { databases[selected][key] }
        set { databases[selected][key] = newValue }
    }

    mutating func reply(to command: Command) -> RESPValue {
        removeExpired()
        switch command {
        case .set(let key, let value, let milliseconds, let keeps):
            let deadline = keeps ? self[key]?.deadline : milliseconds.map { now + $0 }
            self[key] = Entry(value: value, deadline: deadline)
            return .ok
        case .get(let key): return self[key].map { .bulkString($0.value) } ?? .null
        case .append(let key, let value):
            let entry = self[key] ?? Entry(value: [], deadline: nil)
            self[key] = Entry(value: entry.value + value, deadline: entry.deadline)
            return .integer(Int64(entry.value.count + value.count))
        case .del(let keys, _):
            let present = Set(keys).filter { self[$0] != nil }
            for key in present { self[key] = nil }
            return .integer(Int64(present.count))
        case .expire(let key, let milliseconds): return expire(key, milliseconds)
        case .persist(let key):
            guard self[key]?.deadline != nil else { return 0 }
            self[key]?.deadline = nil
            return 1
        case .timeToLive(let key):
            guard let entry = self[key] else { return -2 }
            return .integer(entry.deadline.map { $0 - now } ?? -1)
        case .rename(let key, let newKey, let onlyIfAbsent): return rename(key, newKey, onlyIfAbsent)
        case .copy(let key, let newKey, let number, let replaces): return copy(key, newKey, number, replaces)
        case .move(let key, let number): return move(key, number)
        case .swap(let first, let second):
            databases.swapAt(first, second)
            return .ok
        case .flush(let all, _):
            for number in databases.indices where all || number == selected { databases[number] = [:] }
            return .ok
        case .select(let number):
            selected = number
            return .ok
        case .size: return .integer(Int64(databases[selected].count))
        }
    }

    private mutating func expire(_ key: String, _ milliseconds: Int64) -> RESPValue {
        guard self[key] != nil else { return 0 }
        let deadline = now + milliseconds
        if milliseconds <= 0 { self[key] = nil } else { self[key]?.deadline = deadline }
        return 1
    }

    private mutating func rename(_ key: String, _ newKey: String, _ onlyIfAbsent: Bool) -> RESPValue {
        guard let entry = self[key] else { return .error("ERR no such key") }
        if key == newKey || (onlyIfAbsent && self[newKey] != nil) { return onlyIfAbsent ? 0 : .ok }
        self[key] = nil
        self[newKey] = entry
        return onlyIfAbsent ? 1 : .ok
    }

    private mutating func copy(_ key: String, _ newKey: String, _ number: Int, _ replaces: Bool) -> RESPValue {
        if number == selected, key == newKey {
            return .error("ERR source and destination objects are the same")
        }
        guard let entry = self[key], replaces || databases[number][newKey] == nil else { return 0 }
        databases[number][newKey] = entry
        return 1
    }

    private mutating func move(_ key: String, _ number: Int) -> RESPValue {
        if number == selected { return .error("ERR source and destination objects are the same") }
        guard let entry = self[key], databases[number][key] == nil else { return 0 }
        self[key] = nil
        databases[number][key] = entry
        return 1
    }
}

extension KeyspaceModel {
    enum Command {
        case set(String, [UInt8], milliseconds: Int64?, keepsDeadline: Bool)
        case get(String)
        case append(String, [UInt8])
        case del([String], lazily: Bool)
        case expire(String, Int64)
        case persist(String)
        case timeToLive(String)
        case rename(String, String, onlyIfAbsent: Bool)
        case copy(String, String, database: Int, replaces: Bool)
        case move(String, database: Int)
        case swap(Int, Int)
        case flush(all: Bool, lazily: Bool)
        case select(Int)
        case size

        var words: [any RESPArgument] {
            switch self {
            case .set(let key, let value, let milliseconds, let keeps):
                let options: [any RESPArgument] = keeps ? ["KEEPTTL"] : milliseconds.map { ["PX", "\($0)"] } ?? []
                return ["SET", key, value] + options
            case .get(let key): return ["GET", key]
            case .append(let key, let value): return ["APPEND", key, value]
            case .del(let keys, let lazily): return [lazily ? "UNLINK" : "DEL"] + keys
            case .expire(let key, let milliseconds): return ["PEXPIRE", key, "\(milliseconds)"]
            case .persist(let key): return ["PERSIST", key]
            case .timeToLive(let key): return ["PTTL", key]
            case .rename(let key, let newKey, let absent): return [absent ? "RENAMENX" : "RENAME", key, newKey]
            case .copy(let key, let newKey, let number, let replaces):
                return ["COPY", key, newKey, "DB", "\(number)"] + (replaces ? ["REPLACE"] : [])
            case .move(let key, let number): return ["MOVE", key, "\(number)"]
            case .swap(let first, let second): return ["SWAPDB", "\(first)", "\(second)"]
            case .flush(let all, let lazily): return [all ? "FLUSHALL" : "FLUSHDB", lazily ? "ASYNC" : "SYNC"]
            case .select(let number): return ["SELECT", "\(number)"]
            case .size: return ["DBSIZE"]
            }
        }

        static func random(using dice: inout SeededRandom) -> Command {
            let (key, other) = (randomKey(&dice), randomKey(&dice))
            let database = dice.below(databaseCount)
            let coin = dice.below(2) == 0
            switch dice.below(100) {
            case 0..<30:
                let milliseconds = coin ? Int64(1 + dice.below(dice.below(2) == 0 ? 300 : 100_000)) : nil
                return .set(
                    key, randomValue(&dice), milliseconds: milliseconds, keepsDeadline: dice.below(8) == 0)
            case 30..<40: return .get(key)
            case 40..<48: return .append(key, randomValue(&dice))
            case 48..<56: return .del([key, other], lazily: coin)
            case 56..<66: return .expire(key, Int64(dice.below(400)) - 20)
            case 66..<71: return .persist(key)
            case 71..<74: return .timeToLive(key)
            case 74..<81: return .rename(key, other, onlyIfAbsent: coin)
            case 81..<88: return .copy(key, other, database: database, replaces: coin)
            case 88..<93: return .move(key, database: database)
            case 93..<95: return .swap(database, dice.below(databaseCount))
            case 95..<98: return .select(database)
            case 98: return .size
            default: return dice.below(5) == 0 ? .flush(all: dice.below(4) == 0, lazily: coin) : .size
            }
        }

        private static func randomKey(_ dice: inout SeededRandom) -> String {
            let number = dice.below(120)
            return number == 0 ? String(repeating: "long", count: 20_000) : "key:\(number)"
        }

        /// Numbers, short and longer strings, and such as have memory of their own.
        private static func randomValue(_ dice: inout SeededRandom) -> [UInt8] {
            let letter = UInt8(97 + dice.below(26))
            switch dice.below(20) {
            case 0..<6: return Array("\(dice.below(100_000))".utf8)
            case 6..<14: return [UInt8](repeating: letter, count: dice.below(60))
            case 14..<18: return [UInt8](repeating: letter, count: dice.below(5000))
            default: return [UInt8](repeating: letter, count: 4000 + dice.below(90_000))
            }
        }
    }
}
