// The client against servers in this process, over each way there is.

import Martlet
import TestSupport
import Testing

@testable import MartletClient

struct RedisClientTests {
    @Test(arguments: Way.allCases) func commandsAndTypes(way: Way) async throws {
        let pair = try Pair(way)
        let client = pair.client
        #expect(try await client.send("SET", "k", "v") == .simpleString("OK"))
        #expect(try await client.send("GET", "k", as: String?.self) == "v")
        #expect(try await client.send("GET", "none", as: String?.self) == nil)
        #expect(try await client.send("HSET", "h", "a", 1, "b", [0, 1, 255] as [UInt8], as: Int.self) == 2)
        #expect(try await client.send("HGETALL", "h", as: [String: [UInt8]].self) == ["a": [0x31], "b": [0, 1, 255]])
        #expect(try await client.send("SMEMBERS", "none", as: [String].self) == [])
        let big = [UInt8](repeating: 7, count: 300_000)
        try await client.send("SET", "big", big)
        #expect(try await client.send("GET", "big", as: [UInt8].self) == big)
    }

    @Test(arguments: Way.allCases) func serversErrorsAreThrown(way: Way) async throws {
        let pair = try Pair(way)
        try await pair.client.send("SET", "k", "v")
        let error = await #expect(throws: RedisError.self) { try await pair.client.send("INCR", "k") }
        #expect(error?.serverCode == "ERR" && error?.outcome == .executed)
        let type = await #expect(throws: RedisError.self) { try await pair.client.send("GET", "k", as: Int.self) }
        #expect(type?.code == .unexpectedReply && type?.outcome == .executed)
        #expect(try await pair.client.send("PING", as: String.self) == "PONG")
    }

