// How much may wait for a client: the limit of its class, and the share of all clients together.

extension Connection {
    /// The limit of the client's class.
    var outputLimit: OutputBufferLimit {
        let limits = network.server.configuration.value.clientOutputBufferLimits
        return session.isSubscriber ? limits.pubsub : limits.normal
    }

    func isOverHardLimit(_ count: Int) -> Bool {
        let limit = outputLimit.hardBytes
        return limit > 0 && count >= limit
    }

    /// What is more than this need not be kept: the client is let go. It may change its class on the way.
    var mostOutput: Int {
        let limits = network.server.configuration.value.clientOutputBufferLimits
        var most = limits.normal.hardBytes > 0 ? limits.normal.hardBytes : Int.max
        if session.isSubscriber {
            most = max(most, limits.pubsub.hardBytes > 0 ? limits.pubsub.hardBytes : Int.max)
        }
        let memory = network.server.clientMemory.value.limit
        return memory == 0 || session.isSafeFromEviction ? most : min(most, memory)
    }

    func takesReplies(of count: Int) -> Bool {
        if isOverHardLimit(count) { return false }
        let limit = network.server.clientMemory.value.limit
        return limit == 0 || session.isSafeFromEviction || count < limit
    }
}
