// What `maxmemory-policy` chooses: which keys go when memory runs short.

/// Which keys are evicted above `maxmemory`. Source: Redis's page on key eviction.
public enum EvictionPolicy: String, CaseIterable, Sendable {
    /// Of the keys with a time to live, those that were not used for the longest time.
    case volatileLRU = "volatile-lru"
    /// Of the keys with a time to live, those that are used least often.
    case volatileLFU = "volatile-lfu"
    /// Of the keys with a time to live, any.
    case volatileRandom = "volatile-random"
    /// Those whose time is over soonest.
    case volatileTTL = "volatile-ttl"
    /// Keys that were not used for the longest time.
    case allKeysLRU = "allkeys-lru"
    /// Keys that are used least often.
    case allKeysLFU = "allkeys-lfu"
    /// Any key.
    case allKeysRandom = "allkeys-random"
    /// None: commands that need memory are refused.
    case noEviction = "noeviction"

    /// What the keys are compared by.
    enum Order {
        case recency, frequency, deadline, chance
    }

    /// Nil when nothing is evicted.
    var order: Order? {
        switch self {
        case .volatileLRU, .allKeysLRU: .recency
        case .volatileLFU, .allKeysLFU: .frequency
        case .volatileTTL: .deadline
        case .volatileRandom, .allKeysRandom: .chance
        case .noEviction: nil
        }
    }

    /// Whether each key has to remember its uses.
    var isAboutUses: Bool { order == .recency || order == .frequency }

    /// Whether keys without a time to live are safe.
    var isAboutVolatileKeys: Bool {
        switch self {
        case .volatileLRU, .volatileLFU, .volatileRandom, .volatileTTL: true
        case .allKeysLRU, .allKeysLFU, .allKeysRandom, .noEviction: false
        }
    }
}

extension Configuration {
    /// Whether Redis would keep one object for all keys that hold the same small number.
    var sharesNumbers: Bool { maxmemory == 0 || !maxmemoryPolicy.isAboutUses }
}
