// rename-command: what lines do to the table, and what they refuse.

import Testing

@testable import Martlet

struct CommandRenamingTests {
    private func renames(_ lines: [(String, String)]) -> [CommandRename] {
        lines.enumerated().map { index, line in
            let text = "rename-command \(line.0) \(line.1)"
            return CommandRename(
                command: line.0, newName: line.1, line: ConfigurationLine(number: index + 1, text: text))
        }
    }

    private func names(_ lines: [(String, String)]) throws(ConfigurationError) -> [String: String] {
        try CommandRenaming.names(after: renames(lines), of: CommandTable.families)
    }

    @Test("renames are applied in order")
    func order() throws {
        #expect(try names([]) == [:])
        #expect(try names([("GET", "fetch"), ("set", "")]) == ["get": "fetch", "set": ""])
        #expect(try names([("get", "a"), ("A", "b")]) == ["get": "b"])
        #expect(try names([("get", ""), ("set", "get")]) == ["get": "", "set": "get"])
    }

    @Test("an unknown command and a name that is taken are refused with their line")
    func refusals() {
        let noSuch = "No such command in rename-command"
        let cases: [([(String, String)], Int, String)] = [
            ([("nosuch", "x")], 1, noSuch), ([("get", ""), ("get", "x")], 2, noSuch),
            ([("get", "SET")], 1, "Target command name already exists"),
            ([("get", "x"), ("set", "X")], 2, "Target command name already exists"),
        ]
        for (lines, number, reason) in cases {
            let line = renames(lines)[number - 1].line
            #expect(throws: ConfigurationError.refused(line: line, reason: reason)) { try names(lines) }
        }
    }

    @Test("a renamed command goes by its new name and is described by its own")
    func inService() throws {
        var configuration = Configuration()
        configuration.renamedCommands = renames([("get", "Fetch"), ("config", "cfg"), ("flushall", "")])
        let server = try TestServer(configuration: configuration)
        try server.expect([
            "fetch a": .null, "FETCH a": .null, "fetch": .error("ERR wrong number of arguments for 'get' command"),
            "get a": .error("ERR unknown command 'get', with args beginning with: 'a' "),
            "flushall": .error("ERR unknown command 'flushall', with args beginning with: "),
            "cfg get": .error("ERR wrong number of arguments for 'config|get' command"),
            "cfg get hz": .map([.init("hz", "10")]),
        ])
        let entry = try server.run("COMMAND INFO fetch get flushall")
        #expect(entry.elements?[0].elements?.first == "get" && entry.elements?[1] == .null)
    }

    @Test("a server with a wrong rename does not start")
    func refusedStart() {
        var configuration = Configuration()
        configuration.renamedCommands = renames([("nosuch", "x")])
        #expect(throws: StartError.self) { try TestServer(configuration: configuration) }
    }
}
