// What tests share that talk to servers by clients.

import MartletClient

extension RedisClientConfiguration {
    /// The same, and nothing is given up because it takes long: all tests run at once, so that a step of one may wait
    /// for minutes until a slow machine has time for it.
    public var patient: RedisClientConfiguration {
        var settings = self
        settings.connectTimeout = .seconds(3600)
        settings.readTimeout = .seconds(3600)
        settings.pool.acquireTimeout = .seconds(3600)
        settings.pool.healthCheckAfter = .seconds(3600)
        return settings
    }
}
