// The values that the server runs by, one plain property for each directive that has an effect.
// Names, texts, bounds and documentation stand in the table (HonouredDirectives.swift); a directive whose feature
// is not here yet has no property, so that nothing can read it: its value waits in `waiting`.

/// Everything that redis.conf, the command line and CONFIG SET can say. A fresh value holds the defaults.
public struct Configuration: Sendable {
    // MARK: Network

    /// Addresses to listen on: names, IPv4, IPv6, `*`; a leading `-` allows the address to be missing on this machine.
    public var bind = ["*", "-::*"]
    /// TCP port; 0 for none.
    public var port = 6379
    /// Length of the queue of connections that wait to be accepted.
    public var tcpBacklog = 511
    /// Mark of TCP sockets for the system's packet filter; 0 for none (`socket-mark-id`).
    public var socketMarkID = 0
    /// Seconds between keep-alive probes on TCP connections; 0 for none.
    public var tcpKeepaliveSeconds = 300
    /// Path of the unix socket; empty for none.
    public var unixsocket = ""
    /// Permission bits of the unix socket; 0 leaves what the umask gives.
    public var unixsocketPermissions = 0
    /// Seconds after which an idle connection is closed; 0 for never.
    public var timeoutSeconds = 0
    /// Connections at one time.
    public var maxclients = 10000
    /// Longest argument of a request, and longest string value, in bytes.
    public var protoMaxBulkLength = 512 * 1024 * 1024
    /// Most bytes that an incomplete request may hold.
    public var clientQueryBufferLimit = 1024 * 1024 * 1024

    /// When connections that do not read their replies are closed.
    public var clientOutputBufferLimits = OutputBufferLimits()

    // MARK: Who may do what

    /// Whether connections from other machines are refused while there is no password.
    public var protectedMode = true
    /// The password that AUTH asks for; empty for none.
    public var requirepass: [UInt8] = []
    /// Users and the rules about them, in the order of their lines (`user`).
    package var users: [UserDeclaration] = []
    /// File of users, in the place of such lines; empty for none.
    public var aclfile = ""
    /// How many refusals ACL LOG keeps (`acllog-max-len`).
    public var acllogMaxLen = 128
    /// Whether new users may use all channels (`acl-pubsub-default`).
    public var aclPubsubDefault = NewUserChannels.none
    /// Who may send DEBUG.
    public var enableDebugCommand = ProtectedAction.no
    /// Who may set the directives that write files (dir, dbfilename).
    public var enableProtectedConfigs = ProtectedAction.no
    /// Commands to rename or to remove, in the order of their lines.
    package var renamedCommands: [CommandRename] = []

    // MARK: Process

    /// Whether the server leaves the terminal.
    public var daemonize = false
    /// File that holds the process id while the server runs; empty for none.
    public var pidfile = ""
    /// The least important messages that are logged.
    public var loglevel = LogLevel.notice
    /// File to log to; empty for standard output.
    public var logfile = ""
    /// Milliseconds from which on LATENCY remembers an event; 0 for never.
    public var latencyMonitorThreshold = 0
    /// Keep a histogram of how long the calls of each command take (`latency-tracking`).
    public var latencyTracking = true
    /// Percentiles that INFO latencystats shows (`latency-tracking-info-percentiles`).
    public var latencyTrackingInfoPercentiles: [Double] = [50, 99, 99.9]
    /// Microseconds from which on SLOWLOG keeps a command; -1 for never (`slowlog-log-slower-than`).
    public var slowlogLogSlowerThan = 10_000
    /// How many commands SLOWLOG keeps (`slowlog-max-len`).
    public var slowlogMaxLen = 128
    /// Whether the start shows the logo when the log is not a terminal, too.
    public var alwaysShowLogo = false
    /// Whether a crash leaves a report in the log (`crash-log-enabled`).
    public var crashLogEnabled = true
    /// Milliseconds that a turn of the event loop may take before the log is told where it is; 0 for any number
    /// (`watchdog-period`).
    public var watchdogPeriod = 0
    /// Whether the system's log gets the lines, too (`syslog-enabled`), by which name and facility.
    public var syslogEnabled = false
    public var syslogIdent = "redis"
    public var syslogFacility = "local0"
    /// Which supervisor to tell that the server is ready: no, systemd, upstart or auto.
    public var supervised = "no"
    /// What SIGINT and SIGTERM do besides stopping: any of save, nosave, now, force; none for what SHUTDOWN does.
    public var shutdownOnSigint: [String] = []
    public var shutdownOnSigterm: [String] = []
    /// Whether the title of the process follows `procTitleTemplate`.
    public var setProcTitle = true
    public var procTitleTemplate = "{title} {listen-addr} {server-mode}"
    /// Whether the kernel is told which process to kill first when memory runs out: no, relative or absolute.
    public var oomScoreAdj = "no"
    /// Scores of a primary, a replica and a background child.
    public var oomScoreAdjValues = [0, 200, 800]
    /// Processors that the process may run on, as `0-7:2` or `0,2`; empty for all (`server-cpulist`).
    public var serverCPUList = ""
    /// Whether the process does without huge pages (`disable-thp`).
    public var disableTHP = true
    /// Whether a panic is an exit with status 1 instead of a signal (`use-exit-on-panic`).
    package var useExitOnPanic = false
    /// Directory that files are written to.
    public var dir = "./"

