// One session at a server, however its bytes travel: what pools, retries and topologies are built on.

import Martlet

/// An answer to one command: a reply, error replies included, or why there is none.
typealias RedisResult = Result<RESPValue, RedisError>

/// How long a sender waits.
struct Patience: Sendable {
    /// Nil: as long as the server lives.
    var timeout: Duration?
    /// Whether the server may take its time although it has nothing else to do.
    var isBlocking = false

    static let usual = Patience()

    init(timeout: Duration? = nil) { self.timeout = timeout }

    /// Whoever tells the server how long to wait waits no longer than that, and the time that any answer may take.
    init(for commands: [RedisCommand], timeout: Duration?, readTimeout: Duration) {
        self.timeout = timeout
        isBlocking = commands.contains(where: \.isBlocking)
        guard isBlocking, let wait = Self.sum(of: commands.filter(\.isBlocking).map(\.longestWait)) else { return }
        let most = wait + readTimeout
        self.timeout = timeout.map { min($0, most) } ?? most
    }

    /// Nil when one of them has no end.
    private static func sum(of waits: [Duration?]) -> Duration? {
        waits.reduce(.zero) { sum, wait in
            guard let sum, let wait else { return nil }
            return sum + wait
        }
    }
}

/// A connection whose commands are answered in order. All members may be used from any task at once.
protocol RedisLink: AnyObject, Sendable {
    /// Sends commands in order, with nothing in between, and waits for all their answers. Who gives up waiting leaves
    /// the connection as it is: the answers are dropped when they come.
    func send(_ commands: [RedisCommand], _ patience: Patience) async -> [RedisResult]

    /// Sends a command that is answered by messages only.
    func post(_ command: RedisCommand)

    /// What arrives without being asked for. One handler, set ahead of the first `post`; it is told `nil` at the end.
    func listen(_ handler: @escaping @Sendable ([RESPValue]?) -> Void)

    /// False when nothing can be sent any more.
    var isOpen: Bool { get }
    /// Whether answers are still to come.
    var isBusy: Bool { get }

    /// Ends the connection; who waits for an answer gets this error.
    func close(because error: RedisError)
}

extension RedisLink {
    func close() { close(because: .closed(.unknown)) }

    func send(_ command: RedisCommand, _ patience: Patience = .usual) async -> RedisResult {
        await send([command], patience).first ?? .failure(.closed(.notExecuted))
    }
}

extension RedisError {
    static func closed(_ outcome: Outcome) -> RedisError {
        RedisError(.closed, outcome, "The client is closed")
    }
}

extension Result where Success == RESPValue, Failure == RedisError {
    /// The reply; an error reply is thrown.
    func checked() throws(RedisError) -> RESPValue {
        let reply = try get()
        if case .error(let text) = reply { throw .reply(text) }
        return reply
    }

    /// What went wrong, on the way or at the server.
    var error: RedisError? {
        switch self {
        case .success(.error(let text)): .reply(text)
        case .success: nil
        case .failure(let error): error
        }
    }
}
