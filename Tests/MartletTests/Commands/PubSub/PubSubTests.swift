// Channels, patterns and shard channels: who is told what, and what a subscriber may do meanwhile.

import Testing

@testable import Martlet

struct PubSubTests {
    @Test func messagesReachThoseWhoListen() async throws {
        let server = try TestServer()
        let (one, two) = (try server.client(), try server.client())
        #expect(try one.run("SUBSCRIBE news") == .push(["subscribe", "news", 1]))
        #expect(try two.run("PSUBSCRIBE n*") == .push(["psubscribe", "n*", 1]))
        #expect(try server.run("PUBLISH news hello") == 2)
        #expect(try server.run("PUBLISH other hello") == 0)
        #expect(await one.message() == .push(["message", "news", "hello"]))
        #expect(await two.message() == .push(["pmessage", "n*", "news", "hello"]))
        #expect(try one.run("UNSUBSCRIBE news") == .push(["unsubscribe", "news", 0]))
        #expect(try server.run("PUBLISH news again") == 1)
    }

    @Test func onePublisherMayListenToItself() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("SUBSCRIBE a b")
        #expect(await client.message() == .push(["subscribe", "b", 2]))
        #expect(try client.run("PUBLISH b x") == 1)
        #expect(await client.message() == .push(["message", "b", "x"]))
    }

    @Test func shardChannelsAreApart() async throws {
        let server = try TestServer()
        let client = try server.client()
        #expect(try client.run("SSUBSCRIBE c") == .push(["ssubscribe", "c", 1]))
        #expect(try client.run("SUBSCRIBE c") == .push(["subscribe", "c", 1]))
        #expect(try server.run("SPUBLISH c x") == 1)
        #expect(await client.message() == .push(["smessage", "c", "x"]))
        #expect(try server.run("PUBSUB SHARDCHANNELS") == ["c"])
        #expect(try server.run("PUBSUB SHARDNUMSUB c d") == ["c", 1, "d", 0])
        #expect(try server.run("PUBSUB CHANNELS") == ["c"])
    }

    @Test func listings() throws {
        let server = try TestServer()
        let (one, two) = (try server.client(), try server.client())
        try one.run("SUBSCRIBE a")
        try two.run("SUBSCRIBE a")
        try two.run("PSUBSCRIBE x*")
        try server.expect([
            "PUBSUB NUMSUB a b": ["a", 2, "b", 0], "PUBSUB NUMPAT": 1, "PUBSUB CHANNELS": ["a"],
            "PUBSUB CHANNELS b*": [], "PUBSUB NUMSUB": [],
        ])
        try two.run("QUIT")
        try server.expect(["PUBSUB NUMSUB a": ["a", 1], "PUBSUB NUMPAT": 0])
    }

    @Test func resp2SubscribersMayDoLittleElse() throws {
        let server = try TestServer()
        #expect(try server.wire("SUBSCRIBE c") == "*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n")
        #expect(
            try server.wire("GET k")
                == "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed "
                + "in this context\r\n")
        #expect(try server.wire("PING") == "*2\r\n$4\r\npong\r\n$0\r\n\r\n")
        #expect(try server.wire("PING x") == "*2\r\n$4\r\npong\r\n$1\r\nx\r\n")
        #expect(try server.wire("UNSUBSCRIBE") == "*3\r\n$11\r\nunsubscribe\r\n$1\r\nc\r\n:0\r\n")
        #expect(try server.wire("UNSUBSCRIBE") == "*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n")
        #expect(try server.wire("PING") == "+PONG\r\n")
    }

    @Test func overASocketMessagesStandAmongReplies() throws {
        let server = try ListeningServer()
        let (subscriber, publisher) = (try server.client(), try server.client())
        #expect(try subscriber.call("SUBSCRIBE", "c") == ["subscribe", "c", 1])
        try publisher.send("PUBLISH c one\r\nPUBLISH c two\r\n")
        #expect(try publisher.reply() == 1)
        #expect(try subscriber.reply() == ["message", "c", "one"])
        #expect(try subscriber.reply() == ["message", "c", "two"])
    }

    /// Messages are gathered on their way; nobody must be able to tell.
    @Test func theOrderIsKept() throws {
        var random = TestRandom()
        let server = try ListeningServer()
        let interests: [Swift.Set<String>] = [["a"], ["a", "b"], ["b", "c"], ["a", "b", "c"]]
        let subscribers = try interests.indices.map { index in
            let client = try server.client()
            if index % 2 == 1 { _ = try client.call("HELLO", "3") }
            for channel in interests[index].sorted() { _ = try client.call("SUBSCRIBE", channel) }
            return client
        }
        // The last one listens to everything once more, by a pattern.
        _ = try subscribers[3].call("PSUBSCRIBE", "*")
        let publisher = try server.client()
        for round in 0..<60 {
            let note: Comment = "seed \(random.seed), round \(round)"
            let messages = (0..<(1 + random.below(40))).map { number in
                (channel: ["a", "b", "c", "d"][random.below(4)], text: "\(round):\(number)")
            }
            try publisher.send(messages.map { "PUBLISH \($0.channel) \($0.text)\r\n" }.joined())
            for message in messages {
                let direct = interests.count { $0.contains(message.channel) }
                #expect(try publisher.reply() == .integer(Int64(direct + 1)), note)
            }
            for (interest, subscriber) in zip(interests, subscribers) {
                let hasPattern = subscriber === subscribers[3]
                for message in messages where interest.contains(message.channel) || hasPattern {
                    if interest.contains(message.channel) {
                        #expect(
                            try subscriber.reply().elements?.map(\.string)[1...] == [message.channel, message.text],
                            note)
                    }
                    if hasPattern {
                        let expected: RESPValue = .push(["pmessage", "*", .text(message.channel), .text(message.text)])
                        #expect(try subscriber.reply() == expected, note)
                    }
                }
            }
        }
    }

    @Test func ownMessagesStandBetweenOwnReplies() throws {
        let server = try ListeningServer()
        let client = try server.client()
        _ = try client.call("HELLO", "3")
        _ = try client.call("SUBSCRIBE", "c")
        try client.send("PUBLISH c one\r\nPING\r\nPUBLISH c two\r\nPING x\r\n")
        #expect(try client.reply() == 1)
        #expect(try client.reply() == .push(["message", "c", "one"]))
        #expect(try client.reply() == .simpleString("PONG"))
        #expect(try client.reply() == 1)
        #expect(try client.reply() == .push(["message", "c", "two"]))
        #expect(try client.reply() == "x")
    }

    /// What is gathered for a subscriber stands ahead of its own requests of the same turn.
    @Test(arguments: ["2", "3"])
    func subscribersMaySpeakInTheTurnOfAMessage(version: String) throws {
        let server = try ListeningServer()
        let (publisher, subscriber) = (try server.client(), try server.client())
        #expect(try subscriber.call("HELLO", version).isError == false)
        for channel in ["c", "d"] {
            try subscriber.request("SUBSCRIBE", channel)
            #expect(try subscriber.reply().elements?.count == 3)
        }
        for round in 0..<20 {
            // The loop finds both in its next turn.
            let areSent = server.inspect { [first = publisher.descriptor, second = subscriber.descriptor] _ in
                (try? first.writeAll(Array("PUBLISH c \(round)\r\n".utf8).span)) != nil
                    && (try? second.writeAll(Array("UNSUBSCRIBE x\r\n".utf8).span)) != nil
            }
            #expect(areSent)
            #expect(try publisher.reply() == 1)
            #expect(try subscriber.reply().elements?.map(\.string) == ["message", "c", "\(round)"])
            #expect(try subscriber.reply().elements?.first == "unsubscribe")
        }
    }

    /// A publisher, and a listener on `c` that reads when it is asked to.
    private static func slowSubscriber(
        _ server: ListeningServer
    ) throws -> (publisher: SocketClient, subscriber: SocketClient) {
        let subscriber = try server.client()
        subscriber.readSlowly()
        #expect(try subscriber.call("SUBSCRIBE", "c") == ["subscribe", "c", 1])
        return (try server.client(), subscriber)
    }

    /// In time nobody listens any more.
    private static func expectItIsLetGo(
        _ subscriber: SocketClient, while publisher: SocketClient, sends message: String
    ) throws {
        var receivers: Int64 = 1
        for _ in 0..<1000 where receivers == 1 {
            receivers = try #require(try publisher.call("PUBLISH", "c", message).integer)
        }
        #expect(receivers == 0)
        // It was let go, and has not gone by itself.
        withExtendedLifetime(subscriber) {}
    }

    /// A message that its socket took a part of is too much to keep: the client is let go, and nobody else notices.
    @Test func messagesBeyondTheLimitMayBeTakenInPart() throws {
        let server = try ListeningServer {
            $0.configuration.clientOutputBufferLimits.normal.hardBytes = 100_000
            $0.configuration.clientOutputBufferLimits.pubsub.hardBytes = 100_000
        }
        let (publisher, subscriber) = try Self.slowSubscriber(server)
        let message = String(repeating: "x", count: 900_000)
        try Self.expectItIsLetGo(subscriber, while: publisher, sends: message)
    }

    /// Who becomes a subscriber has its limit from then on.
    @Test func theLimitIsThatOfSubscribers() throws {
        let server = try ListeningServer {
            $0.configuration.clientOutputBufferLimits.normal.hardBytes = 100_000
            $0.configuration.clientOutputBufferLimits.pubsub.hardBytes = 0
        }
        let (publisher, subscriber) = try Self.slowSubscriber(server)
        let message = String(repeating: "x", count: 10_000)
        for _ in 0..<2000 { #expect(try publisher.call("PUBLISH", "c", message) == 1) }
        for _ in 0..<2000 { #expect(try subscriber.reply() == ["message", "c", .text(message)]) }
    }

    /// What the socket takes at once, what it takes a part of and what has to wait is one stream.
    @Test(arguments: [1_000, 5_000, 60_000, 400_000])
    func slowReadersGetAllOfIt(size: Int) throws {
        let server = try ListeningServer { $0.configuration.clientOutputBufferLimits.pubsub.hardBytes = 0 }
        let publisher = try server.client()
        let subscribers = try ["2", "3"].map { version in
            let client = try server.client()
            client.readSlowly()
            #expect(try client.call("HELLO", version).isError == false)
            try client.request("SUBSCRIBE", "c")
            #expect(try client.reply().elements?.count == 3)
            return client
        }
        func message(_ number: Int) -> String { "\(number):" + String(repeating: "x", count: size) }
        func waiting() -> [Int] {
            server.inspect { $0.connections.values.filter { $0.session.isSubscriber }.map(\.replyBufferCount) }
        }
        var count = 0
        // Some more behind the first that had to wait.
        while count * size < 100_000_000, waiting().contains(where: { $0 < 10 * size }) {
            #expect(try publisher.call("PUBLISH", "c", message(count)) == 2)
            count += 1
        }
        #expect(waiting().allSatisfy { $0 > 0 })
        for subscriber in subscribers {
            for number in 0..<count {
                #expect(try subscriber.reply().elements?.map(\.string) == ["message", "c", message(number)])
            }
        }
        #expect(eventually { waiting() == [0, 0] })
    }

    /// Nobody waits for a subscriber that does not read; at the limit it is let go.
    @Test func aSlowSubscriberIsLetGo() throws {
        let server = try ListeningServer { $0.configuration.clientOutputBufferLimits.pubsub.hardBytes = 1 << 20 }
        let (publisher, subscriber) = try Self.slowSubscriber(server)
        let message = String(repeating: "x", count: 100_000)
        try Self.expectItIsLetGo(subscriber, while: publisher, sends: message)
        #expect(try publisher.call("PING") == .simpleString("PONG"))
    }

    @Test func inATransactionTheReplyComesFirst() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("SUBSCRIBE c")
        try client.run("MULTI")
        try client.run("PUBLISH c x")
        try client.run("INCR n")
        #expect(try client.run("EXEC") == [1, 1])
        #expect(await client.message() == .push(["message", "c", "x"]))
    }

    @Test func replyOffHoldsBackRepliesOnly() throws {
        let server = try TestServer()
        #expect(try server.wire("CLIENT REPLY OFF") == "")
        #expect(try server.wire("SET k v") == "")
        #expect(try server.wire("NOSUCH") == "")
        #expect(try server.wire("CLIENT REPLY ON") == "+OK\r\n")
        #expect(try server.wire("CLIENT REPLY SKIP") == "")
        #expect(try server.wire("GET k") == "")
        #expect(try server.wire("GET k") == "$1\r\nv\r\n")
        #expect(try server.wire("CLIENT REPLY MAYBE") == "-ERR syntax error\r\n")
    }
}