    // MARK: Keyspace

    /// Number of databases.
    public var databases = 16
    /// Runs of the periodic work in a second, 1 to 500.
    public var hz = 10
    /// Whether expired values are freed off the loop.
    public var lazyfreeLazyExpire = false
    /// Whether values that a command replaces are freed off the loop.
    public var lazyfreeLazyServerDel = false
    /// Whether DEL works as UNLINK.
    public var lazyfreeLazyUserDel = false
    /// Whether FLUSHDB and FLUSHALL without a mode work as with ASYNC.
    public var lazyfreeLazyUserFlush = false

    /// When data is saved by itself: after so many seconds, if so much has changed.
    package var savePoints = SavePoint.defaults
    /// Name of the snapshot file in `dir`.
    public var dbfilename = "dump.rdb"
    /// Whether snapshots and DUMP compress strings.
    public var rdbCompression = true
    /// Whether snapshots carry a checksum, and it is looked at when they are loaded.
    public var rdbChecksum = true
    /// Whether writes are refused while the last save has failed.
    public var stopWritesOnBgsaveError = true
    /// Accepted as Redis has it; payloads are checked in full in any case.
    public var sanitizeDumpPayload = PayloadCheck.no

    /// Whether a snapshot is synced while it is written.
    public var rdbSaveIncrementalFsync = true

    // MARK: Append only file

    /// Whether every change is logged to a file.
    public var appendonly = false
    /// First part of the names of its parts.
    public var appendfilename = "appendonly.aof"
    /// Directory of its parts, in `dir`.
    public var appenddirname = "appendonlydir"
    /// When it is synced to disk.
    public var appendfsync = SyncPolicy.everySecond
    /// Whether those syncs are left out while a snapshot is written.
    public var noAppendfsyncOnRewrite = false
    /// Growth in percent after which it is rewritten; 0 for never.
    public var autoAOFRewritePercentage = 100
    /// Size in bytes below which it is not rewritten by itself.
    public var autoAOFRewriteMinSize = 64 << 20
    /// Whether one that ends within a command is loaded.
    public var aofLoadTruncated = true
    /// Whether a rewritten one begins with a snapshot.
    public var aofUseRDBPreamble = true
    /// Whether it notes when commands came.
    public var aofTimestampEnabled = false
    /// Whether the first part of a rewritten one is synced while it is written.
    public var aofRewriteIncrementalFsync = true
    /// Whether parts that a rewrite has replaced stay.
    package var aofDisableAutoGC = false

    /// Microseconds to wait after each key that is loaded or saved, for tests of what happens meanwhile.
    package var keyLoadDelay = 0
    package var rdbKeySaveDelay = 0

    // MARK: Memory

    /// Bytes of data and clients' buffers above which keys are evicted; 0 for no limit.
    public var maxmemory: UInt64 = 0
    /// Which keys are evicted.
    public var maxmemoryPolicy = EvictionPolicy.noEviction
    /// Keys compared for one eviction.
    public var maxmemorySamples = 5
    /// How long one round of eviction may take, 0 to 100.
    public var maxmemoryEvictionTenacity = 10
    /// Memory of all clients together above which the largest are dropped.
    package var maxmemoryClients = MemoryShare.bytes(0)
    /// How slowly the counters of LFU grow.
    public var lfuLogFactor = 10
    /// Minutes without use that take one from a counter of LFU; 0 for never.
    public var lfuDecayTime = 1
    /// Whether evicted values are freed off the loop.
    public var lazyfreeLazyEviction = false

    // MARK: Events and caches

    /// Classes of keyspace events that are published, as letters; empty for none.
    public var notifyKeyspaceEvents = ""
    /// Keys whose readers are remembered; 0 for no limit.
    public var trackingTableMaxKeys = 1_000_000

    // MARK: Encodings

