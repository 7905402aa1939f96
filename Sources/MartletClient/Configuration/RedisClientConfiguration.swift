// How a client reaches its servers and how patient it is. The defaults of retries and of the pool are those that
// production session stores use.

import Martlet

/// Where one server listens.
public enum RedisEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// A host's name or address, and a port.
    case tcp(host: String, port: UInt16)
    /// The path of a unix socket.
    case unix(path: String)

    /// `host:port`, or the path.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): path
        }
    }
}

/// Who is asked for what.
public enum RedisTopology: Equatable, Sendable {
    /// One server.
    case single(RedisEndpoint)
    /// These sentinels are asked for the primary of this name.
    case sentinel([RedisEndpoint], name: String)
    /// These are some nodes of a cluster; the others are found through them.
    case cluster([RedisEndpoint])
}

/// Where reads go when there are replicas.
public enum ReadPreference: Equatable, Sendable {
    /// Everything goes to primaries, so that a read sees what was written before.
    case primary
    /// Commands that only read go to a replica if there is one. They may see the past.
    case replica
}

/// A user and a password.
public struct RedisCredentials: Equatable, Sendable {
    /// Nil for the default user.
    public var username: String?
    /// In clear.
    public var password: String

    /// Credentials of these parts.
    public init(username: String? = nil, password: String) {
        self.username = username
        self.password = password
    }
}

/// When a command is tried again that was not executed, or that only reads: after a time drawn at random from nothing
/// to `base`, doubled with each retry up to `cap` (exponential backoff with full jitter).
public struct RetryPolicy: Equatable, Sendable {
    /// Tries besides the first.
    public var retries: Int
    /// The longest first pause.
    public var base: Duration
    /// The longest pause of all.
    public var cap: Duration

    /// Three retries, 10 ms, 1 s.
    public init(retries: Int = 3, base: Duration = .milliseconds(10), cap: Duration = .seconds(1)) {
        self.retries = retries
        self.base = base
        self.cap = cap
    }

    /// Every command is sent once.
    public static var never: RetryPolicy { RetryPolicy(retries: 0) }

    /// The longest pause ahead of retry `number`, counted from 0.
    func longestPause(before number: Int) -> Duration {
        var pause = base
        for _ in 0..<min(number, 62) where pause < cap { pause *= 2 }
        return min(pause, cap)
    }
}

/// Connections that are lent out for transactions and for commands that wait.
public struct PoolPolicy: Equatable, Sendable {
    /// So many are kept open.
    public var minimum: Int
    /// Never more than so many at once.
    public var maximum: Int
    /// How long a borrower waits for one.
    public var acquireTimeout: Duration
    /// One that was idle for longer is asked whether it still works before it is lent out, and so is the connection of
    /// subscriptions when nothing was published for so long.
    public var healthCheckAfter: Duration

    /// 2 to 8, 5 s, 30 s.
    public init(
        minimum: Int = 2, maximum: Int = 8, acquireTimeout: Duration = .seconds(5),
        healthCheckAfter: Duration = .seconds(30)
    ) {
        self.minimum = minimum
        self.maximum = maximum
        self.acquireTimeout = acquireTimeout
        self.healthCheckAfter = healthCheckAfter
    }
}

/// TCP keepalive: how a dead peer of an idle connection is found.
public struct KeepAlivePolicy: Equatable, Sendable {
    /// Silence before the first probe.
    public var idle: Duration
    /// Between probes.
    public var interval: Duration
    /// Probes without an answer until the connection is given up.
    public var count: Int

    /// 600 s, 30 s, 3.
    public init(idle: Duration = .seconds(600), interval: Duration = .seconds(30), count: Int = 3) {
        self.idle = idle
        self.interval = interval
        self.count = count
    }
}

/// Everything about a client.
public struct RedisClientConfiguration: Sendable {
    /// Who is asked for what.
    public var topology: RedisTopology
    /// Sent at the beginning of each connection.
    public var credentials: RedisCredentials?
    /// For the sentinels, which may have a password of their own.
    public var sentinelCredentials: RedisCredentials?
    /// The database that every connection selects. A cluster has only 0.
    public var database = 0
    /// What CLIENT LIST shows.
    public var clientName: String?
    /// Whether the URL asked for TLS, which `streams` has to bring.
    public var usesTLS = false
    /// Name lookup, connecting and greeting together.
    public var connectTimeout: Duration = .seconds(5)
    /// A server from which nothing comes for so long although an answer is due counts as gone.
    public var readTimeout: Duration = .seconds(5)
    /// Retries.
    public var retry = RetryPolicy()
    /// Connections that are lent out.
    public var pool = PoolPolicy()
    /// TCP keepalive.
    public var keepAlive = KeepAlivePolicy()
    /// Where reads go.
    public var reads = ReadPreference.primary
    /// Makes the streams of bytes that connections use; nil for plain sockets.
    public var streams: (any ByteStreamProvider)?
    /// Time.
    var clock = ClientClock.system
    /// Chance, for pauses and for choosing nodes.
    var random = ClientRandom()

    /// A client of this topology.
    public init(_ topology: RedisTopology) { self.topology = topology }

    /// Waits for a time drawn at random, longer with each retry; false when the task is cancelled meanwhile.
    func pause(before retry: Int) async -> Bool {
        let longest = self.retry.longestPause(before: retry)
        do {
            try await clock.sleep(random.pause(upTo: longest))
            return true
        } catch {
            return false
        }
    }

    /// A client of one server.
    public init(host: String = "127.0.0.1", port: UInt16 = 6379) {
        self.init(.single(.tcp(host: host, port: port)))
    }
}
