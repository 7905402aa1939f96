// A snapshot is the state of one instant, whatever happens while it is written.

import Testing

@testable import Martlet

struct SnapshotTests {
    /// What a snapshot took down, or what there is: the value and the deadline of each key, as bytes.
    typealias Content = [String: [UInt8]]

    private final class Collector: SnapshotRecorder {
        var content: Content = [:]
        var twice: [String] = []

        func proceed() -> Bool { false }
        func abandon() {}

        func record(_ record: Record, database: Int, isLeaving: Bool) {
            let name = SnapshotTests.name(record, database)
            if content.updateValue(SnapshotTests.bytes(record), forKey: name) != nil { twice.append(name) }
        }
    }

    private static func name(_ record: Record, _ database: Int) -> String { "\(database)/\(record.key.text)" }

    private static func bytes(_ record: Record) -> [UInt8] {
        let payload = DumpPayload.write(record, compresses: false)
        let deadline = record.hasDeadline ? record.deadline : -1
        return payload.bytes.copied() + (0..<8).map { UInt8(truncatingIfNeeded: deadline >> Int64(8 * $0)) }
    }

    private static func content(_ keyspace: borrowing Keyspace) -> Content {
        var content: Content = [:]
        for index in 0..<keyspace.databases.count {
            keyspace.visitAll(in: index) { content[name($0, index)] = bytes($0) }
        }
        return content
    }

    private struct Outcome: Sendable {
        var before: Content = [:]
        var written: Content = [:]
        var twice: [String] = []
    }

    /// Guard for `@unchecked Sendable`: used on the server's queue only.
    private final class Run: @unchecked Sendable {
        let collector = Collector()
        var before: Content = [:]
    }

    @Test(arguments: 0..<40)
    func isTheStateOfItsInstant(round: Int) throws {
        var random = TestRandom()
        for _ in 0..<25 {
            let seed = random.next()
            let outcome = try Self.run(seed: seed)
            #expect(outcome.twice == [], "seed \(seed)")
            #expect(outcome.written == outcome.before, "seed \(seed)")
        }
    }

    private static func run(seed: UInt64) throws -> Outcome {
        var configuration = Configuration()
        configuration.databases = 3
        configuration.hashMaxListpackEntries = 4
        configuration.setMaxListpackEntries = 4
        configuration.setMaxIntsetEntries = 4
        let server = try TestServer(seed: seed, configuration: configuration)
        var dice = SeededRandom(seed: seed)
        for _ in 0..<(dice.below(2) == 0 ? 40 : 300) { try server.run(command(&dice)) }
        let run = Run()
        server.inspect { context in
            run.before = content(context.keyspace.value)
            context.keyspace.value.beginSnapshot(run.collector)
        }
        var isDone = false
        while !isDone {
            for _ in 0..<dice.below(6) { try server.run(command(&dice)) }
            if dice.below(8) == 0 {
                server.advance(milliseconds: Int64(dice.below(40)))
                server.runDueWork()
            }
            isDone = server.inspect { $0.keyspace.value.continueSnapshot(until: { true }) }
        }
        return server.inspect { _ in
            Outcome(before: run.before, written: run.collector.content, twice: run.collector.twice)
        }
    }

    private static func command(_ dice: inout SeededRandom) -> String {
        let key = "k\(dice.below(60))"
        let other = "k\(dice.below(60))"
        switch dice.below(30) {
        case 0...4: return "SET \(key) \(dice.below(1000))"
        case 5: return "SET \(key) \(String(repeating: "x", count: dice.below(6000))) PX \(1 + dice.below(100))"
        case 6: return "INCR \(key)"
        case 7: return "APPEND \(key) more"
        case 8: return "SETRANGE \(key) \(dice.below(5000)) y"
        case 9, 10: return "HSET h\(key) f\(dice.below(8)) \(dice.below(100)) g v"
        case 11: return "HPEXPIRE h\(key) \(1 + dice.below(60)) FIELDS 1 f\(dice.below(8))"
        case 12: return "HDEL h\(key) f\(dice.below(8))"
        case 13, 14: return "SADD s\(key) \(dice.below(30)) \(dice.below(4) == 0 ? "word" : "7")"
        case 15: return "SPOP s\(key)"
        case 16: return "DEL \(key) h\(other) s\(other)"
        case 17: return "PEXPIRE \(key) \(dice.below(80))"
        case 18: return "PERSIST \(key)"
        case 19: return "RENAME \(key) \(other)"
        case 20: return "COPY h\(key) h\(other) REPLACE"
        case 21: return "MOVE \(key) \(dice.below(3))"
        case 22: return "SELECT \(dice.below(3))"
        case 23: return "SWAPDB \(dice.below(3)) \(dice.below(3))"
        case 24: return dice.below(3) == 0 ? "FLUSHDB" : dice.below(6) == 0 ? "FLUSHALL" : "GET \(key)"
        case 25: return "SUNIONSTORE s\(key) s\(other)"
        case 26: return "GETEX \(key) PX 50"
        case 27: return "SETBIT \(key) \(dice.below(3000)) 1"
        case 28: return "HINCRBY h\(key) n 1"
        default: return "GETDEL \(key)"
        }
    }

    @Test func marksComeRound() throws {
        let server = try TestServer()
        for round in 0..<600 {
            try server.run("SET k\(round % 7) \(round)")
            let run = Run()
            server.inspect { context in
                context.keyspace.value.beginSnapshot(run.collector)
                while !context.keyspace.value.continueSnapshot(until: { false }) {}
                run.before = Self.content(context.keyspace.value)
            }
            #expect(server.inspect { _ in run.collector.content == run.before }, "round \(round)")
        }
    }
}
