// All data as text that diffs well, and who is connected.

import Martlet

extension MartletFake {
    /// All data as text: databases, keys, fields and members in order, one line each, with times to live.
    ///
    /// ```
    /// db0
    ///   "cart:1" hash, expires in 3600000 ms
    ///     "apple" = "2"
    ///   "greeting" string "hello"
    ///   "tags" set
    ///     "new"
    /// ```
    public func dump() -> String {
        var lines: [String] = []
        for number in 0..<databaseCount {
            let database = database(number)
            let keys = database.keys
            guard !keys.isEmpty else { continue }
            lines.append("db\(number)")
            for key in keys { lines += database.lines(key).map { "  " + $0 } }
        }
        return lines.joined(separator: "\n")
    }

    private var databaseCount: Int {
        guard case .map(let pairs)? = database(0).run("CONFIG", "GET", "databases") else { return 0 }
        return pairs.first.flatMap { $0.value.string }.flatMap { Int($0) } ?? 0
    }

    // MARK: Clients

    /// All connections, oldest first.
    public var connections: [FakeConnection] {
        (database(0).run("CLIENT", "LIST")?.string ?? "").split(separator: "\n").map(FakeConnection.init)
    }

    /// How many connections are subscribed to the channel by its name.
    public func subscribers(of channel: String) -> Int {
        Int(database(0).run("PUBSUB", "NUMSUB", channel)?.elements?.last?.integer ?? 0)
    }
}

/// A client's connection, as CLIENT LIST shows it.
public struct FakeConnection: Sendable, Equatable, Identifiable {
    /// As CLIENT ID tells it.
    public let id: Int64
    /// As CLIENT SETNAME set it.
    public let name: String
    /// Where the client is.
    public let address: String
    /// What SELECT chose.
    public let database: Int
    /// Channels and patterns.
    public let subscriptions: Int
    /// The last command, in lower case.
    public let lastCommand: String

    init(line: Substring) {
        var fields: [Substring: Substring] = [:]
        for field in line.split(separator: " ") {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[parts[0]] = parts[1] }
        }
        func number(_ name: Substring) -> Int { fields[name].flatMap { Int($0) } ?? 0 }
        id = Int64(number("id"))
        (name, address) = (String(fields["name"] ?? ""), String(fields["addr"] ?? ""))
        (database, subscriptions) = (number("db"), number("sub") + number("psub"))
        lastCommand = String(fields["cmd"] ?? "")
    }
}

extension FakeDatabase {
    fileprivate func lines(_ key: String) -> [String] {
        let expiry = timeToLive(key).map { ", expires in \($0.milliseconds) ms" } ?? ""
        let head = Self.quoted(key)
        switch self[key] {
        case .string:
            let bytes = bytes(key) ?? []
            return ["\(head) string \(Self.quoted(bytes))\(expiry)"]
        case .hash(let fields):
            let lines = fields.sorted { $0.key < $1.key }.map { field in
                let expiry = timeToLive(key, field: field.key).map { ", expires in \($0.milliseconds) ms" }
                return "  \(Self.quoted(field.key)) = \(Self.quoted(field.value))\(expiry ?? "")"
            }
            return ["\(head) hash\(expiry)"] + lines
        case .set(let members): return ["\(head) set\(expiry)"] + members.sorted().map { "  " + Self.quoted($0) }
        case nil: return []
        }
    }

    private static func quoted(_ text: String) -> String { quoted(Array(text.utf8)) }

    /// As redis-cli shows bytes.
    private static func quoted(_ bytes: [UInt8]) -> String {
        String(decoding: quotedRepresentation(of: bytes.span), as: UTF8.self)
    }
}
