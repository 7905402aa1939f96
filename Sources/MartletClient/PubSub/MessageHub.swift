// All subscriptions of a client share one connection, which is made with the first and made again when it breaks.

import Martlet
import Synchronization

/// What was published.
public struct RedisMessage: Equatable, Sendable {
    /// Where it was published.
    public let channel: String
    /// The pattern by which it was found; nil for a channel that was subscribed by its name.
    public let pattern: String?
    /// What was published.
    public let payload: [UInt8]

    /// The payload as text; what is not UTF-8 becomes replacement characters.
    public var text: String { String(decoding: payload, as: UTF8.self) }
}

actor MessageHub {
    /// A channel or a pattern.
    enum Source: Hashable, Sendable {
        case channel(String)
        case pattern(String)

        var subscribe: RedisCommand {
            switch self {
            case .channel(let name): RedisCommand("SUBSCRIBE", name)
            case .pattern(let name): RedisCommand("PSUBSCRIBE", name)
            }
        }

        var unsubscribe: RedisCommand {
            switch self {
            case .channel(let name): RedisCommand("UNSUBSCRIBE", name)
            case .pattern(let name): RedisCommand("PUNSUBSCRIBE", name)
            }
        }
    }

    private enum Question: Equatable {
        case subscribe(Source)
        case unsubscribe(Source)
        case ping
    }

    /// Counts what a link brings; the hub may be behind with it.
    private final class Arrivals: Sendable {
        private let number = Atomic<Int>(0)

        var count: Int { number.load(ordering: .relaxed) }

        func add() { number.add(1, ordering: .relaxed) }
    }

    private struct Subscriber {
        let sources: Set<Source>
        let inbox: AsyncStream<RedisMessage>.Continuation
    }

    private let configuration: RedisClientConfiguration
    private let open: @Sendable () async throws(RedisError) -> any RedisLink
    private let missed: @Sendable (RedisError) async -> Void
    private var subscribers: [Int: Subscriber] = [:]
    private var nextNumber = 0
    private var link: (any RedisLink)?
    private var linkNumber = 0
    private var reader: Task<Void, Never>?
    private var watcher: Task<Void, any Error>?
    /// What the server has not answered yet, in the order in which it will. A refusal does not say what is refused.
    private var questions: [Question] = []
    /// What the server has said it will send.
    private var confirmed: Set<Source> = []
    private var waiting: [Source: [Int: CheckedContinuation<RedisError?, Never>]] = [:]
    /// Sources that the server was told to forget, and has not said so yet: what it confirms ahead of that is past.
    private var leaving: [Source: Int] = [:]
    private var isClosed = false

    /// What a subscriber that does not read may leave unread, before the oldest is dropped.
    private static let mostUnread = 100_000

    /// - Parameters:
    ///   - open: makes a connection that is nobody else's.
    ///   - missed: is told when no connection could be made; one that broke is tried again all the same.
    init(
        _ configuration: RedisClientConfiguration,
        open: @escaping @Sendable () async throws(RedisError) -> any RedisLink,
        missed: @escaping @Sendable (RedisError) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.open = open
        self.missed = missed
    }

    // MARK: Subscribing

    /// Returns when the server has confirmed all sources.
    func subscribe(to sources: Set<Source>) async throws(RedisError) -> RedisSubscription {
        let link: any RedisLink
        do throws(RedisError) {
            link = try await connectedLink()
        } catch {
            await missed(error)
            throw error
        }
        nextNumber += 1
        let number = nextNumber
        let (stream, inbox) = AsyncStream.makeStream(
            of: RedisMessage.self, bufferingPolicy: .bufferingNewest(Self.mostUnread))
        inbox.onTermination = { [weak self] _ in Task { await self?.drop(number) } }
        subscribers[number] = Subscriber(sources: sources, inbox: inbox)
        for source in sources where !confirmed.contains(source) {
            if let refusal = await confirm(source, over: link) {
                inbox.finish()
                throw refusal
            }
        }
        return RedisSubscription(stream: stream, inbox: inbox)
    }

    /// Nil when the server has confirmed; it has as long for it as for any answer.
    private func confirm(_ source: Source, over link: any RedisLink) async -> RedisError? {
        nextNumber += 1
        let ticket = nextNumber
        let limit = Task { [weak self, configuration] in
            try await configuration.clock.sleep(configuration.readTimeout)
            let error = RedisError(.connection, .notExecuted, "No answer within \(configuration.readTimeout)")
            guard await self?.giveUp(ticket, source, error) == true else { return }
            // Others who listen over it are better off with another.
            link.close(because: error)
        }
        defer { limit.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled { return continuation.resume(returning: Self.cancelled) }
                let isFirst = waiting[source] == nil
                waiting[source, default: [:]][ticket] = continuation
                if isFirst { ask(.subscribe(source), over: link) }
            }
        } onCancel: {
            Task { [weak self] in await self?.giveUp(ticket, source, Self.cancelled) }
        }
    }

    private static let cancelled = RedisError(.cancelled, .notExecuted, "The task was cancelled")

    /// False when it was confirmed meanwhile.
    @discardableResult
    private func giveUp(_ ticket: Int, _ source: Source, _ error: RedisError) -> Bool {
        guard let continuation = waiting[source]?.removeValue(forKey: ticket) else { return false }
        if waiting[source]?.isEmpty == true { waiting[source] = nil }
        continuation.resume(returning: error)
        return true
    }

    private func drop(_ number: Int) {
        guard let gone = subscribers.removeValue(forKey: number) else { return }
        for source in gone.sources.subtracting(wanted) {
            confirmed.remove(source)
            guard let link else { continue }
            leaving[source, default: 0] += 1
            ask(.unsubscribe(source), over: link)
        }
    }

    private func ask(_ question: Question, over link: any RedisLink) {
        // Whoever waits for a link that was replaced meanwhile is waiting for the new one already.
        guard link === self.link else { return }
        questions.append(question)
        switch question {
        case .subscribe(let source): link.post(source.subscribe)
        case .unsubscribe(let source): link.post(source.unsubscribe)
        case .ping: link.post(RedisCommand("PING"))
        }
    }

    // MARK: The connection

    private func connectedLink() async throws(RedisError) -> any RedisLink {
        if isClosed { throw .closed(.notExecuted) }
        if let link, link.isOpen { return link }
        let fresh = try await open()
        // Somebody may have been faster, or has closed the client.
        if isClosed {
            fresh.close()
            throw .closed(.notExecuted)
        }
        if let link, link.isOpen {
            fresh.close()
            return link
        }
        link = fresh
        listen(to: fresh)
        // What was subscribed to over the one that broke.
        confirmed = []
        leaving = [:]
        questions = []
        for source in wanted { ask(.subscribe(source), over: fresh) }
        return fresh
    }

    /// Everything that somebody listens to or waits for.
    private var wanted: Set<Source> {
        subscribers.values.reduce(into: Set(waiting.keys)) { $0.formUnion($1.sources) }
    }

    private func listen(to link: any RedisLink) {
        let (messages, inbox) = AsyncStream.makeStream(
            of: [RESPValue].self, bufferingPolicy: .bufferingNewest(Self.mostUnread))
        let arrivals = Arrivals()
        linkNumber += 1
        let number = linkNumber
        link.listen { message in
            guard let message else { return inbox.finish() }
            arrivals.add()
            // Only what was published may be missed.
            if case .dropped(let lost) = inbox.yield(message), !Self.isPublished(lost) { inbox.yield(lost) }
        }
        watch(link, arrivals)
        reader = Task { [weak self] in
            for await message in messages { await self?.receive(message, number) }
            await self?.reconnect()
        }
    }

    private static func isPublished(_ message: [RESPValue]) -> Bool {
        ["message", "pmessage"].contains(message.first?.string)
    }

    /// Ends a connection over which nothing comes although it was asked for: who only listens would never know.
    private func watch(_ link: any RedisLink, _ arrivals: Arrivals) {
        watcher?.cancel()
        watcher = Task { [weak self, weak link, configuration] in
            while true {
                let before = arrivals.count
                try await configuration.clock.sleep(configuration.pool.healthCheckAfter)
                guard arrivals.count == before else { continue }
                guard let self, let listener = link, listener.isOpen else { return }
                await ask(.ping, over: listener)
                try await configuration.clock.sleep(configuration.readTimeout)
                guard arrivals.count == before else { continue }
                listener.close(
                    because: RedisError(.connection, .unknown, "No answer within \(configuration.readTimeout)"))
                return
            }
        }
    }

    /// Connects anew, as often as it takes while somebody listens; a new subscriber may have been faster.
    private func reconnect() async {
        var retry = 0
        while !isClosed, !wanted.isEmpty {
            do throws(RedisError) {
                _ = try await connectedLink()
                return
            } catch {
                if error.code == .closed { return }
                await missed(error)
                // Cancelled means closed, which the loop sees.
                _ = await configuration.pause(before: retry)
                retry += 1
            }
        }
    }

    // MARK: Messages

    private func receive(_ message: [RESPValue], _ number: Int) {
        // What another connection was answered says nothing of this one.
        guard number == linkNumber || Self.isPublished(message) else { return }
        if case .error(let text) = message.first { return wasRefused(.reply(text)) }
        guard let kind = message.first?.string else { return }
        switch kind {
        case "message" where message.count == 3:
            deliver(.channel(message[1].string ?? ""), channel: message[1], payload: message[2])
        case "pmessage" where message.count == 4:
            deliver(.pattern(message[1].string ?? ""), channel: message[2], payload: message[3])
        case "subscribe" where message.count == 3: wasConfirmed(.channel(message[1].string ?? ""))
        case "psubscribe" where message.count == 3: wasConfirmed(.pattern(message[1].string ?? ""))
        case "unsubscribe" where message.count == 3: wasLeft(.channel(message[1].string ?? ""))
        case "punsubscribe" where message.count == 3: wasLeft(.pattern(message[1].string ?? ""))
        case "PONG", "pong": wasAnswered(.ping)
        default: return
        }
    }

    /// Questions ahead of it are over, too.
    private func wasAnswered(_ question: Question) {
        guard let place = questions.firstIndex(of: question) else { return }
        questions.removeFirst(place + 1)
    }

    private func wasRefused(_ error: RedisError) {
        guard !questions.isEmpty else { return endWaiting(error) }
        guard case .subscribe(let source) = questions.removeFirst() else { return }
        endWaiting(for: source, error)
    }

    private func wasLeft(_ source: Source) {
        wasAnswered(.unsubscribe(source))
        guard let count = leaving[source] else { return }
        leaving[source] = count > 1 ? count - 1 : nil
    }

    private func wasConfirmed(_ source: Source) {
        wasAnswered(.subscribe(source))
        guard leaving[source] == nil else { return }
        confirmed.insert(source)
        endWaiting(for: source, nil)
    }

    private func endWaiting(for source: Source, _ error: RedisError?) {
        for continuation in (waiting.removeValue(forKey: source) ?? [:]).values {
            continuation.resume(returning: error)
        }
    }

    private func endWaiting(_ error: RedisError) {
        for continuation in waiting.values.flatMap(\.values) { continuation.resume(returning: error) }
        waiting = [:]
    }

    private func deliver(_ source: Source, channel: RESPValue, payload: RESPValue) {
        var pattern: String?
        if case .pattern(let text) = source { pattern = text }
        let message = RedisMessage(channel: channel.string ?? "", pattern: pattern, payload: payload.bytes ?? [])
        for subscriber in subscribers.values where subscriber.sources.contains(source) {
            subscriber.inbox.yield(message)
        }
    }

    nonisolated func close() { Task { await end() } }

    private func end() {
        isClosed = true
        link?.close()
        link = nil
        reader?.cancel()
        watcher?.cancel()
        for subscriber in subscribers.values { subscriber.inbox.finish() }
        subscribers = [:]
        endWaiting(.closed(.notExecuted))
    }
}
