// What the client's tests share: a server and a client of it in each way, a server played by a script, and waiting.

import Foundation
import Martlet
import Synchronization
import TestSupport

@testable import MartletClient

/// How a client reaches a server.
enum Way: CaseIterable, Sendable {
    case tcp, unix, inProcess
}

/// A server and a client of it.
final class Pair: Sendable {
    let server: MartletServer
    let client: RedisClient
    let way: Way

    init(_ way: Way = .tcp, _ change: (inout RedisClientConfiguration) -> Void = { _ in }) throws {
        self.way = way
        var configuration = Configuration()
        let path = NSTemporaryDirectory() + "martlet-\(UUID().uuidString.prefix(8)).sock"
        if way == .unix {
            configuration.port = 0
            configuration.unixsocket = path
        }
        let listening: Listening =
            switch way {
            case .tcp: .loopback(port: 0)
            case .unix: .configured
            case .inProcess: .nowhere
            }
        server = try MartletServer(listening: listening, configuration: configuration)
        var settings = RedisClientConfiguration(port: UInt16(server.port)).patient
        if way == .unix { settings.topology = .single(.unix(path: path)) }
        change(&settings)
        client = way == .inProcess ? RedisClient(server, configuration: settings) : try RedisClient(settings)
    }

    deinit {
        client.close()
        server.stop()
    }
}

/// A server played by a script: what it answers to each command.
final class ScriptedServer: ByteStreamProvider {
    enum Answer: Sendable {
        case reply(String)
        case silence
        /// The connection breaks before the command is executed, or after: who can tell?
        case hangUp
    }

    private let script: @Sendable (_ words: [String], _ connection: Int, _ endpoint: RedisEndpoint) -> Answer
    private let received = Mutex<[(words: [String], endpoint: RedisEndpoint)]>([])
    private let connections = Mutex<[(endpoint: RedisEndpoint, isOpen: Bool)]>([])

    private let knowsHello: Bool

    init(_ script: @escaping @Sendable (_ words: [String], _ connection: Int) -> Answer, knowsHello: Bool = true) {
        self.script = { words, connection, _ in script(words, connection) }
        self.knowsHello = knowsHello
    }

    private init(
        full script: @escaping @Sendable (_ words: [String], _ connection: Int, _ endpoint: RedisEndpoint) -> Answer
    ) {
        self.script = script
        knowsHello = true
    }

    /// Several servers.
    static func many(
        _ script: @escaping @Sendable (_ words: [String], _ endpoint: RedisEndpoint) -> Answer
    ) -> ScriptedServer {
        ScriptedServer(full: { words, _, endpoint in script(words, endpoint) })
    }

    /// All commands but those of the greeting.
    var commands: [[String]] { received.withLock { $0.map(\.words) } }

    func commands(at endpoint: RedisEndpoint) -> [String] {
        received.withLock { $0.filter { $0.endpoint == endpoint }.map { $0.words.joined(separator: " ") } }
    }

    /// How many were made, whether they are still open or not.
    var connectionCount: Int { connections.withLock { $0.count } }

    func openConnections(to endpoint: RedisEndpoint) -> Int {
        connections.withLock { $0.count { $0.isOpen && $0.endpoint == endpoint } }
    }

    func connect(to endpoint: RedisEndpoint, usesTLS: Bool) async throws -> any ByteStream {
        let number = connections.withLock { connections -> Int in
            connections.append((endpoint, true))
            return connections.count
        }
        return Stream(self, number, endpoint)
    }

    fileprivate func answer(_ words: [String], _ connection: Int, _ endpoint: RedisEndpoint) -> Answer {
        switch words.first {
        case "HELLO" where !knowsHello:
            return .reply("-ERR unknown command `HELLO`, with args beginning with: `3`,\r\n")
        case "HELLO": return .reply("%1\r\n+server\r\n+script\r\n")
        case "CLIENT": return .reply("+OK\r\n")
        default:
            received.withLock { $0.append((words, endpoint)) }
            return script(words, connection, endpoint)
        }
    }

    private final class Stream: ByteStream {
        private struct State: ~Copyable, Sendable {
            var parser = ReplyParser()
            var received: (@Sendable ([UInt8]) -> Void)?
            var ended: (@Sendable (String?) -> Void)?
        }

        private let server: ScriptedServer
        private let number: Int
        private let endpoint: RedisEndpoint
        private let state = Mutex(State())

