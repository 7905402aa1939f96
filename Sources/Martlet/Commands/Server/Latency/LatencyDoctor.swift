// LATENCY DOCTOR: what took long, how often, and what to do about it, in words.

enum LatencyDoctor {
    /// Replies with a text.
    @Sendable
    static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.verbatim(report(call.server))
    }

    private static func report(_ server: ServerContext) -> String {
        guard server.latency.isOn else {
            return "Nothing is watched: latency-monitor-threshold is 0. CONFIG SET latency-monitor-threshold "
                + "<milliseconds> lets this instance remember whatever takes that long.\n"
        }
        let events = server.latency.events
        guard !events.isEmpty else { return "Nothing has taken \(server.latency.threshold) ms or longer so far.\n" }
        let findings = events.enumerated().map { number, entry in
            "\(number + 1). \(entry.event.rawValue): \(summary(of: entry.series))\n"
        }
        var advice: [String] = []
        for (event, _) in events {
            for line in Self.advice(for: event, server) where !advice.contains(line) { advice.append(line) }
        }
        return "This took \(server.latency.threshold) ms or longer:\n\n" + findings.joined()
            + "\nWhat may help:\n\n" + advice.map { "- \($0)\n" }.joined()
    }

    private static func summary(of series: LatencyMonitor.Series) -> String {
        let samples = series.samples
        let mean = Double(samples.reduce(0) { $0 + $1.milliseconds }) / Double(max(1, samples.count))
        let deviation = samples.reduce(0) { $0 + abs(Double($1.milliseconds) - mean) } / Double(max(1, samples.count))
        let span = (samples.last?.time ?? 0) - (samples.first?.time ?? 0)
        let period = samples.count > 1 ? ", once in \(decimal(Double(span) / Double(samples.count - 1))) s" : ""
        return "\(samples.count) time(s), \(decimal(mean)) ms on average (mean deviation \(decimal(deviation)) ms)"
            + "\(period). At most \(series.longest) ms."
    }

    private static func decimal(_ value: Double) -> String { InfoReport.decimal(value) }

    private static func advice(for event: LatencyEvent, _ server: ServerContext) -> [String] {
        switch event {
        case .command, .fastCommand:
            let threshold = server.configuration.value.slowlogLogSlowerThan
            // Any number may have been configured.
            let (product, overflow) = server.latency.threshold.multipliedReportingOverflow(by: 1000)
            let wanted = overflow ? Int.max : product
            let isBlind = threshold < 0 || threshold > wanted
            return [
                isBlind
                    ? "SLOWLOG tells which commands these are, once slowlog-log-slower-than is \(wanted) (it is "
                        + "\(threshold))."
                    : "SLOWLOG GET tells which commands these are.",
                "KEYS, and commands on values with very many elements, take time in proportion: SCAN and its kin take "
                    + "small steps. DEL of large values: UNLINK, or lazyfree-lazy-user-del yes.",
            ]
        case .expireCycle: return ["Very many keys expire at one moment: spread their times to live a little."]
        case .evictionCycle:
            return [
                "maxmemory is exceeded faster than keys can go: a higher limit, or a lower "
                    + "maxmemory-eviction-tenacity."
            ]
        case .expireDeletion, .evictionDeletion:
            return [
                "Large values are freed while everybody waits: lazyfree-lazy-expire and lazyfree-lazy-eviction have "
                    + "that done elsewhere."
            ]
        case .aofWrite, .aofWriteAlone, .aofWriteActiveChild, .aofWritePendingSync, .aofSyncAlways:
            return [
                "The disk is slow to take the append only file: look for other programs that use it, and consider "
                    + "appendfsync everysec, or no-appendfsync-on-rewrite yes if it happens during saves and rewrites."
            ]
        }
    }
}
