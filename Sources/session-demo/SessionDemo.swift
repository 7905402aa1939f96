// What the session store does, step by step.
//
//     swift run session-demo          in a server of this program, restarted on its append only file at the end
//     swift run session-demo URL      in the server, sentinels or cluster of this URL
//
// Each step says what it expects; the program ends with 1 where something else happens.

import Foundation
import Martlet
import MartletClient
import MartletSessions

struct Cart: Codable, Sendable, Equatable {
    var items: [String]
}

@main
struct SessionDemo {
    static let cart = SessionSection<Cart>("cart")
    static let visits = SessionCounter("visits")

    static func main() async throws {
        if let url = CommandLine.arguments.dropFirst().first {
            print("Sessions in \(url.split(separator: "@").last ?? "")")
            let client = try RedisClient(url: url)
            defer { client.close() }
            let store = try SessionStore(client)
            try await visit(store)
            return print("All is well.")
        }
        try await inProcess()
        print("All is well.")
    }

    private static func inProcess() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "session-demo-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        var configuration = Configuration()
        configuration.dir = directory.path
        configuration.appendonly = true
        configuration.appendfsync = .always
        print("Sessions in a server of this program, every change on disk before it is acknowledged")
        let server = try MartletServer(configuration: configuration)
        let user = try await visit(try SessionStore(RedisClient(server)))
        await server.stop()
        say("The server is stopped and started again on its append only file")
        let again = try MartletServer(configuration: configuration)
        let session = try await SessionStore(RedisClient(again)).get(user)
        expect(session?.principal == "ann", "ann is still logged in")
        expect(try session?.value(cart) == Cart(items: ["milk", "bread"]), "and her cart is as it was")
        await again.stop()
    }

    /// The story; the id of the session that is left.
    @discardableResult
    private static func visit(_ store: SessionStore) async throws -> SessionID {
        // What an earlier run may have left.
        try await store.revokeAll(of: "ann")
        say("A visitor comes and puts milk into a cart")
        let visitor = try await store.create(metadata: ["device": "phone"]) { (draft) throws(SessionError) in
            try draft.set(cart, to: Cart(items: ["milk"]))
        }.session
        expect(visitor.principal == nil, "the session is nobody's yet; it lives \(visitor.timeRemaining)")

        say("The visitor logs in as ann")
        let phone = try await store.promote(visitor.id, to: "ann", keeping: ["cart"]).session
        expect(phone.id != visitor.id, "the session has a new id")
        expect(try await store.get(visitor.id) == nil, "the old id is worthless")
        expect(try phone.value(cart) == Cart(items: ["milk"]), "the cart has come along")

        say("Ten requests at once count a visit, while another adds bread")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<10 { group.addTask { try await store.increment(visits, in: phone.id) } }
            group.addTask {
                _ = try await store.mutate(phone.id) { draft in
                    var current = try draft.value(cart) ?? Cart(items: [])
                    current.items.append("bread")
                    try draft.set(cart, to: current)
                }
            }
            try await group.waitForAll()
        }
        let now = try await store.require(phone.id)
        expect(try now.value(visits) == 10 && now.value(cart) == Cart(items: ["milk", "bread"]), "none of it is lost")

        say("ann logs in on a laptop, too")
        let laptop = try await store.promote(nil, to: "ann", metadata: ["device": "laptop"]).session
        let devices = try await store.sessions(of: "ann").compactMap { $0.metadata["device"] }
        expect(Set(devices) == ["laptop", "phone"], "her page of devices shows \(devices.joined(separator: " and "))")

        say("An operator looks at all sessions")
        var all: Set<SessionHandle> = []
        for try await summary in store.allSessions() { all.insert(summary.id) }
        expect(all.isSuperset(of: [phone.handle, laptop.handle]), "both of hers are among them")
        expect(try await store.audit().withoutDeadline == 0, "and none would live for ever")

        say("She logs out everywhere else")
        let ended = try await store.revokeAll(of: "ann", except: phone.id)
        expect(ended == 1, "one session has ended")
        expect(try await store.get(laptop.id) == nil, "the laptop is logged out")
        expect(try await store.exists(phone.id), "the phone is not")
        do {
            try await store.set(cart, to: Cart(items: ["late"]), in: laptop.id)
            expect(false, "a request of the laptop that comes late brings nothing back")
        } catch {
            expect(error.code == .missing, "a request of the laptop that comes late brings nothing back")
        }
        try await watchOneEnd(store)
        return phone.id
    }

    private static func watchOneEnd(_ store: SessionStore) async throws {
        say("A session of half a second is left alone")
        let events = try await store.events()
        let lifetime = SessionLifetime(idle: .milliseconds(500), absolute: nil)
        let short = try await store.create(lifetime: lifetime).session
        let isTold = await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for await event in events where event.kind == .expired && event.handle == short.handle { return true }
                return false
            }
            group.addTask {
                // Far longer than any server needs to notice. Cancelled means that it was faster.
                try? await Task.sleep(for: .seconds(600))
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
        expect(isTold, "the server tells that its time is over")
        expect(try await store.get(short.id) == nil, "and it is gone")
    }

    private static func say(_ step: String) { print("\n\(step)") }

    private static func expect(_ holds: Bool, _ what: String) {
        print("  \(holds ? "ok " : "NOT") \(what)")
        if !holds { exit(1) }
    }
}
