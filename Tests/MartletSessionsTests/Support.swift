// A store in a server whose clock stands.

import Foundation
import Synchronization
import TestSupport

@testable import Martlet
@testable import MartletClient
@testable import MartletSessions

/// A server, a client in process or over TCP, and a store.
final class Bench: Sendable {
    let server: MartletServer
    let client: RedisClient
    let store: SessionStore
    let clock: ManualClock?

    /// - Parameters:
    ///   - standing: whether the server's clock stands until it is moved.
    ///   - fake: is told of each command that the server is sent.
    init(
        overTCP: Bool = false, standing: Bool = true, configuration: Configuration? = nil, fake: FakeControl? = nil,
        _ change: (inout SessionStoreConfiguration) -> Void = { _ in }
    ) throws {
        var options = StartOptions()
        if let configuration { options.configuration = configuration }
        if overTCP { options.listening = .loopback(port: 0) }
        clock = standing ? ManualClock(wallMilliseconds: 1_800_000_000_000) : nil
        options.clock = clock
        options.fake = fake
        server = try MartletServer(options)
        var settings = RedisClientConfiguration(port: UInt16(server.port)).patient
        settings.pool.minimum = 0
        settings.pool.maximum = 16
        client = overTCP ? try RedisClient(settings) : RedisClient(server, configuration: settings)
        var configuration = SessionStoreConfiguration()
        change(&configuration)
        store = try SessionStore(client, configuration: configuration)
    }

    deinit {
        client.close()
        server.stop()
    }

    /// Moves the standing clock, and lets the server do what is due.
    func advance(by duration: Duration) {
        clock?.advance(milliseconds: duration.milliseconds)
        server.runDueWork()
    }

    func keys() async throws -> Set<String> {
        try await client.send("KEYS", "*", as: Set<String>.self)
    }
}

struct Cart: Codable, Equatable, Sendable {
    var items: [String] = []
    var isGift = false
}

enum Sections {
    static let cart = SessionSection<Cart>("cart")
    static let csrf = SessionSection<String>("csrf", ttl: .fixed(.seconds(900)))
    static let list = SessionSection<[Int]>("list")
    static let visits = SessionCounter("visits")
}

/// A browser with one cookie.
final class Browser {
    let core: SessionMiddlewareCore
    var cookie: String?
    var header: String?

    init(_ store: SessionStore, cookie: String? = nil) {
        core = SessionMiddlewareCore(store: store)
        self.cookie = cookie
    }

    @discardableResult
    func visit<Value>(_ handler: (RequestSession) async throws -> Value) async throws -> Value {
        let (value, setCookie) = try await core.handle(cookieHeader: cookie, metadata: ["ip": "1"], handler)
        header = setCookie
        if let setCookie {
            let pair = String(setCookie.prefix { $0 != ";" })
            cookie = pair.hasSuffix("=") ? nil : pair
        }
        return value
    }
}
