// SHUTDOWN and TIME.

import Testing

@testable import Martlet

struct ShutdownTests {
    @Test(
        "a stop closes the connection without a reply",
        arguments: [
            "SHUTDOWN", "SHUTDOWN NOSAVE", "shutdown nosave now force", "SHUTDOWN SAVE FORCE",
        ])
    func stops(line: String) throws {
        let server = try TestServer()
        #expect(throws: ConnectionClosed.self) { try server.run(line) }
        server.server.waitUntilStopped()
        #expect(throws: ConnectionClosed.self) { try server.server.connect() }
    }

    @Test("SAVE saves; where that fails the server goes on unless it is forced to end")
    func save() throws {
        let files = MemoryFileSystem()
        let server = try TestServer(fileSystem: files)
        try server.expect(["SET k v": .ok])
        files.fail(at: 1)
        let refused = RESPValue.error("ERR Errors trying to SHUTDOWN. Check logs.")
        try server.expect(["SHUTDOWN SAVE": refused, "PING": .simpleString("PONG")])
        #expect(throws: ConnectionClosed.self) { try server.run("SHUTDOWN SAVE") }
        #expect(files.files.count == 1)
    }

    @Test("options that contradict each other are refused, and there is no stop to abort")
    func errors() throws {
        let syntax = RESPValue.error("ERR syntax error")
        try TestServer().expect([
            "SHUTDOWN SAVE NOSAVE": syntax, "SHUTDOWN NOSAVE SAVE": syntax, "SHUTDOWN x": syntax,
            "SHUTDOWN ABORT NOW": syntax, "SHUTDOWN NOSAVE ABORT": syntax,
            "SHUTDOWN ABORT": .error("ERR No shutdown in progress."),
        ])
    }

    @Test("TIME is the time of day in seconds and microseconds")
    func time() throws {
        let server = try TestServer()
        server.advance(milliseconds: 1234)
        try server.expect([
            "TIME": ["1700000001", "234000"], "TIME x": .error("ERR wrong number of arguments for 'time' command"),
        ])
    }
}
