// Clients that wait for something before they get their reply. What they send meanwhile is executed afterwards.

/// What a client waits for.
enum Wait {
    /// WAIT: as many replicas as there will never be.
    case replicas
    /// WAITAOF: everything up to `offset` of the command log is on disk here, if `isLocal`, and on some replicas.
    case appendOnlyFile(offset: Int, isLocal: Bool, replicas: Int64)
    /// The end of CLIENT PAUSE; the command has not been executed.
    case pause
    /// A reply that a fake holds back.
    case time(reply: [UInt8])
}

/// Why the waiting ends.
enum WaitEnd {
    /// It has come, or cannot come any more.
    case served
    case timeout
    case error(ReplyError)
}

final class BlockedClients {
    private struct Client {
        let session: Session
        let wait: Wait
        /// Monotonic milliseconds.
        let deadline: Int64
        /// Its reply is not wanted.
        let isSilenced: Bool
        /// Higher than that of all who began to wait before.
        let number: Int
    }

    // Unchecked: on the loop's queue only; what walks over it calls nothing that lets anybody wait.
    @exclusivity(unchecked) private var clients: [ObjectIdentifier: Client] = [:]
    private var lastNumber = 0
    /// When the next one has waited long enough, in monotonic milliseconds; earlier if that one left meanwhile.
    private(set) var earliestDeadline = Int64.max
    /// The most of the command log that anybody has asked to be on disk.
    private(set) var wantedOffset = 0
    /// What the latest look found on disk; nil when everybody is to be looked at again.
    private var servedOffset: Int??

    var count: Int { clients.count }
    /// Those who wait for so long and no longer.
    var timedCount: Int { clients.values.count { $0.deadline < Int64.max } }
    var isEmpty: Bool { clients.isEmpty }

    /// The session's next reply comes when its wait is over. A `timeout` of 0 milliseconds is none.
    func block(_ session: Session, for wait: Wait, timeout: Int64, now: Int64) {
        let (sum, overflow) = now.addingReportingOverflow(timeout)
        let deadline = timeout == 0 || overflow ? Int64.max : sum
        session.isBlocked = true
        lastNumber += 1
        clients[ObjectIdentifier(session)] = Client(
            session: session, wait: wait, deadline: deadline, isSilenced: session.isSilenced, number: lastNumber)
        earliestDeadline = min(earliestDeadline, deadline)
        if case .appendOnlyFile(let offset, isLocal: true, _) = wait { wantedOffset = max(wantedOffset, offset) }
        servedOffset = nil
    }

    /// The session is gone.
    func remove(_ session: Session) {
        _ = take(session)
    }

    /// The session's command is to be tried again when nobody pauses any more.
    func postpone(_ session: Session) {
        session.isPostponed = true
        block(session, for: .pause, timeout: 0, now: 0)
    }

    /// Nobody pauses any more.
    func endPostponements() {
        for client in take({ $0.session.isPostponed }) { Self.finish(client, .served, nil) }
    }

    /// Ends the wait of one session, if it waits for something that can be told from what it asked; else false.
    func unblock(_ session: Session, by end: WaitEnd, savedOffset: Int?) -> Bool {
        guard !session.isPostponed, let client = take(session) else { return false }
        Self.finish(client, end, savedOffset)
        return true
    }

    /// Looks who has got what it waited for, and who has waited long enough. `savedOffset` tells how much of the
    /// command log is on disk; nil: none is kept.
    func serve(savedOffset: Int?, now: Int64) {
        guard !clients.isEmpty, servedOffset != .some(savedOffset) || now >= earliestDeadline else { return }
        servedOffset = .some(savedOffset)
        for client in take({ $0.wait.isOver(savedOffset) }) { Self.finish(client, .served, savedOffset) }
        for client in take({ $0.deadline <= now }) { Self.finish(client, .timeout, savedOffset) }
        earliestDeadline = clients.values.reduce(Int64.max) { min($0, $1.deadline) }
    }

    /// Takes out those that `isTaken` chooses, in the order in which they began to wait.
    private func take(_ isTaken: (Client) -> Bool) -> [Client] {
        clients.values.filter(isTaken).sorted { $0.number < $1.number }.compactMap { take($0.session) }
    }

    private func take(_ session: Session) -> Client? {
        guard let client = clients.removeValue(forKey: ObjectIdentifier(session)) else { return nil }
        session.isBlocked = false
        if clients.isEmpty { earliestDeadline = .max }
        return client
    }

    private static func finish(_ client: Client, _ end: WaitEnd, _ savedOffset: Int?) {
        var reply = ReplyWriter(buffer: ReplyBuffer(), version: client.session.version)
        if !client.isSilenced { client.wait.reply(&reply, end, savedOffset) }
        client.session.transport?.unblocked(reply.buffer.tail.bytes)
    }
}

extension Wait {
    /// Whether there is nothing left to wait for.
    func isOver(_ savedOffset: Int?) -> Bool {
        switch self {
        case .replicas, .pause, .time: return false
        case .appendOnlyFile(let offset, let isLocal, let replicas):
            guard isLocal else { return replicas == 0 }
            guard let savedOffset else { return true }
            return replicas == 0 && savedOffset >= offset
        }
    }

    func reply(_ reply: inout ReplyWriter, _ end: WaitEnd, _ savedOffset: Int?) {
        if case .error(let error) = end { return reply.error(error) }
        switch self {
        case .replicas: reply.integer(0)
        case .pause: break
        case .time(let held): reply.raw(held.span)
        case .appendOnlyFile(let offset, let isLocal, _):
            if isLocal, savedOffset == nil { return reply.error(.noAppendOnlyFile) }
            reply.array(2)
            reply.integer(savedOffset.map { $0 >= offset } ?? false)
            reply.integer(0)
        }
    }
}

extension CommandCall {
    /// Lets the client wait, or replies at once when there is nothing to wait for or no client that could.
    mutating func wait(for wait: Wait, timeout: Int64) {
        let savedOffset = server.services.savedOffset()
        if isInTransaction || wait.isOver(savedOffset) { return wait.reply(&reply, .served, savedOffset) }
        server.blocked.block(session, for: wait, timeout: timeout, now: server.monotonicMilliseconds)
    }
}
