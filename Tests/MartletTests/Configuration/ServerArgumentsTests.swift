// The command line: which words are the file, names and values, and what a refusal shows of them.

import Testing

@testable import Martlet

struct ServerArgumentsTests {
    private func start(_ arguments: [String]) throws -> ServerArguments {
        guard case .start(let result) = ServerArguments.parse(arguments) else {
            throw ConfigurationError.refused(line: nil, reason: "no start")
        }
        return result
    }

    private func options(_ arguments: String...) throws -> String {
        String(decoding: try start(arguments).options, as: UTF8.self)
    }

    private func configuration(
        _ arguments: [String], file: String = "", standardInput: String = ""
    ) throws -> Configuration {
        try start(arguments).configuration(
            read: { path throws(ConfigurationError) in
                guard path == "file.conf" else { throw .unreadable(path: path, reason: "No such file or directory") }
                return Array(file.utf8)
            },
            readStandardInput: { Array(standardInput.utf8) })
    }

    private func refusal(_ arguments: String...) -> Configuration.Refusal? {
        do {
            _ = try configuration(arguments)
            return nil
        } catch ConfigurationError.refused(let line, let reason) {
            return .init(line: line?.number, text: line?.text, reason: reason)
        } catch {
            return nil
        }
    }

    @Test func versionAndHelpOnlyInFront() throws {
        #expect(ServerArguments.parse(["-v", "x"]) == .version)
        #expect(ServerArguments.parse(["--version"]) == .version)
        #expect(ServerArguments.parse(["-h"]) == .usage)
        #expect(ServerArguments.parse(["--help"]) == .usage)
        #expect(try options("--port", "1", "-v") == #"port "1" "-v" "#)
    }

    @Test func nothing() throws {
        #expect(try start([]) == ServerArguments())
        #expect(try configuration([]).port == 6379)
    }

    @Test func fileComesFirstOrNotAtAll() throws {
        #expect(try start(["file.conf", "--port", "1"]).configurationFile == "file.conf")
        #expect(try start(["--port", "1"]).configurationFile == nil)
        #expect(throws: ConfigurationError.unreadable(path: "gone", reason: "No such file or directory")) {
            try configuration(["gone"])
        }
    }

    @Test func optionsWinOverStandardInputAndThatOverTheFile() throws {
        let result = try configuration(
            ["file.conf", "--port", "3", "-"], file: "port 1\ntimeout 1\nhz 1\n", standardInput: "port 2\ntimeout 2")
        #expect(result.port == 3 && result.timeoutSeconds == 2 && result.hz == 1)
    }

    @Test func dashIsStandardInputFirstOrLast() throws {
        #expect(try start(["-"]).readsStandardInput)
        #expect(try start(["-", "--port", "1"]).readsStandardInput)
        #expect(try start(["--port", "1", "-"]).readsStandardInput)
        #expect(try start(["--port", "-"]).readsStandardInput)
        let inside = try start(["--logfile", "-", "--port", "1"])
        #expect(!inside.readsStandardInput)
        #expect(String(decoding: inside.options, as: UTF8.self) == "logfile \"-\" \nport \"1\" ")
    }

    @Test func nameAndValueInOneWord() throws {
        let result = try configuration(["--maxmemory 700mb", "--proc-title-template --my--title", "--loglevel verbose"])
        #expect(result.text("maxmemory") == "734003200")
        #expect(result.text("proc-title-template") == "--my--title")
        #expect(result.loglevel == .verbose)
    }

    @Test func firstNameWithoutDashes() throws {
        let result = try configuration(["file.conf", "loglevel", "verbose", "--maxmemory '700mb'"])
        #expect(result.loglevel == .verbose)
        #expect(result.text("maxmemory") == "734003200")
    }

    @Test func valuesMayBeginWithDashes() throws {
        let result = try configuration(["--proc-title-template", "--my--title--template", "--loglevel", "verbose"])
        #expect(result.text("proc-title-template") == "--my--title--template")
        #expect(result.loglevel == .verbose)
    }

    @Test(arguments: [
        ["--save", "--loglevel", "verbose"], ["--loglevel", "verbose", "--save"], ["--SAVE", "--loglevel", "verbose"],
        ["--save", "", "--loglevel", "verbose"], ["--loglevel", "verbose", "--save", ""],
        ["--proc-title-template", "--save", "--save", "", "--loglevel", "verbose"],
    ])
    func bareSaveClears(arguments: [String]) throws {
        let result = try configuration(["file.conf"] + arguments, file: "save 900 1")
        #expect(result.text("save") == "")
        #expect(result.loglevel == .verbose)
    }

    @Test func savePointsAddToThoseOfTheFile() throws {
        let result = try configuration(["file.conf", "--save", "100", "100"], file: "save 900 1")
        #expect(result.text("save") == "900 1 100 100")
    }

    @Test func severalWordsOrOneQuotedWord() throws {
        let result = try configuration([
            "--shutdown-on-sigint", "nosave", "force", "now", "--shutdown-on-sigterm", "nosave force",
        ])
        #expect(result.text("shutdown-on-sigint") == "nosave now force")
        #expect(result.text("shutdown-on-sigterm") == "nosave force")
    }

    @Test func refusalsShowTheLinesThatWereMade() {
        let integer = "argument couldn't be parsed into an integer"
        let count = "wrong number of arguments"
        #expect(refusal("--port", "abc") == .init(line: 2, text: #"port "abc""#, reason: integer))
        #expect(refusal("--port") == .init(line: 2, text: "port", reason: count))
        #expect(refusal("--port", "6380", "--loglevel") == .init(line: 3, text: "loglevel", reason: count))
        #expect(refusal("--port", "6379", "6380") == .init(line: 2, text: #"port "6379" "6380""#, reason: count))
        #expect(
            refusal("--port", "--loglevel", "verbose")
                == .init(line: 2, text: #"port "--loglevel" "verbose""#, reason: count))
        #expect(
            refusal("--port", "--bla", "--loglevel", "verbose")
                == .init(line: 2, text: #"port "--bla""#, reason: integer))
        #expect(
            refusal("--logfile", "--my--log--file", "--loglevel", "--bla")
                == .init(
                    line: 3, text: #"loglevel "--bla""#,
                    reason: "argument(s) must be one of the following: debug, verbose, notice, warning"))
        #expect(
            refusal("--replicaof", "--127.0.0.1", "abc")
                == .init(line: 2, text: #"replicaof "--127.0.0.1" "abc""#, reason: "Invalid master port"))
        #expect(
            refusal("--replicaof", "--127.0.0.1", "--abc")
                == .init(line: 2, text: #"replicaof "--127.0.0.1""#, reason: count))
        #expect(
            refusal("-x") == .init(line: 2, text: #""-x""#, reason: "Bad directive or wrong number of arguments"))
        #expect(
            refusal("--logfile 'x", "--port", "1")
                == .init(line: 2, text: "logfile 'x", reason: "Unbalanced quotes in configuration line"))
    }

    @Test func usageNamesTheProgram() {
        #expect(ServerArguments.usage.hasPrefix("Usage: martlet-server [/path/to/redis.conf] [options] [-]\n"))
        #expect(ServerArguments.usage.hasSuffix("\n"))
    }
}
