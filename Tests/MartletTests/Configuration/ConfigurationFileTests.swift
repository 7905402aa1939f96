// redis.conf line by line: comments, quotes, words, includes, and the texts of a refused start.

import Testing

@testable import Martlet

struct ConfigurationFileTests {
    @Test func commentsBlanksAndCase() throws {
        let configuration = try Configuration.loading("# port 1\n\n \t\r\n  PORT 7000 \r\n\u{b}\n#\ntimeout 5")
        #expect(configuration.port == 7000)
        #expect(configuration.timeoutSeconds == 5)
    }

    @Test func laterLinesWin() throws {
        #expect(try Configuration.loading("port 1\nport 2").port == 2)
        #expect(
            try Configuration.loading("hash-max-listpack-entries 20\nhash-max-ziplist-entries 21")
                .text("hash-max-listpack-entries") == "21")
    }

    @Test func quotedValues() throws {
        let configuration = try Configuration.loading(#"logfile "/tmp/a b\x41""# + "\npidfile 'x y'\nunixsocket ''")
        #expect(configuration.logfile == "/tmp/a bA")
        #expect(configuration.pidfile == "x y")
        #expect(configuration.unixsocket == "")
    }

    @Test(arguments: [
        ("bind 1.1.1.1 ::1", ["1.1.1.1", "::1"]), (#"bind "1.1.1.1 ::1""#, ["1.1.1.1", "::1"]),
        ("bind ''", []), ("bind", []),
    ])
    func severalWordsOrOneQuotedWord(line: String, expected: [String]) throws {
        #expect(try Configuration.loading(line).bind == expected)
    }

    @Test(arguments: [
        ("port 1", "3600 1 300 100 60 10000"), ("save 100 100", "100 100"),
        ("save 900 1\nsave 100 100", "900 1 100 100"),
        ("save '900 1 60 5'", "900 1 60 5"), ("save 900 1\nsave ''", ""), ("save ''\nsave 900 1", "900 1"),
        ("save", ""),
        ("save 900 1\nsave", "900 1"), ("save ''", ""),
    ])
    func savePoints(text: String, shown: String) throws {
        #expect(try Configuration.loading(text).text("save") == shown)
    }

    @Test func bufferLimitsOfSeveralLinesAddUp() throws {
        let configuration = try Configuration.loading(
            "client-output-buffer-limit normal 1 1 1\nclient-output-buffer-limit pubsub 2 2 2")
        #expect(
            configuration.text("client-output-buffer-limit") == "normal 1 1 1 slave 268435456 67108864 60 pubsub 2 2 2")
    }

    @Test(arguments: [
        ("port", "wrong number of arguments"), ("port 1 2", "wrong number of arguments"),
        ("port abc", "argument couldn't be parsed into an integer"),
        ("daemonize maybe", "argument must be 'yes' or 'no'"),
        ("nonsense", "Bad directive or wrong number of arguments"),
        ("include", "Bad directive or wrong number of arguments"),
        ("rename-command get", "Bad directive or wrong number of arguments"),
        ("user", "Bad directive or wrong number of arguments"),
        ("sentinel monitor a", "sentinel directive while not in sentinel mode"),
        ("loadmodule x.so", "Bad directive or wrong number of arguments"),
        ("tls-bird 1", "Bad directive or wrong number of arguments"),
        ("list-max-ziplist-entries 1 2", "Bad directive or wrong number of arguments"),
        ("foo.bar", "Module config specified without value"),
        ("port 'x", "Unbalanced quotes in configuration line"),
        (#"bind "1 'x""#, "Unbalanced quotes in configuration line"),
        (
            "shutdown-on-sigint", "argument(s) must be one of the following: default, save, nosave, now, force"
        ),
    ])
    func refusals(line: String, reason: String) {
        #expect(
            Configuration.refusal("timeout 1\n  \(line) \nport 1") == .init(line: 2, text: line, reason: reason))
    }

    @Test func nothingChangesWhenALineIsBad() {
        var configuration = Configuration()
        #expect(throws: ConfigurationError.self) {
            try ConfigurationFile.load(Array("port 1\nfoo".utf8), into: &configuration) { _ in [] }
        }
        #expect(configuration.port == 6379)
    }

    @Test func reports() {
        let refused = ConfigurationError.refused(
            line: ConfigurationLine(number: 2, text: #"port "abc""#),
            reason: "argument couldn't be parsed into an integer")
        #expect(
            refused.report(version: "7.4.0") == """

                *** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***
                Reading the configuration file, at line 2
                >>> 'port "abc"'
                argument couldn't be parsed into an integer

                """)
        let whole = ConfigurationError.refused(line: nil, reason: "Can't open the log file: Is a directory")
        #expect(
            whole.report(version: "7.4.0") == """

                *** FATAL CONFIG FILE ERROR (Redis 7.4.0) ***
                Can't open the log file: Is a directory

                """)
        let unreadable = ConfigurationError.unreadable(path: "/x", reason: "No such file or directory")
        #expect(
            unreadable.report(version: "7.4.0")
                == "Fatal error, can't open config file '/x': No such file or directory")
    }

    @Test func retiredDirectivesMeanNothing() throws {
        let text = "list-max-ziplist-entries 512\nlist-max-ziplist-value 64\nlua-replicate-commands yes"
        #expect(try Configuration.loading(text).directivesWithoutEffect.isEmpty)
    }

    @Test func renamesKeepTheirOrderAndLines() throws {
        let renames = try Configuration.loading("rename-command FLUSHALL ''\nrename-command get 'a b'").renamedCommands
        #expect(renames.map(\.command) == ["FLUSHALL", "get"])
        #expect(renames.map(\.newName) == ["", "a b"])
        #expect(renames.map(\.line.number) == [1, 2])
        #expect(renames.last?.line.text == "rename-command get 'a b'")
    }

    // MARK: - Includes

    @Test func includedLinesStandInPlace() throws {
        let configuration = try Configuration.loading(
            "port 1\ninclude 'more lines'\ntimeout 3", files: ["more lines": "port 2\ntimeout 2\nsave 1 1"])
        #expect(configuration.port == 2)
        #expect(configuration.timeoutSeconds == 3)
    }

    @Test func saveLinesAddUpAcrossIncludes() throws {
        let configuration = try Configuration.loading("save 9 9\ninclude a", files: ["a": "save 1 1"])
        #expect(configuration.text("save") == "9 9 1 1")
    }

    @Test func refusedLinesAreThoseOfTheIncludedFile() {
        #expect(
            Configuration.refusal("\n\ninclude a", files: ["a": "# first\nport x"])
                == .init(line: 2, text: "port x", reason: "argument couldn't be parsed into an integer"))
    }

    @Test func missingIncludes() {
        #expect(throws: ConfigurationError.unreadable(path: "gone", reason: "No such file or directory")) {
            try Configuration.loading("include gone")
        }
    }

    @Test func includesHaveABottom() {
        #expect(
            Configuration.refusal("include a", files: ["a": "\ninclude a"])
                == .init(line: 2, text: "include a", reason: "Too many levels of include"))
    }

    // MARK: - Whole files

    @Test func configurationOfTheTclSuite() throws {
        let configuration = try Configuration.loading(
            """
            always-show-logo yes
            notify-keyspace-events KEA
            daemonize no
            pidfile /var/run/redis.pid
            port 21111
            timeout 0
            bind 127.0.0.1
            loglevel verbose
            logfile ''
            databases 16
            latency-monitor-threshold 1
            repl-diskless-sync-delay 0
            save 900 1
            rdbcompression yes
            dbfilename dump.rdb
            dir ./tests/tmp/server.1.1
            slave-serve-stale-data yes
            appendonly no
            appendfsync everysec
            no-appendfsync-on-rewrite no
            activerehashing yes
            enable-protected-configs yes
            enable-debug-command yes
            enable-module-command yes
            propagation-error-behavior panic
            unixsocket /tmp/socket
            maxclients 10
            requirepass foobar
            """)
        #expect(configuration.port == 21111 && configuration.bind == ["127.0.0.1"])
        #expect(configuration.alwaysShowLogo && configuration.loglevel == .verbose)
        #expect(configuration.enableDebugCommand == .yes && configuration.maxclients == 10)
        #expect(configuration.requirepass == Array("foobar".utf8))
        #expect(configuration.dir == "./tests/tmp/server.1.1")
        #expect(
            configuration.directivesWithoutEffect == [
                "repl-diskless-sync-delay", "propagation-error-behavior", "enable-module-command",
            ])
    }

    /// Whatever a value holds, it is read or refused. A failure names the seed as its argument.
    @Test(arguments: UInt64(1)...20)
    func noiseIsReadOrRefused(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let pieces = [
            "\"", "'", "\\", "\\x4", " ", "\n", "-", "%", "9", "99999999999999999999", "kb", "\0", "é", "yes",
        ]
        for _ in 0..<200 {
            let name = DirectiveTable.names[random.below(DirectiveTable.names.count)].name
            let value = (0..<random.below(6)).map { _ in pieces[random.below(pieces.count)] }.joined()
            _ = Configuration.refusal("\(name) \(value)")
            var configuration = Configuration()
            _ = try? configuration.set(name, value)
        }
    }
}
