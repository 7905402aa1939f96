// One client as the engine knows it: who it is, what it chose, what it may do. The bytes are the transport's business.

/// What a session can ask of the connection that carries it.
protocol SessionTransport: AnyObject {
    /// Both ends as text, `ip:port`, or `path:0` for unix sockets.
    var remoteAddress: String { get }
    var localAddress: String { get }
    /// -1 when there is no descriptor.
    var descriptorNumber: Int32 { get }
    /// Requests that wait, room for more, and replies that wait, in bytes.
    var queryBufferCount: Int { get }
    var queryBufferRoom: Int { get }
    var replyBufferCount: Int { get }
    var replySegmentCount: Int { get }
    /// Memory of the buffer for replies, used or not.
    var replyBufferCapacity: Int { get }
    var memoryBytes: Int { get }
    /// Whether the peer is on this machine.
    var isLocal: Bool { get }
    var isUnixSocket: Bool { get }
}

final class Session {
    let id: Int64
    /// Nil once the connection is closed. A strong reference, from `attach` to `detach`: a weak one would make every
    /// retain of the connection take the slow path.
    private(set) var transport: (any SessionTransport)?
    /// Monotonic seconds.
    let createdAt: Int64
    var lastInteractionAt: Int64

    var database = 0
    var version = RESPVersion.resp2
    var name = ""
    var libraryName = ""
    var libraryVersion = ""
    var isAuthenticated: Bool
    /// Part of the same program: needs no password, ever.
    let isTrusted: Bool
    /// Set by QUIT and by errors that end a connection: no further request is executed, pending replies are sent.
    var closesAfterReplies = false
    /// The full name of the last command, for CLIENT LIST.
    var lastCommand: CommandID?
    /// Bytes of the words of the command in execution, while somebody looks at it.
    var argumentBytes = 0

    init(id: Int64, isAuthenticated: Bool, isTrusted: Bool = false, monotonicSeconds: Int64) {
        self.id = id
        self.isAuthenticated = isAuthenticated
        self.isTrusted = isTrusted
        createdAt = monotonicSeconds
        lastInteractionAt = monotonicSeconds
    }

    /// The connection that carries this session tells so when it is made.
    func attach(_ transport: any SessionTransport) { self.transport = transport }

    /// The connection is closed.
    func detach() { transport = nil }
}
