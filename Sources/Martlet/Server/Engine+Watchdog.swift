// The software watchdog as `watchdog-period` wants it.

extension Engine {
    /// Starts, changes or ends it. On the loop's queue.
    func followWatchdog() {
        let configuration = server.configuration.value
        guard configuration.watchdogPeriod > 0 else { return loop.watch(by: nil) }
        // Redis's periodic work is what tells its watchdog of life. Here it does not, but the numbers are the same.
        let period = max(configuration.watchdogPeriod, 1000 / max(configuration.hz, 1) * 2)
        server.configuration.value.watchdogPeriod = period
        // Only a process of its own may be sent signals.
        if host != nil { StackSampler.enable() }
        loop.watch(
            by: Watchdog(
                period: Int64(period), clock: Clock(.system), samplesStacks: host != nil
            ) { [log] in log.write(.warning, $0) })
    }
}
