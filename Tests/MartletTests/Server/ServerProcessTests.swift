// From arguments to a configuration that a process can start with. The process itself is tested from outside.

import Testing

@testable import Martlet

struct ServerProcessTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func write(_ text: String, to name: String) throws -> String {
        try SmallFile.write(Array(text.utf8).span, to: scratch.file(name))
        return scratch.file(name)
    }

    private func process(_ words: String...) throws -> ServerProcess? {
        guard case .start(let arguments) = ServerArguments.parse(words) else { return nil }
        return try ServerProcess(arguments, commandLine: ["martlet-server"] + words)
    }

    @Test("files and options give the configuration")
    func configuration() throws {
        let file = try write("daemonize no\nport 7000\n", to: "a.conf")
        #expect(try process(file)?.wantsBackground == false)
        #expect(try process(file, "--daemonize", "yes")?.wantsBackground == true)
    }

    @Test("include takes patterns; one that matches nothing includes nothing")
    func patterns() throws {
        _ = try write("daemonize yes\n", to: "part.conf")
        let file = try write("include \(scratch.path)/p*.conf\ninclude \(scratch.path)/x*.conf\n", to: "a.conf")
        #expect(try process(file)?.wantsBackground == true)
        #expect(FileNames.matching("\(scratch.path)/*.conf") == [scratch.file("a.conf"), scratch.file("part.conf")])
    }

    @Test("a missing file, a wrong value and an unknown command to rename refuse the start")
    func refusals() throws {
        let missing = scratch.file("missing.conf")
        #expect(throws: ConfigurationError.unreadable(path: missing, reason: "No such file or directory")) {
            try process(missing)
        }
        #expect(throws: ConfigurationError.self) { try process("--port", "x") }
        let line = ConfigurationLine(number: 2, text: "rename-command \"nosuch\" \"x\"")
        #expect(
            throws: ConfigurationError.refused(line: line, reason: "No such command in rename-command")
        ) { try process("--rename-command", "nosuch", "x") }
    }

    @Test("a directory or log file that is not there refuses the start")
    func places() throws {
        #expect(
            throws: ConfigurationError.refused(
                line: nil, reason: "Can't chdir to '\(scratch.path)/none': No such file or directory")
        ) {
            var process = try process("--dir", scratch.file("none"))
            try process?.enterDirectory()
        }
        #expect(
            throws: ConfigurationError.refused(
                line: nil, reason: "Can't open the log file: No such file or directory")
        ) {
            var process = try process("--dir", ".", "--logfile", scratch.file("none/log"))
            try process?.enterDirectory()
        }
    }
}
