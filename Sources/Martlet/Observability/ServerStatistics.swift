// Counters of the server as a whole, as INFO shows them.

struct ServerStatistics {
    var connectionsReceived = 0
    var connectionsRejected = 0
    var commandsProcessed = 0
    var inputBytes = 0
    var outputBytes = 0
    var readsProcessed = 0
    var writesProcessed = 0
    var errorReplies = 0
    /// Error replies by code word.
    var errors: [String: Int] = [:]
    var peakMemory = 0
    var evictedClients = 0
    /// What clients had sent of requests that were not complete.
    var incompleteInput = RecentPeak()
    /// How often a client's buffer for replies took more memory, and gave its memory back.
    var replyBufferExpansions = 0
    var replyBufferShrinks = 0
    /// Payloads of RESTORE, while `sanitize-dump-payload` wants them checked.
    var payloadChecks = 0
    /// Clients that were let go because of what they sent, or did not read.
    var queryBufferDisconnections = 0
    var outputBufferDisconnections = 0
    /// Commands of a log that were refused when it was read.
    var unexpectedErrorReplies = 0
    /// Since when `maxmemory` has been exceeded while keys were evicted, and for how long it was before; in monotonic
    /// nanoseconds.
    private var evictionBeganAt: Int64?
    private var evictionNanoseconds: Int64 = 0
    /// Turns of the event loop, and what of their time was spent in commands whose time was taken.
    var turns = TurnFigures()
    var commandNanoseconds: Int64 = 0
    /// Samples of a counter, for figures per second.
    var operationsPerSecond = RateSample()
    var inputRate = RateSample()
    var outputRate = RateSample()

    /// Takes a sample of all rates.
    mutating func sample(at milliseconds: Int64) {
        turns.sample(at: milliseconds)
        operationsPerSecond.take(commandsProcessed, at: milliseconds)
        inputRate.take(inputBytes, at: milliseconds)
        outputRate.take(outputBytes, at: milliseconds)
    }

    mutating func evictionBegan(at clock: Clock) {
        if evictionBeganAt == nil { evictionBeganAt = clock.monotonicNanoseconds() }
    }

    mutating func evictionEnded(at clock: Clock) {
        guard let began = evictionBeganAt.take() else { return }
        evictionNanoseconds += clock.monotonicNanoseconds() - began
    }

    /// Milliseconds for which `maxmemory` was exceeded: in all, and this time.
    func evictionTime(at clock: Clock) -> (total: Int64, current: Int64) {
        let current = evictionBeganAt.map { clock.monotonicNanoseconds() - $0 } ?? 0
        return ((evictionNanoseconds + current) / 1_000_000, current / 1_000_000)
    }

    /// Counts from zero again; the peak stays, as in Redis.
    mutating func reset() {
        let peak = peakMemory
        self = ServerStatistics()
        peakMemory = peak
    }

    /// Code words are the server's own, but a cap keeps the table small whatever happens.
    private static let errorCodeLimit = 128

    mutating func count(_ error: ReplyError) {
        errorReplies += 1
        let code = String(error.code)
        if errors[code] != nil || errors.count < Self.errorCodeLimit { errors[code, default: 0] += 1 }
    }
}

/// The mean of the last sixteen samples of how fast a counter grows.
struct RateSample {
    private var samples = [Int](repeating: 0, count: 16)
    private var next = 0
    private var lastValue = 0
    private var lastMilliseconds: Int64 = 0

    var perSecond: Int { samples.reduce(0, +) / samples.count }

    mutating func take(_ value: Int, at milliseconds: Int64) {
        let elapsed = milliseconds - lastMilliseconds
        // At most ten samples a second, however often the periodic work runs: a window of a second and a half or more.
        if lastMilliseconds > 0 {
            guard elapsed >= 95 else { return }
            samples[next] = Int(Double(value - lastValue) * 1000 / Double(elapsed))
            next = (next + 1) % samples.count
        }
        lastValue = value
        lastMilliseconds = milliseconds
    }
}
