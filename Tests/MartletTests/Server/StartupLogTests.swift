// What a server process says while it starts, and the limits that it checks.

import Synchronization
import Testing

@testable import Martlet

struct StartupLogTests {
    /// Lines with the mark of their level.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func log(level: LogLevel = .notice) -> Log {
            let destination = LogDestination.custom { [self] level, message in
                lines.withLock { $0.append("\(level == .warning ? "#" : "*") \(message)") }
            }
            return Log(destination, level: level, path: "", clock: Clock(.system))
        }
    }

    @Test("it begins with the versions and where the configuration comes from")
    func beginning() {
        let lines = Lines()
        StartupLog(log: lines.log()).begin(hasConfiguration: true, program: "martlet-server")
        #expect(
            lines.all == [
                "# oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
                "# Redis version=\(ServerVersion.redis), bits=64, commit=00000000, modified=0, "
                    + "pid=\(CurrentProcess.id), just started",
                "# Martlet version=\(ServerVersion.martlet)", "# Configuration loaded",
                "* monotonic clock: POSIX clock_gettime",
            ])
    }

    @Test("without a configuration it says how to give one")
    func noConfiguration() {
        let lines = Lines()
        StartupLog(log: lines.log()).begin(hasConfiguration: false, program: "./martlet-server")
        #expect(
            lines.all[3] == "# Warning: no config file specified, using the default config. In order to specify a "
                + "config file use ./martlet-server /path/to/redis.conf")
    }

    @Test("it ends with what tools wait for")
    func ending() {
        let lines = Lines()
        var configuration = Configuration()
        configuration.logfile = "some.log"
        configuration.unixsocket = "/some/socket"
        let startup = StartupLog(log: lines.log())
        startup.announce(configuration, backlogLimit: 4096)
        startup.announceReady(configuration)
        #expect(
            lines.all == [
                "* Running mode=standalone, port=6379.", "# Server initialized", "* Ready to accept connections",
                "* The server is now ready to accept connections at /some/socket",
            ])
    }

    @Test("a short queue of the system and directives without effect are told")
    func warnings() throws {
        let lines = Lines()
        var configuration = Configuration()
        configuration.logfile = "some.log"
        configuration.port = 0
        try ConfigurationFile.load(
            Array("replica-priority 50\nmasteruser me".utf8), into: &configuration, read: { _ in [] })
        StartupLog(log: lines.log()).announce(configuration, backlogLimit: 128)
        let waiting = configuration.directivesWithoutEffect
        #expect(
            lines.all == [
                "* Running mode=standalone, port=0.",
                "# WARNING: The TCP backlog setting of 511 cannot be enforced because /proc/sys/net/core/somaxconn is "
                    + "set to the lower value of 128.",
                "# Server initialized",
                "# WARNING: These directives have no effect in this version: \(waiting.joined(separator: ", "))",
            ])
        #expect(waiting == ["masteruser", "replica-priority"])
    }

    @Test("enough descriptors are granted without a word")
    func granted() {
        let lines = Lines()
        #expect(ClientLimit.reserve(1, log: lines.log()) == .granted)
        #expect(lines.all.isEmpty)
    }

    @Test("more clients than the system has descriptors for are fewer clients")
    func reduced() {
        let lines = Lines()
        guard case .reduced(let possible) = ClientLimit.reserve(4_000_000_000, log: lines.log()) else {
            Issue.record("no system has so many descriptors")
            return
        }
        #expect(possible > 0 && lines.all.count == 3)
        #expect(
            lines.all[0]
                == "# You requested maxclients of 4000000000 requiring at least 4000000032 max file descriptors.")
        #expect(lines.all[2].contains("maxclients has been reduced to \(possible) to compensate for low ulimit."))
    }
}
