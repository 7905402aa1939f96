// Clients on real sockets: pipelines, cuts, large values in both directions, slow and vanishing peers.

import Testing

@testable import Martlet

struct ConnectionTests {
    @Test func pipelineOfManyRequests() throws {
        let server = try ListeningServer()
        let client = try server.client()
        let count = 100_000
        let sender = try Sender(client) { index in encodedRequest("SET", "k\(index % 1000)", "value \(index)") }
        try sender.send(count)
        #expect(try client.bytes(count * 5) == Array(repeatElement("+OK\r\n", count: count).joined().utf8))
        #expect(try client.call("GET", "k7") == "value 99007")
        let sent = server.inspect { $0.server.statistics.value.commandsProcessed }
        #expect(sent >= count + 1)
    }

    /// Sends from a thread of its own, so that replies can be read meanwhile.
    private struct Sender {
        let client: SocketClient
        let make: (Int) -> [UInt8]

        init(_ client: SocketClient, _ make: @escaping (Int) -> [UInt8]) throws {
            self.client = client
            self.make = make
        }

        /// All requests, in blocks; the replies are short enough to wait in the sockets.
        func send(_ count: Int) throws {
            var block: [UInt8] = []
            for index in 0..<count {
                block += make(index)
                if block.count > 100_000 {
                    try client.send(block)
                    block = []
                }
            }
            try client.send(block)
        }
    }

    @Test func requestsCutAnywhere() throws {
        let server = try ListeningServer()
        let client = try server.client()
        let bytes = encodedRequest("SET", "key", "value") + Array("GET key\r\n".utf8) + encodedRequest("GET", "none")
        for cut in 1..<bytes.count {
            try client.send(Array(bytes[..<cut]))
            // A round trip of another client: the first part has been read, or will be alone.
            _ = server.inspect { $0.batch.value.count }
            try client.send(Array(bytes[cut...]))
            #expect(try client.reply() == .ok)
            #expect(try client.reply() == "value")
            #expect(try client.reply() == .null)
        }
    }

    @Test func largeArgumentsInsidePipelines() throws {
        var random = TestRandom()
        let server = try ListeningServer()
        let client = try server.client()
        for round in 0..<20 {
            let sizes = (0..<4).map { _ in [10, 32 * 1024, 100_000, 3_000_000][random.below(4)] }
            var bytes: [UInt8] = []
            for (index, size) in sizes.enumerated() {
                let value = [UInt8](repeating: UInt8(ascii: "a") + UInt8(index), count: size)
                bytes += encodedRequest([Array("SET".utf8), Array("k\(index)".utf8), value])
                bytes += encodedRequest("PING")
            }
            // In blocks, so that words are cut in all places.
            let block = 1000 + random.below(200_000)
            for start in stride(from: 0, to: bytes.count, by: block) {
                try client.send(Array(bytes[start...].prefix(block)))
            }
            for _ in sizes {
                #expect(try client.reply() == .ok)
                #expect(try client.reply() == .simpleString("PONG"))
            }
            for (index, size) in sizes.enumerated() {
                let value = [UInt8](repeating: UInt8(ascii: "a") + UInt8(index), count: size)
                try client.request("GET", "k\(index)")
                let reply = try client.bytes("$\(size)\r\n".utf8.count + size + 2)
                #expect(reply.dropLast(2).suffix(size) == value[...], "round \(round), seed \(random.seed)")
            }
        }
    }

    @Test func severalLargeArgumentsInOneRequest() throws {
        let server = try ListeningServer()
        let client = try server.client()
        let values = (0..<3).map { [UInt8](repeating: UInt8(ascii: "x") + UInt8($0), count: 40_000 + $0 * 500_000) }
        var words: [[UInt8]] = [Array("MSET".utf8)]
        for (index, value) in values.enumerated() { words += [Array("key\(index)".utf8), value] }
        try client.send(encodedRequest(words))
        #expect(try client.reply() == .ok)
        for (index, value) in values.enumerated() {
            try client.request("GET", "key\(index)")
            #expect(try client.bytes("$\(value.count)\r\n".utf8.count + value.count + 2).count > value.count)
            #expect(try client.call("STRLEN", "key\(index)") == .integer(Int64(value.count)))
        }
        let held = server.inspect { $0.connections.values.reduce(0) { $0 + $1.memoryBytes } }
        #expect(held < 200_000)
    }

    @Test func setOfAMillionWords() throws {
        let server = try ListeningServer()
        let client = try server.client()
        var words: [[UInt8]] = [Array("MSET".utf8)]
        for index in 0..<500_000 { words += [Array("k\(index)".utf8), [UInt8(ascii: "v")]] }
        try client.send(encodedRequest(words))
        #expect(try client.reply() == .ok)
        #expect(try client.call("GET", "k499999") == "v")
    }

    @Test func emptyStringsArrive() throws {
        let server = try ListeningServer()
        let client = try server.client()
        #expect(try client.call("SET", "", "") == .ok)
        #expect(try client.call("GET", "") == "")
        #expect(try client.call("ECHO", "") == "")
    }

