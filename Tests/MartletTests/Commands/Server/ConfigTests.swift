// CONFIG between client, directive table and running server. Parsing and bounds are tested with the table.

import Testing

@testable import Martlet

struct ConfigTests {
    let server: TestServer

    init() throws { server = try TestServer() }

    @Test("GET replies with a map, flat in RESP2")
    func get() throws {
        #expect(try server.wireWords("CONFIG GET hz", .resp2) == "*2 $2 hz $2 10")
        #expect(try server.wireWords("CONFIG GET hz", .resp3) == "%1 $2 hz $2 10")
        try server.expect([
            "CONFIG GET nosuch": .map([]), "CONFIG GET TIMEOUT nosuch": .map([.init("TIMEOUT", "0")]),
            "CONFIG GET": .error("ERR wrong number of arguments for 'config|get' command"),
        ])
    }

    @Test("SET takes effect at once, all or nothing")
    func set() throws {
        try server.expect([
            "CONFIG SET timeout 7 maxclients 77": .ok, "CONFIG GET timeout": .map([.init("timeout", "7")]),
            "CONFIG SET timeout 8 hz x": .error(
                "ERR CONFIG SET failed (possibly related to argument 'hz') - "
                    + "argument couldn't be parsed into an integer"),
            "CONFIG SET timeout 8 nosuch 1": .error(
                "ERR Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
            "CONFIG SET timeout 8 databases 1": .error(
                "ERR CONFIG SET failed (possibly related to argument 'databases') - can't set immutable config"),
            "CONFIG GET timeout": .map([.init("timeout", "7")]),
            "CONFIG SET timeout": .error(
                "ERR wrong number of arguments for 'config|set' command"),
            "CONFIG SET timeout 8 hz": .error("ERR syntax error"),
        ])
        #expect(server.inspect { $0.configuration.value.maxclients } == 77)
    }

    @Test("a value that cannot be put into effect leaves all as it was")
    func rollBack() throws {
        var configuration = Configuration()
        configuration.enableProtectedConfigs = .yes
        let server = try TestServer(configuration: configuration)
        let before = try server.run("CONFIG GET dir")
        try server.expect([
            "CONFIG SET timeout 9 dir /no/such/directory": .error(
                "ERR CONFIG SET failed (possibly related to argument 'dir') - No such file or directory"),
            "CONFIG GET timeout": .map([.init("timeout", "0")]), "CONFIG GET dir": before,
        ])
    }

    @Test("dir is shown in its absolute form, and moves no embedded program")
    func directory() throws {
        var configuration = Configuration()
        configuration.enableProtectedConfigs = .yes
        let server = try TestServer(configuration: configuration)
        let workingDirectory = try CurrentProcess.workingDirectory()
        try server.expect([
            "CONFIG GET dir": .map([.init("dir", .bulkString(Array(workingDirectory.utf8)))]),
            "CONFIG SET dir /usr/..": .ok, "CONFIG GET dir": .map([.init("dir", "/")]),
        ])
        #expect(try CurrentProcess.workingDirectory() == workingDirectory)
    }

    @Test("dir is protected")
    func protectedDirective() throws {
        try server.expect([
            "CONFIG SET dir /": .error(
                "ERR CONFIG SET failed (possibly related to argument 'dir') - can't set protected config")
        ])
    }

    @Test("RESETSTAT sets counters to zero")
    func resetStatistics() throws {
        try server.expect([
            "SET a 1": .ok, "GET a": "1", "GET b": .null,
            "NOSUCH": .error(
                "ERR unknown command 'NOSUCH', with args beginning with: "),
        ])
        let before = server.inspect {
            [$0.keyspace.value.statistics.hits, $0.keyspace.value.statistics.misses, $0.statistics.value.errorReplies]
        }
        #expect(before == [1, 1, 1])
        try server.expect(["CONFIG RESETSTAT": .ok])
        let after = server.inspect {
            [
                $0.keyspace.value.statistics.hits, $0.keyspace.value.statistics.misses,
                $0.statistics.value.errorReplies, $0.statistics.value.commandsProcessed,
                $0.statistics.value.errors.count,
            ]
        }
        #expect(after == [0, 0, 0, 0, 0])
    }

    @Test("subcommands that are not there are unknown, and HELP names those that are")
    func subcommands() throws {
        try server.expect([
            "CONFIG NOSUCH": .error("ERR unknown subcommand 'NOSUCH'. Try CONFIG HELP."),
            "CONFIG": .error("ERR wrong number of arguments for 'config' command"),
        ])
        let lines = try #require(try server.run("CONFIG HELP").elements).compactMap(\.string)
        for name in ConfigCommand.spec.subcommands.map({ $0.name.uppercased() }) {
            #expect(lines.contains { $0.hasPrefix(name) }, "\(name)")
        }
    }
}
