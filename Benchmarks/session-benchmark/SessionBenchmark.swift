// Session operations, timed; for Benchmarks/sessions, which starts the servers.
//
//     session-benchmark in-process|URL SESSIONS SECONDS
//     session-benchmark fill six-keys|store URL SESSIONS with|without
//
// The second form only fills a server, for its memory to be looked at; see SessionFill.
//
// Fills the store with sessions of about 3 KB in six sections, then measures for SECONDS each: five times reads and
// writes at 1,000 operations a second (their times), reads and writes of one task after the other, and reads of 64
// tasks at once; ahead of the reads of one task, one reading of each session is measured by itself. Prints one line of
// JSON.

import Foundation
import Martlet
import MartletClient
import MartletSessions

/// The sections of the source documents, with their sizes in bytes.
enum Load {
    static let sizes = [
        ("auth", 129), ("translation", 672), ("security", 42), ("ui", 11), ("stats", 20), ("analysis", 2048),
    ]

    static func section(_ name: String) -> SessionSection<String> { SessionSection(name) }

    /// Text that compresses about as well as prose.
    static func text(_ count: Int, _ seed: Int) -> String {
        let words = ["the", "session", "of", "user", "translation", "language", "quick", "model", "context", "result"]
        var text = "\(seed)"
        var index = seed
        while text.utf8.count < count {
            index += 7
            text += " " + words[index % words.count] + String(index % 97)
        }
        return String(text.prefix(count))
    }
}

@main
struct SessionBenchmark {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if let fill = SessionFill(arguments) { return try await fill.run() }
        guard arguments.count == 4, let count = Int(arguments[2]), let seconds = Double(arguments[3]) else {
            print("usage: session-benchmark in-process|URL SESSIONS SECONDS")
            print("       session-benchmark fill six-keys|store URL SESSIONS with|without")
            exit(2)
        }
        let server = arguments[1] == "in-process" ? try MartletServer() : nil
        let client = try server.map { RedisClient($0) } ?? RedisClient(url: arguments[1])
        var configuration = SessionStoreConfiguration()
        configuration.touchThrottle = .fraction(0.1)
        let bench = SessionBenchmark(
            store: try SessionStore(client, configuration: configuration), duration: .seconds(seconds))
        let ids = try await bench.fill(count)
        var result: [String: Double] = [:]
        result.merge(try await bench.calmest(ids)) { $1 }
        result["first reads"] = try await bench.firstReads(ids)
        result["sequential reads"] = try await bench.sequential { try await bench.read(ids[$0 % ids.count]) }
        result["sequential writes"] = try await bench.sequential { try await bench.write(ids[$0 % ids.count], $0) }
        result["concurrent reads"] = try await bench.concurrent(ids)
        let line = try JSONSerialization.data(withJSONObject: result, options: .sortedKeys)
        FileHandle.standardOutput.write(line + Data("\n".utf8))
        client.close()
    }

    let store: SessionStore
    let duration: Duration

    private func fill(_ count: Int) async throws -> [SessionID] {
        try await withThrowingTaskGroup(of: [SessionID].self) { group in
            for part in 0..<8 {
                group.addTask {
                    var ids: [SessionID] = []
                    for number in stride(from: part, to: count, by: 8) {
                        let created = try await store.create(principal: Principal("user:\(number)")) {
                            (draft) throws(SessionError) in
                            for (name, size) in Load.sizes {
                                try draft.set(Load.section(name), to: Load.text(size, number))
                            }
                        }
                        ids.append(created.session.id)
                    }
                    return ids
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private func read(_ id: SessionID) async throws {
        guard let session = try await store.get(id), try session.value(Load.section("auth")) != nil else {
            // A session of the benchmark's own is gone.
            throw CancellationError()
        }
    }

    private func write(_ id: SessionID, _ number: Int) async throws {
        try await store.set(Load.section("translation"), to: Load.text(672, number), in: id)
    }

    // MARK: Measuring

    /// Of ten stretches the one in which the machine was left alone most: while its host serves others, operations
    /// wait for tens of milliseconds, whatever the server does. A witness decides who knows nothing of the operations.
    private func calmest(_ ids: [SessionID]) async throws -> [String: Double] {
        var stretches: [(delay: Duration, times: [String: Double])] = []
        for _ in 0..<10 {
            let witness = Witness()
            let times = try await paced(ids)
            stretches.append((witness.finish(), times))
        }
        return stretches.min { $0.delay < $1.delay }?.times ?? [:]
    }

    /// Microseconds from when an operation was due to when it was done, at 1,000 a second; one in five writes.
    private func paced(_ ids: [SessionID]) async throws -> [String: Double] {
        let clock = ContinuousClock()
        let start = clock.now
        let count = Int(duration / .milliseconds(2))
        let times = try await withThrowingTaskGroup(of: (Bool, Duration).self) { group in
            for number in 0..<count {
                let due = start + .milliseconds(number)
                try await clock.sleep(until: due)
                group.addTask {
                    let isWrite = number % 5 == 0
                    let id = ids[number * 7919 % ids.count]
                    if isWrite { try await write(id, number) } else { try await read(id) }
                    return (isWrite, clock.now - due)
                }
            }
            return try await group.reduce(into: [(Bool, Duration)]()) { $0.append($1) }
        }
        var result: [String: Double] = [:]
        for (name, isWrite) in [("read", false), ("write", true)] {
            let sorted = times.filter { $0.0 == isWrite }.map { $0.1 / .microseconds(1) }.sorted()
            result["\(name) p50 us"] = sorted[sorted.count / 2]
            result["\(name) p99 us"] = sorted[sorted.count * 99 / 100]
        }
        return result
    }

    /// Operations a second of one task that reads each session once.
    private func firstReads(_ ids: [SessionID]) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        for id in ids { try await read(id) }
        return Double(ids.count) / ((clock.now - start) / .seconds(1))
    }

    /// Operations a second of one task.
    private func sequential(_ operation: @Sendable (Int) async throws -> Void) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        while clock.now - start < duration {
            for _ in 0..<50 {
                try await operation(count)
                count += 1
            }
        }
        return Double(count) / ((clock.now - start) / .seconds(1))
    }

    /// Operations a second of 64 tasks over one connection.
    private func concurrent(_ ids: [SessionID]) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let count = try await withThrowingTaskGroup(of: Int.self) { group in
            for task in 0..<64 {
                group.addTask {
                    var count = 0
                    while clock.now - start < duration {
                        for _ in 0..<10 {
                            try await read(ids[(task * 1009 + count * 31) % ids.count])
                            count += 1
                        }
                    }
                    return count
                }
            }
            return try await group.reduce(0, +)
        }
        return Double(count) / ((clock.now - start) / .seconds(1))
    }
}
