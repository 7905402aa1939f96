// What a command can reach: the keyspace, the configuration, the other clients, and a few named services that the
// engine fills in, because what they do lies above this floor.

final class ServerContext {
    let keyspace: Box<Keyspace>
    let configuration: Box<Configuration>
    let commands: CommandIndex
    let statistics: Box<ServerStatistics>
    let clients = ClientRegistry()
    let blocked = BlockedClients()
    let watches = WatchRegistry()
    let observers = KeyObservers()
    let pubSub = PubSub()
    let tracking: TrackingTable
    let latency: LatencyMonitor
    let slowLog: SlowLog
    let monitors = Monitors()
    let users: UserRegistry
    let clientMemory = Box(ClientMemory())
    let pause = Box(Pause())
    let clock: Clock
    let identity: ServerIdentity
    let log: Log
    var services = ServerServices()
    /// Who stands between clients and commands; nil but in fakes.
    var interceptor: (any Interceptor)?
    let persistence: Box<PersistenceStatus>
    /// Set while no write may be promised to be kept.
    var writeRefusal: ReplyError?
    /// While EXEC runs what was queued: what takes long begins afterwards.
    var isInTransaction = false
    /// DEBUG PAUSE-CRON: the periodic work does nothing.
    var isCronPaused = false
    /// DEBUG REPLYBUFFER RESIZING 0: buffers for replies keep their memory.
    var keepsReplyBuffers = false
    /// While the data is being loaded: most commands have to wait.
    var isLoading: Bool { persistence.value.loading != nil }
    /// DEBUG SET-SKIP-CHECKSUM-VALIDATION turns it off.
    var checksPayloadChecksums = true

    init(
        keyspace: consuming Keyspace, configuration: Configuration, commands: consuming CommandIndex, clock: Clock,
        identity: ServerIdentity, log: Log
    ) {
        self.keyspace = Box(keyspace)
        self.configuration = Box(configuration)
        users = UserRegistry(commands: commands)
        self.commands = commands
        self.clock = clock
        self.identity = identity
        self.log = log
        statistics = Box(ServerStatistics())
        persistence = Box(PersistenceStatus(now: clock.wallMilliseconds() / 1000))
        tracking = TrackingTable(clients: clients)
        latency = LatencyMonitor(threshold: configuration.latencyMonitorThreshold)
        tracksLatencies = configuration.latencyTracking
        slowLog = SlowLog(
            threshold: configuration.slowlogLogSlowerThan, maximumCount: configuration.slowlogMaxLen)
        setLatencyThreshold(configuration.latencyMonitorThreshold)
    }

    /// Reads the clock for the work that follows.
    func refreshTime() { keyspace.value.setNow(clock.wallMilliseconds()) }

    /// Counts nothing of what `body` does that a client's commands are counted by.
    func uncounted<Result: ~Copyable>(_ body: () -> Result) -> Result {
        let (hits, misses) = (keyspace.value.statistics.hits, keyspace.value.statistics.misses)
        let before = statistics.value
        defer {
            statistics.value = before
            (keyspace.value.statistics.hits, keyspace.value.statistics.misses) = (hits, misses)
        }
        return body()
    }

    /// Something that began at this monotonic time has just ended.
    func noteLatency(_ event: LatencyEvent, since nanoseconds: Int64) {
        guard latency.isOn else { return }
        latency.note(
            event, nanoseconds: clock.monotonicNanoseconds() - nanoseconds, at: clock.wallSeconds())
    }

    /// Removals of single keys that took long since this was looked at last.
    func noteRemovals() {
        guard let times = keyspace.value.removalTimes else { return }
        latency.note(.expireDeletion, nanoseconds: times.longestExpiry, at: clock.wallSeconds())
        latency.note(.evictionDeletion, nanoseconds: times.longestEviction, at: clock.wallSeconds())
        keyspace.value.removalTimes?.clear()
    }

    /// What takes so many milliseconds is remembered; 0 for nothing.
    func setLatencyThreshold(_ milliseconds: Int) {
        latency.threshold = milliseconds
        if latency.isOn != (keyspace.value.removalTimes != nil) {
            keyspace.value.removalTimes = latency.isOn ? RemovalTimes(clock: clock) : nil
        }
    }

    /// Whether histograms of commands' durations are kept (`latency-tracking`).
    var tracksLatencies: Bool
    /// Whether somebody wants to know how long each command takes.
    var timesCommands: Bool { tracksLatencies || slowLog.isOn || latency.isOn }