// MARK: Keyspace events

struct KeyEventTests {
    /// What happens and the events that it gives, by the channels' names behind `__keyevent@0__:`.
    private static let events: [(line: String, events: [String])] = [
        ("SET k v", ["new k", "set k"]), ("SET k v EX 10", ["set k", "expire k"]), ("APPEND k x", ["append k"]),
        ("GET none", ["keymiss none"]), ("INCR n", ["new n", "incrby n"]), ("INCRBYFLOAT n 1.5", ["incrbyfloat n"]),
        ("SETRANGE k 1 x", ["setrange k"]), ("SETBIT b 1 1", ["new b", "setbit b"]), ("PERSIST k", ["persist k"]),
        ("RENAME k j", ["new j", "rename_from k", "rename_to j"]), ("DEL j", ["del j"]), ("DEL j", []),
        ("HSET h f v g 1", ["new h", "hset h"]), ("HINCRBY h g 1", ["hincrby h"]), ("HDEL h f", ["hdel h"]),
        ("HPEXPIRE h 1000 FIELDS 1 g", ["hexpire h"]), ("HPERSIST h FIELDS 1 g", ["hpersist h"]),
        ("HDEL h g", ["hdel h", "del h"]), ("SADD s a b", ["new s", "sadd s"]), ("SADD s a", []),
        ("SREM s a", ["srem s"]), ("SPOP s", ["spop s", "del s"]), ("SADD s a", ["new s", "sadd s"]),
        ("SUNIONSTORE t s", ["new t", "sunionstore t"]), ("COPY s u", ["new u", "copy_to u"]),
        ("MOVE u 1", ["move_from u"]), ("GETDEL n", ["del n"]), ("EXPIRE s -1", ["del s"]),
    ]