    /// Most fields of a hash in one packed block.
    public var hashMaxListpackEntries = 512
    /// Longest field or value, in bytes, of a hash in one packed block.
    public var hashMaxListpackValue = 64
    /// Most members of a set of integers in one sorted block.
    public var setMaxIntsetEntries = 512
    /// Most members of a set in one packed block.
    public var setMaxListpackEntries = 128
    /// Longest member, in bytes, of a set in one packed block.
    public var setMaxListpackValue = 64

    var waiting = WaitingValues()

    /// The defaults.
    public init() {}

    /// The same with every value checked against its directive's bounds and brought into its range (`hz`), for
    /// configurations that a program has filled in.
    package func validated() throws(ConfigurationError) -> Configuration {
        var result = self
        for directive in DirectiveTable.all where directive.hasEffect {
            do {
                try directive.set(directive.text(in: self), in: &result)
            } catch {
                throw .refused(line: nil, reason: "\(directive.name): \(error.reason)")
            }
        }
        return result
    }

    /// Directives that differ from their default but have no effect in this version, in the table's order.
    package var directivesWithoutEffect: [String] {
        let defaults = Configuration()
        return DirectiveTable.all
            .filter { !$0.hasEffect && $0.text(in: self) != $0.text(in: defaults) }
            .map(\.name)
    }
}

/// When a client that does not read is dropped: at so many bytes of replies, or after some time above the soft limit.
public struct OutputBufferLimit: Sendable {
    /// Bytes at which it is dropped at once; 0 for no limit.
    public var hardBytes: Int
    /// Bytes above which it may stay for `softSeconds`; 0 for no limit.
    public var softBytes: Int
    /// Seconds above the soft limit.
    public var softSeconds: Int

    /// A limit; with three zeros none.
    public init(hardBytes: Int, softBytes: Int, softSeconds: Int) {
        self.hardBytes = hardBytes
        self.softBytes = softBytes
        self.softSeconds = softSeconds
    }
}

/// The limits of each class of clients.
public struct OutputBufferLimits: Sendable {
    /// Clients that send commands.
    public var normal = OutputBufferLimit(hardBytes: 0, softBytes: 0, softSeconds: 0)
    /// Replicas.
    public var replica = OutputBufferLimit(hardBytes: 256 << 20, softBytes: 64 << 20, softSeconds: 60)
    /// Clients that have subscribed to channels.
    public var pubsub = OutputBufferLimit(hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60)

    /// The defaults.
    public init() {}
}

/// How important a log message is.
public enum LogLevel: String, CaseIterable, Comparable, Sendable {
    /// Everything, for finding faults.
    case debug
    /// Many details that are rarely of use.
    case verbose
    /// What an operator wants to see.
    case notice
    /// Only what needs attention.
    case warning

    private var rank: Int {
        switch self {
        case .debug: 0
        case .verbose: 1
        case .notice: 2
        case .warning: 3
        }
    }

    /// Whether the left one is less important.
    public static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }
}

/// When an append only file is synced to disk.
public enum SyncPolicy: String, CaseIterable, Sendable {
    /// Once in a second.
    case everySecond = "everysec"
    /// Before a change is acknowledged.
    case always
    /// When the system likes to.
    case never = "no"
}

/// Whose payloads Redis checks deeply.
public enum PayloadCheck: String, CaseIterable, Sendable {
    case no, yes, clients
}

/// Who may do something dangerous.
public enum ProtectedAction: String, CaseIterable, Sendable {
    /// Nobody.
    case no
    /// Everybody.
    case yes
    /// Connections from this machine.
    case local

    func isAllowed(toLocalClient isLocal: Bool) -> Bool {
        self == .yes || (self == .local && isLocal)
    }
}

/// Channels that a new user may use.
public enum NewUserChannels: String, CaseIterable, Sendable {
    case all = "allchannels"
    case none = "resetchannels"
}

/// One `user` line. What the rules mean is for the owner of the users to say; `line` lets it refuse in the words of the
/// file.
package struct UserDeclaration: Equatable, Sendable {
    package let name: [UInt8]
    package let rules: [[UInt8]]
    package let line: ConfigurationLine
}

/// One `rename-command` line. An empty new name removes the command. Whether the command exists is for the owner of
/// the command table to say; `line` lets it refuse in the words of the file.
package struct CommandRename: Equatable, Sendable {
    package let command: String
    package let newName: String
    package let line: ConfigurationLine
}

/// Values of directives whose feature is not here yet, by name. Only the directive's own row reads and writes them.
struct WaitingValues: Sendable {
    private var values: [String: any Sendable] = [:]

    subscript<Value: Sendable>(name: String, default initial: Value) -> Value {
        get { values[name] as? Value ?? initial }
        set { values[name] = newValue }
    }
}