    /// What was allocated when the engine had been made, and nothing was served yet.
    var memoryAtStart = 0

    /// Memory of the data, of the clients, and of what the server keeps for both.
    var usedMemory: Int {
        memoryAtStart + keyspace.value.memoryBytes + clientMemory.value.own + tracking.memoryBytes
            + slowLog.memoryBytes + keyspace.value.commandLog.capacity + services.fileBufferBytes()
    }

    var monotonicSeconds: Int64 { clock.monotonicNanoseconds() / 1_000_000_000 }
    var monotonicMilliseconds: Int64 { clock.monotonicNanoseconds() / 1_000_000 }
}

/// What does not change while the server runs.
struct ServerIdentity: Sendable {
    /// 40 hexadecimal digits, new at every start.
    let runID: String
    /// The history of this data: 40 hexadecimal digits, too.
    let replicationID: String
    let startedAtMonotonicSeconds: Int64
    let executable: String
    let configurationFile: String
    let role: Role

    /// Who watches over the process, as INFO names it.
    var supervisor = "no"

    /// Whether the server is a process of its own or part of a program.
    enum Role: Sendable { case daemon, embedded }
}

/// Requests that commands make of the floors above; the engine fills them.
struct ServerServices {
    enum ShutdownOutcome {
        case accepted
        case refused(ReplyError)
    }

    /// Ends the server after this turn.
    var shutdown: (ShutdownRequest) -> ShutdownOutcome = { _ in .accepted }
    /// Makes changed directives effective: what must be undone when it cannot be done is told by an error text.
    var applyConfiguration: (_ changed: [String]) -> String? = { _ in nil }
    /// Writes what is in effect to the configuration file; with `addsAll` also what is as it is by default.
    var rewriteConfiguration: (_ addsAll: Bool) -> ReplyError? = { _ in nil }
    /// Stops the whole engine for a while, as DEBUG SLEEP asks.
    var sleep: (_ microseconds: Int64) -> Void = { _ in }
    /// What waits to be written to the append only file.
    var fileBufferBytes: () -> Int = { 0 }
    /// Saves while everybody waits.
    var save: () -> ReplyError? = { nil }
    var saveInBackground: (_ schedules: Bool) -> SaveReply = { _ in .started }
    /// All data is gone: what was being saved is not worth it, and what was saved is not the data any more.
    var dataWasFlushed: () -> Void = {}
    var rewriteAppendOnlyFile: () -> SaveReply = { .started }
    /// Makes what was done as safe as `appendfsync` says; false when that cannot be done.
    var commit: () -> Bool = { true }
    /// How much of the command log is on disk: an offset that sessions compare theirs with, -1 while the first base is
    /// not complete. Nil while no log is kept.
    var savedOffset: () -> Int? = { nil }
    /// Takes back a stop that a signal asked for; false when none did.
    var abortShutdown: () -> Bool = { false }
    /// Reads the users from the file that `aclfile` names, and writes them to it.
    var loadUsers: (_ caller: Session) -> String? = { _ in nil }
    var saveUsers: () -> Bool = { true }
    /// DEBUG LOADAOF.
    var loadAppendOnlyFile: () -> ReplyError? = { nil }
    /// Turns the clock of a fake.
    var turnClock: (ClockTurn) -> Void = { _ in }
    /// DEBUG AOF-FLUSH-SLEEP, in microseconds.
    var delayAppendOnlyFile: (Int64) -> Void = { _ in }
    /// DEBUG RELOAD.
    var reload: (ReloadRequest) -> ReplyError? = { _ in nil }
    /// TCP port in use, 0 when there is none.
    var port: () -> Int = { 0 }
}

/// What BGSAVE or BGREWRITEAOF comes to.
enum SaveReply {
    case started, scheduled
    case refused(ReplyError)
}

/// DEBUG RELOAD's options.
struct ReloadRequest {
    var saves = true
    var empties = true
    var replaces = false
}

/// SHUTDOWN's options.
struct ShutdownRequest: Equatable, Sendable {
    enum Save: Equatable, Sendable { case ifConfigured, always, never }
    var save = Save.ifConfigured
    var isForced = false

    init(save: Save = .ifConfigured, isForced: Bool = false) {
        self.save = save
        self.isForced = isForced
    }

    /// As `shutdown-on-sigterm` names them.
    init(flags: [String]) {
        save = flags.contains("save") ? .always : flags.contains("nosave") ? .never : .ifConfigured
        isForced = flags.contains("force")
    }
}