    @Test func eventsOfCommands() async throws {
        var configuration = Configuration()
        configuration.notifyKeyspaceEvents = "EAmn"
        let server = try TestServer(configuration: configuration)
        let client = try server.client()
        try client.run("PSUBSCRIBE __keyevent@0__:*")
        for (line, events) in Self.events {
            try server.run(line)
            try server.run("PUBLISH __keyevent@0__:end \(line.split(separator: " ")[0])")
            var seen: [String] = []
            while let message = await client.message()?.elements, let event = message[2].string?.dropFirst(15),
                let key = message[3].string, event != "end"
            {
                seen.append("\(event) \(key)")
            }
            #expect(seen == events, "\(line)")
        }
    }

    @Test func theLettersChoose() async throws {
        let server = try TestServer()
        let client = try server.client()
        try client.run("PSUBSCRIBE __key*")
        // Neither K nor E: nothing; the letters come back in their own order.
        try server.expect(["CONFIG SET notify-keyspace-events xg": .ok, "SET k v": .ok, "DEL k": 1])
        try server.expect(["CONFIG SET notify-keyspace-events xgK": .ok, "SET k v": .ok, "DEL k": 1])
        #expect(await client.message() == .push(["pmessage", "__key*", "__keyspace@0__:k", "del"]))
        try server.expect(["CONFIG SET notify-keyspace-events KE$": .ok, "SET k v": .ok])
        #expect(await client.message() == .push(["pmessage", "__key*", "__keyspace@0__:k", "set"]))
        #expect(await client.message() == .push(["pmessage", "__key*", "__keyevent@0__:set", "k"]))
        #expect(try server.run("CONFIG GET notify-keyspace-events").elements == nil)
    }

    @Test func expiredEventsComeInTheOrderOfDeadlines() async throws {
        var configuration = Configuration()
        configuration.notifyKeyspaceEvents = "Exh"
        let server = try TestServer(configuration: configuration)
        let client = try server.client()
        try client.run("PSUBSCRIBE __keyevent@0__:*")
        try server.run("SET b v PX 20")
        try server.run("SET a v PX 10")
        try server.run("HSET h f v g v")
        #expect(await client.message() == .push(["pmessage", "__keyevent@0__:*", "__keyevent@0__:hset", "h"]))
        try server.run("HPEXPIRE h 15 FIELDS 1 f")
        #expect(await client.message() == .push(["pmessage", "__keyevent@0__:*", "__keyevent@0__:hexpire", "h"]))
        server.advance(milliseconds: 30)
        server.runDueWork()
        for (event, key) in [("expired", "a"), ("hexpired", "h"), ("expired", "b")] as [(String, RESPValue)] {
            let channel = RESPValue.bulkString(Array("__keyevent@0__:\(event)".utf8))
            #expect(await client.message() == .push(["pmessage", "__keyevent@0__:*", channel, key]))
        }
    }
}
