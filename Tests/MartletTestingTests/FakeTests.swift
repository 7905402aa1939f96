// Starting, stopping, reaching a fake, and looking inside.

import Foundation
import Martlet
import MartletClient
import MartletTesting
import TestSupport
import Testing

struct FakeTests {
    @Test func severalAtOnceShareNothing() async throws {
        let fakes = try (0..<5).map { _ in try MartletFake(.tcp) }
        for (number, fake) in fakes.enumerated() {
            let client = try RedisClient(.init(url: try #require(fake.url)).patient)
            try await client.send("SET", "number", number)
            client.close()
        }
        #expect(fakes.map { $0["number"] } == (0..<5).map { .string("\($0)") })
        #expect(Set(fakes.map(\.port)).count == 5)
        await fakes[0].stop()
        #expect(fakes[1]["number"] == "1" && fakes[0]["number"] == nil)
        for fake in fakes { await fake.stop() }
    }

    @Test func unixSocketsComeAndGo() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString.prefix(8))").path
        let fake = try MartletFake(.unix(path: path))
        let client = try RedisClient(.init(url: try #require(fake.url)).patient)
        #expect(try await client.send("PING").string == "PONG")
        client.close()
        await fake.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// Files are in memory: a fake that keeps an append only file leaves nothing behind.
    @Test func nothingIsWrittenToDisk() async throws {
        try await withAppendOnlyFile { configuration in
            var configuration = configuration
            configuration.enableDebugCommand = .yes
            let fake = try MartletFake(configuration: configuration)
            let client = fake.makeClient()
            try await client.send("SET", "a", "1")
            try await client.send("SAVE")
            #expect(try await client.send("DEBUG", "LOADAOF").string == "OK")
            #expect(fake["a"] == "1")
            await fake.stop()
            #expect(try FileManager.default.contentsOfDirectory(atPath: configuration.dir).isEmpty)
        }
    }

    @Test func valuesAreReadAndWritten() async throws {
        let fake = try MartletFake()
        fake["s"] = "text"
        fake["h"] = ["a": "1", "b": "2"]
        fake["m"] = ["x", "y"]
        fake.database(3)["other"] = "here"
        let client = fake.makeClient()
        #expect(try await client.send("GET", "s").string == "text")
        #expect(try await client.send("HGETALL", "h", as: [String: String].self) == ["a": "1", "b": "2"])
        #expect(try await client.send("SISMEMBER", "m", "y").integer == 1)
        try await client.send("SET", "raw", [0xFF, 0x00, 0x61] as [UInt8])
        #expect(fake.database(0).bytes("raw") == [0xFF, 0x00, 0x61])
        #expect(fake.keys == ["h", "m", "raw", "s"] && fake.database(3).keys == ["other"])
        #expect(fake["none"] == nil && fake.database(0).bytes("h") == nil)
        fake.clock.freeze()
        #expect(fake.database(0).expire("s", in: .seconds(5)) && fake.timeToLive("s") == .seconds(5))
        #expect(fake.database(0).expire("s", in: nil) && fake.timeToLive("s") == nil)
        #expect(!fake.database(0).expire("none", in: .seconds(1)))
        fake["s"] = nil
        fake["h"] = [:]
        #expect(fake.keys == ["m", "raw"])
        fake.removeAll()
        #expect(fake.keys == [] && fake.database(3).keys == [])
    }

    /// Looking does not change what there is to be seen.
    @Test func lookingInsideIsNotSeen() async throws {
        let fake = try MartletFake()
        let client = fake.makeClient()
        try await client.send("SET", "a", "1")
        let calls = try await client.send("INFO", "commandstats").string ?? ""
        let before = try await client.send("INFO", "stats").string ?? ""
        for _ in 0..<10 { #expect(fake["a"] == "1" && fake["none"] == nil) }
        let after = try await client.send("INFO", "stats").string ?? ""
        func counts(_ info: String) -> [Substring] {
            info.split(separator: "\r\n").filter { $0.hasPrefix("keyspace_") || $0.hasPrefix("total_connections") }
        }
        #expect(counts(before) == counts(after) && counts(before).count == 3)
        let callsAfter = try await client.send("INFO", "commandstats").string ?? ""
        #expect(calls.contains("cmdstat_set:") && !callsAfter.contains("cmdstat_get:"))
        #expect(fake.connections.count == 1)
        #expect(
            fake.received.map(\.description).filter { !$0.hasPrefix("INFO") && !$0.hasPrefix("CLIENT") }
                .contains("SET a 1"))
        #expect(fake.received("GET", .anything).isEmpty)
    }

    @Test func dumpsAreSortedText() throws {
        let fake = try MartletFake()
        fake.clock.freeze()
        fake["greeting"] = "hello \"you\"\n"
        fake["cart"] = ["b": "2", "a": "1"]
        fake["tags"] = ["new", "fresh"]
        fake.database(0).expire("cart", in: .seconds(60))
        let client = try fake.connect()
        _ = try client.send("HPEXPIRE", "cart", 1000, "FIELDS", 1, "b")
        fake.database(2)["z"] = "1"
        #expect(
            fake.dump() == #"""
                db0
                  "cart" hash, expires in 60000 ms
                    "a" = "1"
                    "b" = "2", expires in 1000 ms
                  "greeting" string "hello \"you\"\n"
                  "tags" set
                    "fresh"
                    "new"
                db2
                  "z" string "1"
                """#)
        #expect(try MartletFake().dump() == "")
    }

    @Test func snapshotsAreRestored() async throws {
        let fake = try MartletFake(seed: 1)
        fake["a"] = "1"
        fake["h"] = ["f": "v"]
        fake.database(5)["b"] = ["x"]
        fake.database(0).expire("h", in: .seconds(1000))
        let saved = try await fake.makeClient().send("LASTSAVE")
        let snapshot = try fake.snapshot()
        fake.removeAll()
        fake["other"] = "2"
        try fake.restore(snapshot)
        #expect(fake.keys == ["a", "h"] && fake.database(5)["b"] == ["x"] && fake.timeToLive("h") != nil)
        #expect(try await fake.makeClient().send("LASTSAVE") == saved)
        let another = try MartletFake()
        let path = FileManager.default.temporaryDirectory.appending(path: "martlet-\(UUID().uuidString).rdb").path
        try snapshot.write(toFile: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try another.restore(FakeSnapshot(contentsOfFile: path))
        #expect(another["h"] == ["f": "v"])
        #expect(throws: (any Error).self) { try another.restore(FakeSnapshot(rdb: Array("REDIS0010nonsense".utf8))) }
    }

    @Test func clientsAreListed() async throws {
        let fake = try MartletFake(.tcp)
        var settings = try RedisClientConfiguration(url: try #require(fake.url)).patient
        settings.pool.minimum = 0
        let client = try RedisClient(settings)
        try await client.withConnection { connection in
            try await connection.send("SELECT", 3)
            let found = fake.connections
            #expect(found.count == 1 && found[0].database == 3 && found[0].address.hasPrefix("127.0.0.1:"))
            #expect(found[0].lastCommand == "select")
        }
        let messages = try await client.subscribe(to: ["news"])
        #expect(fake.subscribers(of: "news") == 1 && fake.connections.map(\.subscriptions).max() == 1)
        messages.cancel()
        client.close()
    }

    /// The same seed: the same choices, and the same order of SCAN.
    @Test func seedsMakeChoicesRepeat() async throws {
        func choices(_ seed: UInt64) async throws -> [String] {
            let fake = try MartletFake(seed: seed)
            let client = fake.makeClient()
            for number in 0..<50 { try await client.send("SET", "key:\(number)", number) }
            try await client.send(RedisCommand(words: ["SADD", "set"] + (0..<50).map { "m\($0)" }))
            var found: [String] = []
            for _ in 0..<10 { found.append(try await client.send("RANDOMKEY").string ?? "") }
            for _ in 0..<10 { found.append(try await client.send("SRANDMEMBER", "set").string ?? "") }
            for _ in 0..<10 { found.append(try await client.send("SPOP", "set").string ?? "") }
            let scan = try await client.send("SCAN", 0).elements?.last?.elements ?? []
            await fake.stop()
            return found + scan.compactMap(\.string)
        }
        let first = try await choices(7)
        #expect(try await choices(7) == first)
        #expect(try await choices(8) != first)
    }
}