    @Test(arguments: Way.allCases) func manyTasksShareOneConnection(way: Way) async throws {
        let pair = try Pair(way)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<20 {
                group.addTask {
                    for number in 0..<100 {
                        let echo = try await pair.client.send("ECHO", "\(task)-\(number)", as: String.self)
                        #expect(echo == "\(task)-\(number)")
                        try await pair.client.send("INCR", "count")
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await pair.client.send("GET", "count", as: Int.self) == 2000)
        let lines = try await pair.client.send("CLIENT", "LIST", as: String.self).split(separator: "\n")
        #expect(lines.count == 1)
    }

    @Test(arguments: Way.allCases) func pipelines(way: Way) async throws {
        let pair = try Pair(way)
        let results = try await pair.client.pipeline(
            (0..<500).map { RedisCommand("INCRBY", "k", $0) } + [
                RedisCommand("HGET", "k", "f"), RedisCommand("GET", "k"),
            ])
        #expect(results.count == 502)
        #expect(try results[499].get() == .integer(499 * 500 / 2))
        #expect(throws: RedisError.self) { try results[500].get() }
        #expect(try results[501].get().string == "124750")
        #expect(try await pair.client.pipeline([]).isEmpty)
    }

    @Test(arguments: Way.allCases) func transactions(way: Way) async throws {
        let pair = try Pair(way)
        let replies = try await pair.client.transaction(
            [RedisCommand("SET", "a", "1"), RedisCommand("HGET", "a", "f"), RedisCommand("INCR", "a")])
        #expect(replies.count == 3 && replies[2] == .integer(2))
        if case .error(let text) = replies[1] { #expect(text.hasPrefix("WRONGTYPE")) } else { Issue.record("no error") }
        let refused = await #expect(throws: RedisError.self) {
            try await pair.client.transaction([RedisCommand("INCR", "a"), RedisCommand("NOSUCH")])
        }
        #expect(refused?.outcome == .notExecuted && refused?.message.contains("unknown command") == true)
        #expect(try await pair.client.send("GET", "a", as: Int.self) == 2)
    }

    /// Each of many tasks reads, adds one and writes; none of the additions gets lost.
    @Test(arguments: Way.allCases) func watchedKeys(way: Way) async throws {
        let pair = try Pair(way)
        let (client, tasks, rounds) = (pair.client, 6, 10)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask {
                    for _ in 0..<rounds {
                        _ = try await client.transaction(watching: ["n"], attempts: 1000) { connection in
                            let value = try await connection.send("GET", "n", as: Int?.self) ?? 0
                            return [RedisCommand("SET", "n", value + 1)]
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await client.send("GET", "n", as: Int.self) == tasks * rounds)
        let nothing = try await client.transaction(watching: ["n"]) { _ in nil }
        #expect(nothing == nil)
        let conflict = await #expect(throws: RedisError.self) {
            try await client.transaction(watching: ["n"], attempts: 2) { _ in
                try await client.send("INCR", "n")
                return [RedisCommand("SET", "n", "0")]
            }
        }
        #expect(conflict?.code == .conflict && conflict?.outcome == .notExecuted)
        #expect(try await client.send("GET", "n", as: Int.self) == tasks * rounds + 2)
    }

    @Test(arguments: Way.allCases) func commandsOfOneConnectionNeedOne(way: Way) async throws {
        let pair = try Pair(way)
        for words in [
            ["SELECT", "1"], ["multi"], ["SUBSCRIBE", "c"], ["WATCH", "k"], ["CLIENT", "REPLY", "OFF"],
            // On another connection than the one that wrote they would say nothing.
            ["wait", "0", "1"], ["WAITAOF", "1", "0", "1"],
        ] {
            let error = await #expect(throws: RedisError.self) {
                try await pair.client.send(RedisCommand(words: words))
            }
            #expect(error?.code == .usage)
        }
        try await pair.client.withConnection { connection in
            try await connection.send("SELECT", 1)
            try await connection.send("SET", "elsewhere", "1")
        }
        // The connection that was changed is lent to nobody else.
        try await pair.client.withConnection { connection in
            let count = try await connection.send("EXISTS", "elsewhere", as: Int.self)
            #expect(count == 0)
        }
    }

    @Test func configuredDatabaseNameAndPassword() async throws {
        var configuration = Configuration()
        configuration.requirepass = Array("secret".utf8)
        let server = try MartletServer(listening: .loopback(port: 0), configuration: configuration)
        defer { server.stop() }
        let client = try RedisClient(.init(url: "redis://:secret@127.0.0.1:\(server.port)/3").patient)
        defer { client.close() }
        try await client.send("SET", "k", "v")
        let inside = try server.connect()
        #expect(try await inside.send("EXISTS", "k") == .integer(0))
        _ = try await inside.send("SELECT", 3)
        #expect(try await inside.send("EXISTS", "k") == .integer(1))
        let list = try await client.send("CLIENT", "LIST", as: String.self)
        #expect(list.contains("lib-name=martlet-client"))
        let stranger = try RedisClient(.init(url: "redis://:wrong@127.0.0.1:\(server.port)").patient)
        defer { stranger.close() }
        let error = await #expect(throws: RedisError.self) { try await stranger.send("GET", "k") }
        #expect(error?.serverCode == "WRONGPASS" && error?.outcome == .notExecuted)
    }

    @Test(arguments: Way.allCases) func publishedMessagesArrive(way: Way) async throws {
        let pair = try Pair(way)
        let client = pair.client
        let both = try await client.subscribe(to: ["a", "b"], patterns: ["p*"])
        let one = try await client.subscribe(to: ["a"])
        #expect(try await client.publish("1", to: "a") == 1)
        try await client.publish("2", to: "b")
        try await client.publish([0, 255] as [UInt8], to: "pq")
        var messages = both.makeAsyncIterator()
        #expect(await messages.next() == RedisMessage(channel: "a", pattern: nil, payload: [0x31]))
        #expect(await messages.next()?.text == "2")
        #expect(await messages.next() == RedisMessage(channel: "pq", pattern: "p*", payload: [0, 255]))
        both.cancel()
        // Who is left keeps what the other shared with it.
        #expect(try await soon { try await client.publish("x", to: "b") == 0 })
        #expect(try await client.publish("3", to: "a") == 1)
        var others = one.makeAsyncIterator()
        #expect(await others.next()?.text == "1")
        #expect(await others.next()?.text == "3")
        #expect(await messages.next() == nil)
    }

    @Test(arguments: Way.allCases) func closing(way: Way) async throws {
        let pair = try Pair(way)
        try await pair.client.send("PING")
        let messages = try await pair.client.subscribe(to: ["a"])
        pair.client.close()
        for await _ in messages { Issue.record("nothing was published") }
        let error = await #expect(throws: RedisError.self) { try await pair.client.send("PING") }
        #expect(error?.code == .closed && error?.outcome == .notExecuted)
        if way == .tcp {
            // The server sees the connections end.
            let inside = try pair.server.connect()
            #expect(
                try await soon {
                    try await inside.send("CLIENT", "LIST").string?.split(separator: "\n").count == 1
                })
        }
    }
}
