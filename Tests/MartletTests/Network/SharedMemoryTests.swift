// Large values that several hold at once: memory counts them once, until the last one lets go; clients' limits count
// them for each.

import Testing

@testable import Martlet

struct SharedMemoryTests {
    /// More than the system keeps between two ends.
    private static let size = 20_000_000
    private static let clientCount = 6

    private let server: ListeningServer
    private let control: LocalConnection
    private let before: Int

    init() throws {
        server = try ListeningServer()
        control = try server.server.connect()
        #expect(try control.send("SETRANGE", "big", "\(Self.size - 1)", "x") == .integer(Int64(Self.size)))
        #expect(try control.send("DEL", "big") == .integer(1))
        before = server.inspect { $0.server.usedMemory }
        #expect(try control.send("SETRANGE", "big", "\(Self.size - 1)", "x") == .integer(Int64(Self.size)))
    }

    private var used: Int { server.inspect { $0.server.usedMemory } - before }
    private var limited: Int { server.inspect { $0.server.limitedMemory } - before }
    private var counted: Int { server.inspect { $0.server.keyspace.value.largeBytes.bytes } }

    /// One value's memory, give or take five per cent.
    private func isOneValue(_ bytes: Int) -> Bool { abs(bytes - Self.size) < Self.size / 20 }

    private func clients() throws -> [SocketClient] {
        try (0..<Self.clientCount).map { _ in
            let client = try server.client()
            client.readSlowly()
            return client
        }
    }

    /// Clients that have asked for the value and do not read it.
    private func readers() throws -> [SocketClient] {
        let readers = try clients()
        for reader in readers { try reader.request("GET", "big") }
        waitUntilAllWait()
        return readers
    }

