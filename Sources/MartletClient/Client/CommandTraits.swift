// What a client has to know of commands: which may be sent twice, which change the connection, which wait, and where
// the first key stands. Source: Redis's COMMAND INFO (flags and key specifications).

import Martlet

/// Of one command, by its name.
struct CommandTraits: OptionSet, Sendable {
    let rawValue: UInt8

    /// Reads only: sending it twice does no harm.
    static let readOnly = CommandTraits(rawValue: 1)
    /// Changes what later commands on the connection mean, so that it needs a connection of one's own.
    static let session = CommandTraits(rawValue: 2)
    /// Others would have to wait behind it.
    static let blocking = CommandTraits(rawValue: 4)
    /// Is about no key.
    static let keyless = CommandTraits(rawValue: 8)

    static func of(_ name: String) -> CommandTraits { table[name] ?? [] }

    private static let table: [String: CommandTraits] = {
        var table: [String: CommandTraits] = [:]
        for (names, trait) in [
            (readOnlyNames, readOnly), (sessionNames, session), (blockingNames, blocking), (keylessNames, keyless),
        ] {
            for name in names.split(whereSeparator: \.isWhitespace) { table[String(name), default: []].insert(trait) }
        }
        return table
    }()

    private static let readOnlyNames = """
        BITCOUNT BITFIELD_RO BITPOS COMMAND DBSIZE DIGEST DUMP ECHO EVALSHA_RO EVAL_RO EXISTS EXPIRETIME FCALL_RO
        GEODIST GEOHASH GEOPOS GEORADIUSBYMEMBER_RO GEORADIUS_RO GEOSEARCH GET GETBIT GETRANGE HEXISTS HEXPIRETIME
        HGET HGETALL HKEYS HLEN HMGET HPEXPIRETIME HPTTL HRANDFIELD HSCAN HSTRLEN HTTL HVALS INFO KEYS LASTSAVE LCS
        LINDEX LLEN LOLWUT LPOS LRANGE MEMORY MGET OBJECT PEXPIRETIME PFCOUNT PING PTTL RANDOMKEY ROLE SCAN SCARD
        SDIFF SINTER SINTERCARD SISMEMBER SMEMBERS SMISMEMBER SORT_RO SRANDMEMBER SSCAN STRLEN SUBSTR SUNION TIME
        TOUCH TTL TYPE XINFO XLEN XPENDING XRANGE XREVRANGE ZCARD ZCOUNT ZDIFF ZINTER ZINTERCARD ZLEXCOUNT ZMSCORE
        ZRANDMEMBER ZRANGE ZRANGEBYLEX ZRANGEBYSCORE ZRANK ZREVRANGE ZREVRANGEBYLEX ZREVRANGEBYSCORE ZREVRANK ZSCAN
        ZSCORE ZUNION
        """

    private static let sessionNames = """
        ASKING AUTH DISCARD EXEC HELLO MONITOR MULTI PSUBSCRIBE PSYNC PUNSUBSCRIBE QUIT READONLY READWRITE REPLCONF
        RESET SELECT SSUBSCRIBE SUBSCRIBE SUNSUBSCRIBE SYNC UNSUBSCRIBE UNWATCH WATCH
        """

    private static let blockingNames = """
        BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP BZPOPMAX BZPOPMIN WAIT WAITAOF
        """

    private static let keylessNames = """
        ACL BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE DEBUG ECHO FAILOVER FLUSHALL FLUSHDB FUNCTION
        INFO KEYS LASTSAVE LATENCY LOLWUT MODULE PING PUBLISH PUBSUB RANDOMKEY REPLICAOF ROLE SAVE SCAN SCRIPT
        SHUTDOWN SLAVEOF SLOWLOG SWAPDB TIME WAIT WAITAOF
        """
}

extension RedisCommand {
    /// A read of a stream may be told to wait.
    var isBlocking: Bool {
        if traits.contains(.blocking) { return true }
        guard name == "XREAD" || name == "XREADGROUP" else { return false }
        return words.contains { ($0 as? String)?.uppercased() == "BLOCK" }
    }

    /// How long the server was told to wait at most; nil: for ever, or nobody here knows.
    var longestWait: Duration? {
        let unit: Double
        let text: [UInt8]?
        switch name {
        case "WAIT", "WAITAOF": (unit, text) = (0.001, word(words.count - 1))
        case "BLMPOP", "BZMPOP": (unit, text) = (1, word(1))
        case "XREAD", "XREADGROUP": (unit, text) = (0.001, wordBehind("BLOCK"))
        default: (unit, text) = (1, word(words.count - 1))
        }
        guard let text, let number = Double(String(decoding: text, as: UTF8.self)), number > 0 else { return nil }
        // Longer is as good as for ever.
        let seconds = number * unit
        return seconds < 1e9 ? .seconds(seconds) : nil
    }

    /// Is about what this very connection wrote.
    var concernsOwnWrites: Bool { name == "WAIT" || name == "WAITAOF" }

    /// What CLIENT is told counts for the connection alone.
    var needsOwnConnection: Bool {
        if traits.contains(.session) { return true }
        guard name == "CLIENT", let verb = words.dropFirst().first as? String else { return false }
        return ["REPLY", "TRACKING", "CACHING", "SETNAME", "NO-EVICT", "NO-TOUCH"].contains(verb.uppercased())
    }

    /// Whether sending it twice leads to the same as sending it once.
    var isReadOnly: Bool { traits.contains(.readOnly) }

    /// Whether a replica may answer it.
    var suitsReplica: Bool { isReadOnly && !isForPrimary }

    /// The first key's bytes; nil when the command is about none.
    package var firstKey: [UInt8]? {
        if let route { return Array(route.utf8) }
        if !traits.isDisjoint(with: [.keyless, .session]) { return nil }
        switch name {
        case "BITOP", "OBJECT", "MEMORY", "XGROUP", "XINFO": return word(2)
        case "EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO", "BLMPOP", "BZMPOP":
            return countedKey(at: 2)
        case "LMPOP", "SINTERCARD", "ZDIFF", "ZINTER", "ZINTERCARD", "ZMPOP", "ZUNION": return countedKey(at: 1)
        case "XREAD", "XREADGROUP": return wordBehind("STREAMS")
        default: return word(1)
        }
    }

    /// The key behind a word that counts the keys.
    private func countedKey(at index: Int) -> [UInt8]? {
        guard let word = word(index), let count = Int(String(decoding: word, as: UTF8.self)), count > 0 else {
            return nil
        }
        return self.word(index + 1)
    }

    private func wordBehind(_ keyword: String) -> [UInt8]? {
        guard let index = words.firstIndex(where: { ($0 as? String)?.uppercased() == keyword }) else { return nil }
        return word(index + 1)
    }
}