    @Test func slowReaderDoesNotHoldUpOthers() throws {
        let server = try ListeningServer()
        let slow = try server.client()
        slow.readSlowly()
        let other = try server.client()
        let size = 8 << 20
        let value = [UInt8](repeating: UInt8(ascii: "v"), count: size)
        try slow.send(encodedRequest([Array("SET".utf8), Array("big".utf8), value]))
        #expect(try slow.reply() == .ok)
        let count = 5
        for _ in 0..<count { try slow.request("GET", "big") }
        // Replies pile up, by reference; the other client is served.
        #expect(eventually { server.inspect { $0.connections.values.contains { $0.replyBufferCount > 20 << 20 } } })
        for index in 0..<1000 { #expect(try other.call("SET", "k", "\(index)") == .ok) }
        #expect(try other.call("SET", "big", "changed") == .ok)
        for _ in 0..<count {
            let reply = try slow.bytes("$\(size)\r\n".utf8.count + size + 2)
            #expect(reply.dropFirst(10).dropLast(2).allSatisfy { $0 == UInt8(ascii: "v") })
        }
        #expect(try slow.call("GET", "big") == "changed")
        #expect(server.inspect { $0.connections.values.allSatisfy { $0.replyBufferCount == 0 } })
    }

    @Test func manySmallRepliesWaitForASlowReader() throws {
        let server = try ListeningServer()
        let slow = try server.client()
        slow.readSlowly()
        let value = String(repeating: "v", count: 1000)
        #expect(try slow.call("SET", "k", value) == .ok)
        let count = 20_000
        let request = encodedRequest("GET", "k")
        try slow.send(Array(repeatElement(request, count: count).joined()))
        #expect(eventually { server.inspect { $0.connections.values.contains { $0.replyBufferCount > 1 << 20 } } })
        let expected = Array("$1000\r\n\(value)\r\n".utf8)
        var isAsExpected = true
        for _ in 0..<count { isAsExpected = try slow.bytes(expected.count) == expected && isAsExpected }
        #expect(isAsExpected)
    }

    @Test func halfClosedClientGetsItsReplies() throws {
        let server = try ListeningServer()
        let client = try server.client()
        try client.send("SET k v\r\nGET k\r\n")
        try client.descriptor.shutdownWriting()
        #expect(try client.rest() == "+OK\r\n$1\r\nv\r\n")
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
    }

    @Test func vanishingClientsLeaveNothing() throws {
        let server = try ListeningServer()
        let parts = [
            "", "*3\r\n$3\r\nSET\r\n$1\r\nk", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\nabc", "*3\r\n$3", "GET",
            "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*",
        ]
        for part in parts {
            for isReset in [false, true] {
                let client = try server.client()
                #expect(try client.call("PING") == .simpleString("PONG"))
                try client.send(part)
                if isReset { client.reset() } else { client.close() }
            }
        }
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
        #expect(server.inspect { $0.server.clients.count } == 0)
    }

    @Test func clientThatVanishesMidReply() throws {
        let server = try ListeningServer()
        let witness = try server.client()
        #expect(try witness.call("SETRANGE", "big", "10000000", "x") == .integer(10_000_001))
        for isReset in [false, true] {
            let client = try server.client()
            client.readSlowly()
            for _ in 0..<4 { try client.request("GET", "big") }
            _ = try client.bytes(10_000)
            if isReset { client.reset() } else { client.close() }
        }
        #expect(eventually { server.inspect { $0.connections.count } == 1 })
        #expect(try witness.call("PING") == .simpleString("PONG"))
    }

    @Test func protocolErrorEndsTheConnection() throws {
        let server = try ListeningServer()
        let client = try server.client()
        try client.send("PING\r\n*1\r\n$x\r\nPING\r\n")
        #expect(try client.rest() == "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n")
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
    }

    @Test func requestsBehindQuitAreNotExecuted() throws {
        let server = try ListeningServer()
        let client = try server.client()
        try client.send("SET k 1\r\nQUIT\r\nSET k 2\r\n")
        #expect(try client.rest() == "+OK\r\n+OK\r\n")
        #expect(try server.client().call("GET", "k") == "1")
    }

    /// The loop must not spin on what a client goes on sending while its last replies wait.
    @Test func chatterBehindQuitIsNotListenedTo() throws {
        let server = try ListeningServer()
        let witness = try server.client()
        #expect(try witness.call("SETRANGE", "big", "10000000", "x") == .integer(10_000_001))
        let client = try server.client()
        client.readSlowly()
        try client.send("GET big\r\nQUIT\r\n")
        try client.send(String(repeating: "PING\r\n", count: 1000))
        #expect(try witness.call("PING") == .simpleString("PONG"))
        #expect(eventually { server.inspect { $0.connections.values.contains { $0.replyBufferCount > 0 } } })
        let before = server.inspect { $0.server.statistics.value.readsProcessed }
        for _ in 0..<100 { #expect(try witness.call("PING") == .simpleString("PONG")) }
        #expect(server.inspect { $0.server.statistics.value.readsProcessed } - before <= 100)
        // What was not listened to makes the farewell a reset, which may swallow the end of the replies.
        #expect(try client.rest().hasPrefix("$10000001\r\n"))
        #expect(eventually { server.inspect { $0.connections.count } == 1 })
    }

    @Test func thousandConnections() throws {
        _ = try OpenFileLimit.raise(to: 4096)
        let server = try ListeningServer()
        let clients = try (0..<1000).map { number in
            let client = try server.client()
            // The system keeps some hundreds that nobody has accepted yet.
            if number % 100 == 99 { #expect(try client.call("PING") == .simpleString("PONG")) }
            return client
        }
        for (index, client) in clients.enumerated() { try client.request("SET", "k\(index)", "\(index)") }
        for client in clients { #expect(try client.reply() == .ok) }
        for (index, client) in clients.enumerated() {
            #expect(try client.call("GET", "k\(index)") == .text("\(index)"))
        }
        #expect(server.inspect { $0.connections.count } == 1000)
        for client in clients { client.close() }
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
    }
}