    private func waitUntilAllWait() {
        #expect(
            eventually {
                server.inspect { $0.connections.values.count { $0.replySegmentCount > 0 } } == Self.clientCount
            })
    }

    private func readAll(_ readers: [SocketClient]) throws {
        for reader in readers { #expect(try reader.reply().bytes?.count == Self.size) }
        #expect(eventually { server.inspect { $0.connections.values.allSatisfy { $0.replyBufferCount == 0 } } })
    }

    @Test func unreadRepliesOfOneValueCountOnce() throws {
        let readers = try readers()
        #expect(isOneValue(used) && isOneValue(limited))
        // For the limits of clients each of them has all of it.
        #expect(server.inspect { $0.server.clientMemory.value.total } > Self.clientCount * Self.size)
        #expect(server.inspect { $0.connections.values.allSatisfy { $0.session.accountedBytes > Self.size } })
        #expect(server.inspect { $0.server.clientMemory.value.own } < Self.size / 20)
        try readAll(readers)
        #expect(isOneValue(used))
        #expect(server.inspect { $0.server.clientMemory.value.selfCounted } == 0)
    }

    /// What became of the key meanwhile does not matter: the bytes are there.
    @Test(arguments: [
        ["DEL", "big"], ["UNLINK", "big"], ["SET", "big", "small"], ["PEXPIRE", "big", "-1"], ["FLUSHALL", "SYNC"],
        ["FLUSHALL", "ASYNC"],
    ])
    func valuesOfLostKeysCountWhileTheyAreUnread(words: [String]) throws {
        let readers = try readers()
        #expect(try control.send(words.map { $0 as any RESPArgument }).isError == false)
        #expect(isOneValue(used))
        // A whole database that another thread frees is out of account until it gets there.
        #expect(eventually { isOneValue(limited) })
        try readAll(readers)
        #expect(eventually { counted == 0 })
        #expect(used < Self.size / 20)
    }

    /// A changed value is another one.
    @Test func changedValuesAreTwo() throws {
        let readers = try readers()
        #expect(try control.send("SETRANGE", "big", "0", "y") == .integer(Int64(Self.size)))
        #expect(abs(used - 2 * Self.size) < Self.size / 10)
        try readAll(readers)
        #expect(isOneValue(used))
    }

    /// However a client goes, what it waited for is let go.
    @Test func lostClientsHoldNothing() throws {
        let readers = try readers()
        #expect(try control.send("DEL", "big") == .integer(1))
        readers[0].close()
        readers[1].reset()
        let ids = server.inspect { $0.connections.values.map(\.session.id) }
        for id in ids { _ = try control.send("CLIENT", "KILL", "ID", "\(id)") }
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
        #expect(counted == 0)
        #expect(server.inspect { $0.server.clientMemory.value.selfCounted } == 0)
    }

    @Test func clientsOverTheirLimitHoldNothing() throws {
        let readers = try readers()
        #expect(try control.send("CONFIG", "SET", "maxmemory-clients", "1mb") == .ok)
        #expect(try control.send("DEL", "big") == .integer(1))
        #expect(eventually { server.inspect { $0.connections.isEmpty } })
        #expect(server.inspect { $0.server.statistics.value.evictedClients } == Self.clientCount)
        #expect(counted == 0)
        withExtendedLifetime(readers) {}
    }

    @Test func nothingIsLeftOfAStoppedServer() throws {
        let readers = try readers()
        let account = server.inspect { $0.server.keyspace.value.largeBytes }
        #expect(try control.send("DEL", "big") == .integer(1))
        #expect(account.bytes > Self.size)
        server.server.stop()
        #expect(eventually { account.bytes == 0 })
        withExtendedLifetime(readers) {}
    }

    /// RESP2 and RESP3 have one copy each.
    @Test(arguments: [[2], [2, 3]])
    func messagesToManyCountOnce(versions: [Int]) throws {
        #expect(try control.send("DEL", "big") == .integer(1))
        let listeners = try clients()
        for (index, listener) in listeners.enumerated() {
            #expect(try listener.call("HELLO", "\(versions[index % versions.count])").isError == false)
            #expect(try listener.call("SUBSCRIBE", "c").elements?.count ?? 3 == 3)
        }
        let message = [UInt8](repeating: 1, count: Self.size)
        #expect(try control.send("PUBLISH", "c", message) == .integer(Int64(Self.clientCount)))
        waitUntilAllWait()
        #expect(abs(used - versions.count * Self.size) < Self.size / 20)
        #expect(server.inspect { $0.server.clientMemory.value.subscribers } > Self.clientCount * Self.size)
        for listener in listeners { _ = try listener.reply() }
        #expect(eventually { counted == 0 })
        #expect(eventually { used < Self.size / 20 })
    }

    /// Keys are not evicted for memory that is not taken.
    @Test func sharingCostsNoKeys() throws {
        #expect(try control.send("SET", "other", "v") == .ok)
        let limit = server.inspect { $0.server.limitedMemory } + Self.size / 4
        #expect(try control.send("CONFIG", "SET", "maxmemory-policy", "allkeys-lru") == .ok)
        #expect(try control.send("CONFIG", "SET", "maxmemory", "\(limit)") == .ok)
        let readers = try readers()
        #expect(try control.send("DBSIZE") == .integer(2))
        #expect(server.inspect { $0.server.keyspace.value.statistics.evictedKeys } == 0)
        withExtendedLifetime(readers) {}
    }

    /// A string that the snapshot still has to write costs no key, either: the disk may be slow.
    @Test func whatASnapshotStillHoldsIsOnItsWay() throws {
        let account = LargeBytesAccount()
        let large = Keyspace.copy([UInt8](repeating: 1, count: 1000).span)
        large.join(account)
        var piece: SnapshotPiece? = .string(large, .raw, isLeaving: true)
        #expect(piece?.count == 1000 && account.departingBytes == large.memoryBytes)
        piece = .string(large, .raw, isLeaving: false)
        #expect(piece != nil && account.departingBytes == 0)
    }
}
