// Looking inside a fake, and putting data there, without a client.

import Foundation
import Martlet

/// What a key holds. Bytes that are not UTF-8 become replacement characters; ``FakeDatabase/bytes(_:)`` keeps them.
public enum FakeValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral,
    ExpressibleByArrayLiteral
{
    case string(String)
    case hash([String: String])
    case set(Set<String>)

    /// A string.
    public init(stringLiteral text: String) { self = .string(text) }
    /// A hash.
    public init(dictionaryLiteral fields: (String, String)...) {
        self = .hash(Dictionary(fields) { _, later in later })
    }
    /// A set.
    public init(arrayLiteral members: String...) { self = .set(Set(members)) }

    /// The words that make a key hold this.
    func words(_ key: String) -> [any RESPArgument] {
        switch self {
        case .string(let text): ["SET", key, text]
        case .hash(let fields): ["HSET", key] + fields.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        case .set(let members): ["SADD", key] + members.sorted()
        }
    }

    var isEmpty: Bool {
        switch self {
        case .string: false
        case .hash(let fields): fields.isEmpty
        case .set(let members): members.isEmpty
        }
    }
}

/// One of a fake's databases. Nothing of what is done here is counted, logged, met by faults or seen by CLIENT LIST; it
/// happens as commands do otherwise, with events and all.
public struct FakeDatabase: Sendable {
    let fake: MartletFake
    let number: Int

    /// A key's value; nil when there is none. Set to nil, or to something empty, the key goes. A new value has no
    /// deadline.
    public subscript(key: String) -> FakeValue? {
        get { value(key) }
        nonmutating set {
            run("DEL", key)
            if let newValue, !newValue.isEmpty { _ = run(newValue.words(key)) }
        }
    }

    private func value(_ key: String) -> FakeValue? {
        switch run("TYPE", key)?.string {
        case "string": return bytes(key).map { .string(String(decoding: $0, as: UTF8.self)) }
        case "hash":
            guard case .map(let pairs) = run("HGETALL", key) else { return nil }
            return .hash(Dictionary(pairs.map { (Self.text($0.key), Self.text($0.value)) }) { _, later in later })
        case "set":
            return .set(Set((run("SMEMBERS", key)?.elements ?? []).map(Self.text)))
        default: return nil
        }
    }

    /// A string's bytes; nil when the key holds none.
    public func bytes(_ key: String) -> [UInt8]? {
        guard case .bulkString(let bytes)? = run("GET", key) else { return nil }
        return bytes
    }

    /// All keys, sorted.
    public var keys: [String] { (run("KEYS", "*")?.elements ?? []).map(Self.text).sorted() }

    /// How long a key lives; nil when it lives for ever, or does not.
    public func timeToLive(_ key: String) -> Duration? { Self.duration(run("PTTL", key)?.integer) }

    /// How long a hash's field lives; nil when it lives for ever, or does not.
    public func timeToLive(_ key: String, field: String) -> Duration? {
        Self.duration(run("HPTTL", key, "FIELDS", 1, field)?.elements?.first?.integer)
    }

    /// Gives a key a deadline, so much from now by the fake's clock; nil takes it away.
    ///
    /// - Returns: false when there is no such key.
    @discardableResult
    public func expire(_ key: String, in duration: Duration?) -> Bool {
        guard let duration else { return run("PERSIST", key) != nil && run("EXISTS", key) == .integer(1) }
        return run("PEXPIRE", key, Int(duration.milliseconds)) == .integer(1)
    }

    private static func duration(_ milliseconds: Int64?) -> Duration? {
        guard let milliseconds, milliseconds >= 0 else { return nil }
        return .milliseconds(milliseconds)
    }

    static func text(_ value: RESPValue) -> String {
        if case .bulkString(let bytes) = value { return String(decoding: bytes, as: UTF8.self) }
        return value.string ?? ""
    }

    // MARK: Commands

    @discardableResult
    func run(_ words: any RESPArgument...) -> RESPValue? { run(words) }

    /// Nil when the fake has stopped.
    func run(_ words: [any RESPArgument]) -> RESPValue? {
        guard let connection = try? fake.server.connectUnseen() else { return nil }
        if number != 0 { _ = try? connection.send("SELECT", number) }
        return try? connection.send(words)
    }
}

extension MartletFake {
    /// One of the databases that SELECT chooses from.
    public func database(_ number: Int) -> FakeDatabase { FakeDatabase(fake: self, number: number) }

    /// A key of database 0; see ``FakeDatabase/subscript(_:)``.
    public subscript(key: String) -> FakeValue? {
        get { database(0)[key] }
        set { database(0)[key] = newValue }
    }

    /// The keys of database 0, sorted.
    public var keys: [String] { database(0).keys }

    /// How long a key of database 0 lives; nil when it lives for ever, or does not.
    public func timeToLive(_ key: String) -> Duration? { database(0).timeToLive(key) }

    /// Removes all keys of all databases.
    public func removeAll() { database(0).run("FLUSHALL") }

    // MARK: The whole

    /// All data as they are now; see ``restore(_:)``.
    ///
    /// - Throws: when a background save is under way.
    public func snapshot() throws -> FakeSnapshot { FakeSnapshot(rdb: try server.snapshot()) }

    /// Replaces all data by those of a snapshot, of this fake or of another.
    ///
    /// - Throws: when the snapshot is no RDB file that Martlet can read.
    public func restore(_ snapshot: FakeSnapshot) throws { try server.restore(snapshot.rdb) }
}

/// All data of a fake at one moment, as the bytes of an RDB file: Redis can load them, and a fake what Redis saved.
public struct FakeSnapshot: Sendable {
    /// The file's content.
    public let rdb: [UInt8]

    /// A snapshot of a file's content.
    public init(rdb: [UInt8]) { self.rdb = rdb }

    /// From an .rdb file.
    ///
    /// - Throws: when it cannot be read.
    public init(contentsOfFile path: String) throws {
        rdb = [UInt8](try Data(contentsOf: URL(filePath: path)))
    }

    /// Writes an .rdb file.
    ///
    /// - Throws: when it cannot be written.
    public func write(toFile path: String) throws { try Data(rdb).write(to: URL(filePath: path)) }
}
