// Remembers what took long: commands, work of the server by itself, the disk. Source: Redis's latency monitoring.

/// What can take long. The raw values are the names that LATENCY shows.
enum LatencyEvent: String, CaseIterable {
    case command
    /// A command that should never take long.
    case fastCommand = "fast-command"
    case expireCycle = "expire-cycle"
    case evictionCycle = "eviction-cycle"
    /// Removing one key because its time was over, or for want of memory.
    case expireDeletion = "expire-del"
    case evictionDeletion = "eviction-del"
    /// Writing to the append only file, whatever else goes on.
    case aofWrite = "aof-write"
    /// The same while a sync of the file goes on, while a snapshot or rewrite does, and while neither does.
    case aofWritePendingSync = "aof-write-pending-fsync"
    case aofWriteActiveChild = "aof-write-active-child"
    case aofWriteAlone = "aof-write-alone"
    case aofSyncAlways = "aof-fsync-always"
}

final class LatencyMonitor {
    struct Sample: Equatable {
        /// Seconds since 1970.
        let time: Int64
        var milliseconds: Int64
    }

    struct Series {
        /// The latest ones, oldest first, at most one of a second.
        fileprivate(set) var samples: [Sample] = []
        fileprivate(set) var longest: Int64 = 0
    }

    /// Milliseconds from which on something is long; 0: nothing is remembered.
    var threshold: Int
    private var series: [LatencyEvent: Series] = [:]

    private static let samplesPerEvent = 160

    init(threshold: Int) { self.threshold = threshold }

    var isOn: Bool { threshold > 0 }

    /// Something took so long, and ended at this time.
    func note(_ event: LatencyEvent, nanoseconds: Int64, at seconds: Int64) {
        let milliseconds = nanoseconds / 1_000_000
        guard isOn, milliseconds >= threshold else { return }
        var entry = series[event] ?? Series()
        entry.longest = max(entry.longest, milliseconds)
        if let last = entry.samples.last, last.time == seconds {
            entry.samples[entry.samples.count - 1].milliseconds = max(last.milliseconds, milliseconds)
        } else {
            if entry.samples.count == Self.samplesPerEvent { entry.samples.removeFirst() }
            entry.samples.append(Sample(time: seconds, milliseconds: milliseconds))
        }
        series[event] = entry
    }

    /// Events that were long at least once.
    var events: [(event: LatencyEvent, series: Series)] {
        LatencyEvent.allCases.compactMap { event in series[event].map { (event, $0) } }
    }

    subscript(event: LatencyEvent) -> Series? { series[event] }

    /// Forgets an event; false when there was nothing to forget.
    func reset(_ event: LatencyEvent) -> Bool { series.removeValue(forKey: event) != nil }
}
