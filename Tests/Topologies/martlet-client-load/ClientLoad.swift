// Load from many tasks through MartletClient, for the scripts that move servers about meanwhile.
//
//     martlet-client-load URL TASKS counters|replicated-sessions|synced-sessions [by-default]
//
// Each task counts up keys of its own, reads them back, and remembers what was acknowledged; or it begins and uses
// sessions that a replica, or the disk, has to have before they are acknowledged. A line of JSON on standard output
// every 100 ms says how far it is; when standard input ends, the last line compares what was acknowledged with what the
// servers hold. It waits for servers as long as a slow machine may need; by-default: as long as the client does unless
// it is told otherwise.

import Foundation
import Martlet
import MartletClient
import MartletSessions
import Synchronization
import TestSupport

/// What the servers have said so far.
final class Account: Sendable {
    struct Entry: Sendable {
        var acknowledged = 0
        var unknown = 0
    }

    struct State: Sendable {
        var entries: [String: Entry] = [:]
        var done = 0
        var refused = 0
        var messages = 0
        var errors: [String: Int] = [:]
        /// Reads of a task's own key that saw less than was acknowledged.
        var staleReads = 0
        /// Reads of many sessions of which some could be read.
        var partial = 0
        var isOver = false
    }

    let state = Mutex(State())

    var isOver: Bool { state.withLock(\.isOver) }

    func end() { state.withLock { $0.isOver = true } }

    func note(_ key: String, _ change: (inout Entry) -> Void) {
        state.withLock { state in
            change(&state.entries[key, default: Entry()])
            state.done += 1
        }
    }

    func fail(_ error: any Error) {
        state.withLock { state in
            state.refused += 1
            state.errors["\(error)".prefix { $0 != ":" }.description, default: 0] += 1
        }
    }
}

@main
struct ClientLoad {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard (4...5).contains(arguments.count), let tasks = Int(arguments[2]) else {
            print("usage: martlet-client-load URL TASKS counters|replicated-sessions|synced-sessions [by-default]")
            exit(2)
        }
        let settings = try RedisClientConfiguration(url: arguments[1])
        let client = try RedisClient(arguments.last == "by-default" ? settings : settings.patient)
        let account = Account()
        let durability: Durability? =
            switch arguments[3] {
            case "replicated-sessions": .replicas(1, timeout: .seconds(2))
            case "synced-sessions": .fsync(timeout: .seconds(2))
            default: nil
            }
        let sessions = try durability.map { try SessionLoad(client, account, $0) }
        let messages = try await client.subscribe(to: ["news"])
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<tasks {
                group.addTask {
                    while !account.isOver {
                        if let sessions { await sessions.step(task) } else { await step(client, account, task) }
                    }
                }
            }
            group.addTask {
                for await _ in messages { account.state.withLock { $0.messages += 1 } }
            }
            group.addTask {
                while !account.isOver {
                    report(account, [:])
                    try? await Task.sleep(for: .milliseconds(100))
                }
                messages.cancel()
            }
            group.addTask {
                await endOfInput()
                account.end()
            }
        }
        let verdict = if let sessions { await sessions.verify() } else { await verify(client, account) }
        report(account, verdict)
        client.close()
    }

    /// Counts up one key in one of three ways, and reads it now and then.
    private static func step(_ client: RedisClient, _ account: Account, _ task: Int) async {
        let key = "load:{\(task)-\(Int.random(in: 0..<50))}"
        do throws(RedisError) {
            switch Int.random(in: 0..<10) {
            case 0:
                _ = try await client.transaction([RedisCommand("INCR", key), RedisCommand("GET", key)])
            case 1:
                let results = try await client.pipeline([
                    RedisCommand("INCR", key), RedisCommand("PUBLISH", "news", key),
                ])
                _ = try results[0].get()
            case 2:
                let before = account.state.withLock { $0.entries[key]?.acknowledged ?? 0 }
                let value = try await client.send("GET", key, as: Int?.self) ?? 0
                if value < before { account.state.withLock { $0.staleReads += 1 } }
                return
            default: try await client.send("INCR", key)
            }
            account.note(key) { $0.acknowledged += 1 }
        } catch {
            guard error.outcome != .unknown else { return account.note(key) { $0.unknown += 1 } }
            account.fail(error)
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    /// Keys that hold less than was acknowledged, or more than can be.
    private static func verify(_ client: RedisClient, _ account: Account) async -> [String: Any] {
        var (lost, doubled, unread) = (0, 0, 0)
        for (key, entry) in account.state.withLock(\.entries) {
            guard let value = try? await client.send("GET", key, as: Int?.self) ?? 0 else {
                unread += 1
                continue
            }
            lost += max(0, entry.acknowledged - value)
            doubled += max(0, value - entry.acknowledged - entry.unknown)
        }
        return ["lost": lost, "doubled": doubled, "unread": unread, "isLast": true]
    }

    private static func report(_ account: Account, _ more: [String: Any]) {
        let state = account.state.withLock { $0 }
        var line: [String: Any] = [
            "acknowledged": state.entries.values.reduce(0) { $0 + $1.acknowledged },
            "unknown": state.entries.values.reduce(0) { $0 + $1.unknown }, "refused": state.refused,
            "messages": state.messages, "staleReads": state.staleReads, "partial": state.partial,
            "errors": state.errors,
        ]
        line.merge(more) { $1 }
        guard let data = try? JSONSerialization.data(withJSONObject: line, options: .sortedKeys) else { return }
        FileHandle.standardOutput.write(data + Data("\n".utf8))
    }

    private static func endOfInput() async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                while readLine() != nil {}
                continuation.resume()
            }
        }
    }
}
