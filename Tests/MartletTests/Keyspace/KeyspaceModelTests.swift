// Random commands to a server and to a model of it, on one clock; replies, sizes, memory and every invariant compared.

import Testing

@testable import Martlet

struct KeyspaceModelTests {
    @Test(
        "random commands find what the model finds",
        arguments: [UInt64](1...6).map { $0 &* 0x9E37_79B9 }, [true, false])
    func randomCommands(seed: UInt64, expiresActively: Bool) throws {
        let server = try TestServer(seed: seed)
        try server.expect(["DEBUG SET-ACTIVE-EXPIRE \(expiresActively ? 1 : 0)": .ok])
        let baseline = server.inspect { $0.keyspace.value.memoryBytes }
        var dice = SeededRandom(seed: seed)
        var model = KeyspaceModel()
        for step in 0..<4000 {
            if dice.below(10) == 0 { advance(server, &model, by: Int64(dice.below(60))) }
            let command = KeyspaceModel.Command.random(using: &dice)
            if case .size = command, !expiresActively { continue }
            let reply = try server.connection.send(command.words)
            guard reply == model.reply(to: command) else {
                Issue.record("seed \(seed), step \(step): \(command) replied \(reply)")
                return
            }
            if step % 100 == 99 {
                let problem = server.problem(with: model, expiresActively: expiresActively)
                #expect(problem == nil, "seed \(seed), step \(step)")
            }
        }
        try empty(server, seed: seed)
        // What was removed lazily counts until it is freed.
        #expect(eventually { server.inspect { $0.keyspace.value.memoryBytes } == baseline }, "seed \(seed)")
        #expect(server.inspect { $0.keyspace.value.largeBytes.bytes } == 0, "seed \(seed)")
    }

    private func advance(_ server: TestServer, _ model: inout KeyspaceModel, by milliseconds: Int64) {
        server.advance(milliseconds: milliseconds)
        model.now += milliseconds
        server.runDueWork()
    }

    /// Removes the keys one by one, so that nothing is forgotten in bulk.
    private func empty(_ server: TestServer, seed: UInt64) throws {
        for number in 0..<KeyspaceModel.databaseCount {
            try server.expect(["SELECT \(number)": .ok])
            for key in try #require(try server.run("KEYS *").elements) {
                let reply = try server.connection.send("DEL", try #require(key.string))
                #expect(reply == 1, "seed \(seed)")
            }
            // Whatever is left is over already.
            while try server.run("RANDOMKEY") != .null {}
            try server.expect(["DBSIZE": 0])
        }
    }
}

extension TestServer {
    /// What is wrong inside, or between the server and the model; nil when nothing is.
    fileprivate func problem(with model: KeyspaceModel, expiresActively: Bool) -> String? {
        var model = model
        model.removeExpired()
        let databases = model.databases
        return inspect { server -> String? in
            for number in 0..<server.keyspace.value.databases.count {
                if let broken = server.keyspace.value.databases[number].brokenInvariant() {
                    return "database \(number): \(broken)"
                }
                let expected = number < databases.count ? databases[number] : [:]
                var live: [String: Int64?] = [:]
                server.keyspace.value.visitLive(in: number) { record in
                    let name = String(decoding: record.key.copied(), as: UTF8.self)
                    live[name] = record.hasDeadline ? record.deadline : nil
                }
                if live != expected.mapValues(\.deadline) { return "database \(number): other keys or deadlines" }
                let count = server.keyspace.value.count(in: number)
                if expiresActively && count != expected.count { return "database \(number): \(count) keys" }
            }
            return nil
        }
    }
}

extension Database {
    /// What is wrong with the database's parts or their sums.
    fileprivate func brokenInvariant() -> String? {
        var (volatile, objects, objectBytes) = (0, 0, 0)
        table.visitAll { record in
            if record.hasDeadline { volatile += 1 }
            if record.holdsObject {
                objects += 1
                objectBytes += record.object(as: LargeBytes.self).memoryBytes
            }
        }
        if volatile != wheel.count { return "\(volatile) records with deadlines, \(wheel.count) filed" }
        if objects != objectCount { return "objects miscounted" }
        if objectBytes != self.objectBytes { return "memory of objects does not add up" }
        return table.brokenInvariant() ?? wheel.brokenInvariant() ?? heap.brokenInvariant()
    }
}
