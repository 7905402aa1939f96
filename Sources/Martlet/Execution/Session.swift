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
    /// Whether messages that are no replies stand among the replies, as on a socket.
    var mixesPushesWithReplies: Bool { get }
    /// Sends the reply that the client has waited for; what it sent behind that is executed when the turn ends.
    func unblocked(_ reply: ByteSpan)
    /// Whether so many bytes of replies may wait for the client; else it is about to be let go.
    func takesReplies(of count: Int) -> Bool
    /// Executes what the client sent while it waited.
    func resume()
    /// Ends the connection at once.
    func close()
    /// Ends the connection when the turn ends: somebody else's command is in execution.
    func kill()
    /// Sends bytes that are no reply to a request: complete messages in the session's protocol version.
    func push(_ message: ByteSpan)
    /// The same for what others are sent, too.
    func push(_ messages: LargeBytes)
}

/// What CLIENT REPLY chose.
enum ReplyMode {
    case on, off
    /// The command behind this one gets no reply.
    case skipNext
    case skip
}

final class Session {
    // What every command and every message looks at stands first, where CacheLine.prefetchHead reaches.
    /// Nil once the connection is closed. A strong reference, from `attach` to `detach`: a weak one would make every
    /// retain of the connection take the slow path.
    private(set) var transport: (any SessionTransport)?
    var version = RESPVersion.resp2
    /// Set by QUIT and by errors that end a connection: no further request is executed, pending replies are sent.
    var closesAfterReplies = false
    /// Whether a request of this session is being executed: pushes wait until its reply is written.
    var isExecuting = false
    var replyMode = ReplyMode.on
    /// Whether it waits, by BlockedClients: no further request is executed meanwhile.
    var isBlocked = false
    /// Waits for the end of CLIENT PAUSE, until the command that it sent then is tried again.
    var isPostponed = false
    /// Whether it has changed something that is not in the append only file yet.
    var hasUnsavedChanges = false
    /// Whether `subscriptions` holds any: asked before and behind each command, so that it stands by itself.
    private(set) var isSubscriber = false
    private var hasAuthenticated: Bool
    /// While nobody has to authenticate, whoever has come in before.
    var isLetIn = false
    /// Whether there is anything that the user may not do: asked before each command, so that it stands by itself.
    var isRestricted = false
    /// A look inside: no client, for nobody counts, lists or intercepts it.
    let isUnseen: Bool
    /// Part of the same program: needs no password, ever.
    let isTrusted: Bool
    /// CLIENT NO-EVICT.
    var isSafeFromEviction = false
    /// False: its commands do not count as uses of keys (CLIENT NO-TOUCH).
    var leavesTraces = true
    var isAccountedAsSubscriber = false
    /// Monotonic seconds.
    var lastInteractionAt: Int64
    /// Bytes read from it and written to it, and commands that it sent.
    var (inputBytes, outputBytes, commandCount) = (0, 0, 0)
    var database = 0
    /// Pushes that wait for the end of the command in execution.
    // Unchecked: on the loop's queue only, and nothing is called while bytes are put in or taken out.
    @exclusivity(unchecked) private var waitingPushes: [UInt8] = []
    /// Between MULTI and EXEC.
    var transaction: Transaction?
    /// The full name of the last command, for CLIENT LIST.
    var lastCommand: CommandID?
    /// The share in ClientMemory, in which part of it, and what of it counts itself.
    var accountedBytes = 0
    var selfCountedBytes = 0
    /// Bytes of the words of the command in execution, while somebody looks at it.
    var argumentBytes = 0
    /// Keys that the next EXEC depends on.
    var watches: [Watch] = []
    /// Of all of them.
    var watchMemory = 0
    /// Whether one of them has changed, so that the next EXEC does nothing.
    var isTouched = false
    /// Nil while the client does not track keys.
    var tracking: Tracking?

    let id: Int64
    /// Monotonic seconds.
    let createdAt: Int64
    /// Where the command log ended behind the latest that this client changed.
    var logOffset = 0
    var subscriptions = Subscriptions() {
        didSet { isSubscriber = !subscriptions.isEmpty }
    }
    var name = ""
    var libraryName = ""
    var libraryVersion = ""
    var isAuthenticated: Bool { hasAuthenticated || isLetIn }
    /// Who it is; nil for parts of the same program, which may do everything.
    private(set) var user: User?

    /// As it was when it opened, but for what is known to others.
    func resetChoices() {
        name = ""
        replyMode = .on
        database = 0
        isSafeFromEviction = false
        leavesTraces = true
    }

    /// A part of the same program, unless it becomes somebody.
    init(id: Int64, isTrusted: Bool = false, isUnseen: Bool = false, monotonicSeconds: Int64) {
        self.id = id
        self.isUnseen = isUnseen
        hasAuthenticated = isTrusted
        self.isTrusted = isTrusted
        createdAt = monotonicSeconds
        lastInteractionAt = monotonicSeconds
    }

    /// What is part of the same program goes by the name that everybody has.
    var userName: String { user?.nameText ?? String(decoding: UserRegistry.defaultName, as: UTF8.self) }

    func become(_ user: User?, isAuthenticated: Bool) {
        self.user = user
        hasAuthenticated = isAuthenticated
        isLetIn = false
        isRestricted = user?.rules.isRestricted ?? false
    }

    /// The connection that carries this session tells so when it is made.
    func attach(_ transport: any SessionTransport) { self.transport = transport }

    /// The connection is closed.
    func detach() { transport = nil }

    /// Sends a message that is no reply, behind the reply that is being written if there is one.
    func push(_ message: ByteSpan) {
        if isExecuting { wait(message) } else { transport?.push(message) }
    }

    /// The same for messages that other sessions are sent, too.
    func push(_ messages: LargeBytes) {
        if isExecuting { wait(messages.bytes) } else { transport?.push(messages) }
    }

    /// What waits counts as if it were written: who is sent too much is let go.
    private func wait(_ message: ByteSpan) {
        guard !closesAfterReplies, let transport else { return }
        let bytes = message.copied()
        waitingPushes += bytes
        if !transport.takesReplies(of: waitingPushes.count) { transport.kill() }
    }

    /// Whether the command in execution gets no reply.
    var isSilenced: Bool { replyMode == .off || replyMode == .skip }

    /// What has waited, to be written behind the reply.
    func takePushes() -> [UInt8]? {
        guard !waitingPushes.isEmpty else { return nil }
        defer { waitingPushes = [] }
        return waitingPushes
    }
}
