// How other session stores keep their sessions.

import Martlet
import MartletClient

/// Another store's way of keeping sessions.
public struct ForeignLayout: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// One string for each session: an object in JSON.
        case blob(prefix: String)
        /// One hash for each session, with a field for each attribute.
        case spring(namespace: String)
        /// Five hashes and one of two strings for each session.
        case categories(prefix: String)
    }

    let kind: Kind
    /// Of sessions that are written without a time of their own.
    let defaultTTL: Duration

    /// connect-redis 9 (Express): `sess:<id>`, JSON, one day.
    public static func connectRedis(prefix: String = "sess:") -> ForeignLayout {
        ForeignLayout(kind: .blob(prefix: prefix), defaultTTL: .seconds(86400))
    }

    /// Flask-Session 0.8 with `SESSION_SERIALIZATION_FORMAT = "json"`: `session:<id>`, JSON, 31 days.
    public static func flaskSession(prefix: String = "session:") -> ForeignLayout {
        ForeignLayout(kind: .blob(prefix: prefix), defaultTTL: .seconds(31 * 86400))
    }

    /// A JSON object under `<prefix><id>`, as many programs write it by hand.
    public static func jsonBlob(prefix: String = "session:", ttl: Duration = .seconds(3600)) -> ForeignLayout {
        ForeignLayout(kind: .blob(prefix: prefix), defaultTTL: ttl)
    }

    /// Spring Session's `RedisSessionRepository`: `spring:session:sessions:<id>`, half an hour. Attributes are what
    /// Spring's serializer made of them; times may be text or Java's own serialization.
    public static func springSession(namespace: String = "spring:session") -> ForeignLayout {
        ForeignLayout(kind: .spring(namespace: namespace), defaultTTL: .seconds(1800))
    }

    /// Six keys for each session, `session:<category>:<id>`, each with a time of its own (``TTLPolicyTable/langPont``).
    /// Values are named `category/field`, that of the analysis `analysis`, whether it is kept as it is or, under the
    /// key with `:compressed` behind it, by gzip; it is written as it is. Not for a cluster: it keeps the keys apart.
    public static func categories(prefix: String = "session:") -> ForeignLayout {
        ForeignLayout(kind: .categories(prefix: prefix), defaultTTL: .seconds(3600))
    }

    static let hashCategories = ["auth", "security", "translation", "ui", "stats"]
    static let analysis = "analysis"
    /// No analysis is longer than this.
    private static let longestAnalysis = 16 << 20

    // MARK: Keys

    /// All keys of a session.
    func keys(_ id: String) -> [String] {
        switch kind {
        case .blob(let prefix): [prefix + id]
        case .spring(let namespace): ["\(namespace):sessions:\(id)"]
        case .categories(let prefix):
            (Self.hashCategories + [Self.analysis]).map { "\(prefix)\($0):\(id)" }
                + ["\(prefix)\(Self.analysis):\(id):compressed"]
        }
    }

    /// What reads a session: the values of each key, then the time that is left for each.
    func reads(_ id: String) -> [RedisCommand] {
        let keys = keys(id)
        let values: [RedisCommand] =
            switch kind {
            case .blob: [RedisCommand("GET", keys[0])]
            case .spring: [RedisCommand("HGETALL", keys[0])]
            case .categories:
                keys.dropLast(2).map { RedisCommand("HGETALL", $0) } + keys.suffix(2).map { RedisCommand("GET", $0) }
            }
        return values + keys.map { RedisCommand("PTTL", $0) }
    }

    /// How long the session lives by the replies to `reads`: as long as its longest part; nil: without end.
    func timeRemaining(_ replies: [RESPValue]) -> Duration? {
        let times = replies.suffix(replies.count / 2).compactMap(\.integer)
        guard !times.contains(-1), let longest = times.max(), longest >= 0 else { return nil }
        return .milliseconds(longest)
    }

    /// The values of the replies to `reads`; nil when there is no session.
    func values(_ replies: [RESPValue]) throws(SessionError) -> [String: [UInt8]]? {
        switch kind {
        case .blob:
            guard let text = replies[0].bytes else { return nil }
            guard let values = JSONSlices.values(ofObject: text) else {
                throw SessionError(.undecodable, "The session is not an object in JSON")
            }
            return values
        case .spring: return Self.fields(replies[0])
        case .categories:
            var values: [String: [UInt8]] = [:]
            for (category, reply) in zip(Self.hashCategories, replies) {
                for (field, value) in Self.fields(reply) ?? [:] { values["\(category)/\(field)"] = value }
            }
            values[Self.analysis] = try analysis(replies)
            return values.isEmpty ? nil : values
        }
    }

    /// The other store writes one of two keys and leaves the other: what lives longer was written later.
    private func analysis(_ replies: [RESPValue]) throws(SessionError) -> [UInt8]? {
        let (count, place) = (replies.count / 2, Self.hashCategories.count)
        let times = replies.suffix(count).map { $0.integer ?? -2 }
        let (plain, packed) = (replies[place].bytes, replies[place + 1].bytes)
        guard let packed, plain == nil || times[place + 1] > times[place] else { return plain }
        guard let text = Gzip.expand(packed, limit: Self.longestAnalysis) else {
            throw SessionError(.undecodable, "The compressed analysis is not of gzip, or is too long")
        }
        return text
    }

    private static func fields(_ reply: RESPValue) -> [String: [UInt8]]? {
        guard let pairs = reply.pairs, !pairs.isEmpty else { return nil }
        var fields: [String: [UInt8]] = [:]
        for pair in pairs { fields[pair.key.string ?? ""] = pair.value.bytes }
        return fields
    }

    // MARK: Writing

    /// With what the other store needs besides what a program thinks of.
    func completed(_ values: [String: [UInt8]], now: Int64, ttl: Duration) -> [String: [UInt8]] {
        guard case .spring = kind else { return values }
        let needed = [
            "creationTime": now, "lastAccessedTime": now, "maxInactiveInterval": max(ttl.milliseconds / 1000, 1),
        ]
        return values.merging(needed.mapValues { Array(String($0).utf8) }) { given, _ in given }
    }

    /// What makes the server hold these values instead of the old ones. `ttl` nil keeps the time that is left.
    func writes(
        _ id: String, _ values: [String: [UInt8]], insteadOf old: [String: [UInt8]], ttl: Duration?
    ) -> [RedisCommand] {
        let keys = keys(id)
        switch kind {
        case .blob:
            let text = JSONSlices.object(values)
            guard let ttl else { return [RedisCommand("SET", keys[0], text, "KEEPTTL")] }
            return [RedisCommand("SET", keys[0], text, "PX", Int(max(ttl.milliseconds, 1)))]
        case .spring:
            return Self.hashWrites(keys[0], values, insteadOf: old, ttl)
        case .categories:
            var writes: [RedisCommand] = []
            for (category, key) in zip(Self.hashCategories, keys) {
                let before = Self.part(old, category)
                // A key that comes into being has no time that could be kept.
                let time = ttl == nil && !before.isEmpty ? nil : TTLPolicyTable.langPont.duration(category: category)
                writes += Self.hashWrites(key, Self.part(values, category), insteadOf: before, time)
            }
            if let analysis = values[Self.analysis] {
                guard ttl != nil || analysis != old[Self.analysis] else { return writes }
                let ttl = TTLPolicyTable.langPont.duration(category: Self.analysis)
                writes.append(RedisCommand("SET", keys[5], analysis, "PX", Int(ttl.milliseconds)))
                writes.append(RedisCommand("DEL", keys[6]))
            } else if ttl != nil || old[Self.analysis] != nil {
                writes.append(RedisCommand("DEL", keys[5], keys[6]))
            }
            return writes
        }
    }

    /// The fields of one category.
    private static func part(_ values: [String: [UInt8]], _ category: String) -> [String: [UInt8]] {
        var part: [String: [UInt8]] = [:]
        for (name, value) in values where name.hasPrefix(category + "/") {
            part[String(name.dropFirst(category.count + 1))] = value
        }
        return part
    }

    private static func hashWrites(
        _ key: String, _ values: [String: [UInt8]], insteadOf old: [String: [UInt8]], _ ttl: Duration?
    ) -> [RedisCommand] {
        var writes: [RedisCommand] = []
        let changed = values.filter { old[$0.key] != $0.value }.sorted { $0.key < $1.key }
        if !changed.isEmpty {
            writes.append(
                RedisCommand(words: ["HSET", key] + changed.flatMap { [$0.key, $0.value] as [any RESPArgument] }))
        }
        let gone = old.keys.filter { values[$0] == nil }.sorted()
        if !gone.isEmpty { writes.append(RedisCommand(words: ["HDEL", key] + gone)) }
        if let ttl, !values.isEmpty { writes.append(RedisCommand("PEXPIRE", key, Int(max(ttl.milliseconds, 1)))) }
        return writes
    }
}