        init(_ server: ScriptedServer, _ number: Int, _ endpoint: RedisEndpoint) {
            self.server = server
            self.number = number
            self.endpoint = endpoint
        }

        func start(
            received: @escaping @Sendable ([UInt8]) -> Void, ended: @escaping @Sendable (String?) -> Void
        ) {
            state.withLock { state in
                state.received = received
                state.ended = ended
            }
        }

        func send(_ bytes: [UInt8]) {
            var requests: [[String]] = []
            let received = state.withLock { state in
                _ = state.parser.receive(bytes) { requests.append($0.elements?.compactMap(\.string) ?? []) }
                return state.received
            }
            for request in requests {
                switch server.answer(request, number, endpoint) {
                case .reply(let text): received?(Array(text.utf8))
                case .silence: continue
                case .hangUp: return hangUp("the other side is gone")
                }
            }
        }

        func close() { hangUp(nil) }

        private func hangUp(_ reason: String?) {
            let ended = state.withLock { $0.ended.take() }
            server.connections.withLock { $0[number - 1].isOpen = false }
            ended?(reason)
        }
    }
}

/// A way to servers that may be closed: some cannot be reached, and some keep whoever connects waiting.
final class Gate: ByteStreamProvider {
    private struct State: Sendable {
        var unreachable: Set<RedisEndpoint> = []
        var isShut: Bool
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let servers: ScriptedServer
    private let state: Mutex<State>

    init(_ servers: ScriptedServer, isShut: Bool = false) {
        self.servers = servers
        state = Mutex(State(isShut: isShut))
    }

    /// How many it keeps waiting.
    var waitingCount: Int { state.withLock(\.waiting.count) }

    func refuse(_ endpoint: RedisEndpoint) { state.withLock { _ = $0.unreachable.insert(endpoint) } }

    /// Lets those in that come from now on.
    func open() { state.withLock { $0.isShut = false } }

    func shut() { state.withLock { $0.isShut = true } }

    func letIn() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func connect(to endpoint: RedisEndpoint, usesTLS: Bool) async throws -> any ByteStream {
        if state.withLock({ $0.unreachable.contains(endpoint) }) {
            throw RedisError(.connection, .notExecuted, "Nobody listens at \(endpoint)")
        }
        // As looking up a name does, it knows no cancellation.
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.isShut { state.waiting.append(continuation) }
                return !state.isShut
            }
            if isOpen { continuation.resume() }
        }
        return try await servers.connect(to: endpoint, usesTLS: usesTLS)
    }
}

/// A clock that stands until it is moved; pauses shorter than `skipped` pass at once.
final class StandingClock: Sendable {
    private struct State: Sendable {
        var now = Duration.zero
        var sleepers: [(until: Duration, number: Int, wake: CheckedContinuation<Void, Never>)] = []
        var cancelled: Set<Int> = []
        var nextNumber = 0
    }

    private let state = Mutex(State())

    var clock: ClientClock {
        ClientClock(now: { [self] in state.withLock(\.now) }, sleep: { [self] in try await sleep($0) })
    }

    /// How many wait.
    var sleeperCount: Int { state.withLock(\.sleepers.count) }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.until <= state.now }
            state.sleepers.removeAll { $0.until <= state.now }
            return due
        }
        for sleeper in due { sleeper.wake.resume() }
    }

    private func sleep(_ duration: Duration) async throws {
        let number = state.withLock { state -> Int in
            state.nextNumber += 1
            return state.nextNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { wake in
                let isOver = state.withLock { state -> Bool in
                    if duration <= .zero || state.cancelled.remove(number) != nil { return true }
                    state.sleepers.append((state.now + duration, number, wake))
                    return false
                }
                if isOver { wake.resume() }
            }
        } onCancel: {
            let wake = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard let place = state.sleepers.firstIndex(where: { $0.number == number }) else {
                    state.cancelled.insert(number)
                    return nil
                }
                return state.sleepers.remove(at: place).wake
            }
            wake?.resume()
        }
        try Task.checkCancellation()
    }
}

/// Asks again and again until `condition` holds; false when it does not come to hold.
func soon(_ condition: () async throws -> Bool) async rethrows -> Bool {
    for _ in 0..<3_600_000 {
        if try await condition() { return true }
        try? await Task.sleep(nanoseconds: 1_000_000)
    }
    return false
}
