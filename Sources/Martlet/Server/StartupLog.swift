// What a server process says while it starts, in the order and the words that tools wait for: start scripts and
// Redis's own test suite look for "PID: ", "Failed listening on port" and "Ready to accept connections".

struct StartupLog {
    let log: Log

    /// `hasConfiguration` tells whether anything but the defaults was asked for.
    func begin(hasConfiguration: Bool, program: String) {
        log.write(.warning, "oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo")
        log.write(
            .warning,
            "Redis version=\(ServerVersion.redis), bits=\(Int.bitWidth), commit=00000000, modified=0, "
                + "pid=\(CurrentProcess.id), just started")
        log.write(.warning, "Martlet version=\(ServerVersion.martlet)")
        if hasConfiguration {
            log.write(.warning, "Configuration loaded")
        } else {
            log.write(
                .warning,
                "Warning: no config file specified, using the default config. In order to specify a config file use "
                    + "\(program) /path/to/redis.conf")
        }
        log.becomeServer()
        log.write(.notice, "monotonic clock: POSIX clock_gettime")
    }

    /// After the listeners have opened.
    func announce(_ configuration: Configuration, backlogLimit: Int?) {
        if configuration.alwaysShowLogo || (configuration.logfile.isEmpty && FileDescriptor.standardOutput.isTerminal) {
            log.writeRaw(logo(port: configuration.port))
        } else {
            log.write(.notice, "Running mode=standalone, port=\(configuration.port).")
        }
        if let backlogLimit, backlogLimit < configuration.tcpBacklog {
            log.write(
                .warning,
                "WARNING: The TCP backlog setting of \(configuration.tcpBacklog) cannot be enforced because "
                    + "/proc/sys/net/core/somaxconn is set to the lower value of \(backlogLimit).")
        }
        log.write(.warning, "Server initialized")
        let idle = configuration.directivesWithoutEffect
        if !idle.isEmpty {
            log.write(.warning, Self.withoutEffect(idle))
        }
    }

    static func withoutEffect(_ directives: [String]) -> String {
        "WARNING: These directives have no effect in this version: \(directives.joined(separator: ", "))"
    }

    /// After the data has been loaded.
    func announceReady(_ configuration: Configuration) {
        if configuration.port > 0, !configuration.bind.isEmpty { log.write(.notice, "Ready to accept connections") }
        if !configuration.unixsocket.isEmpty {
            log.write(.notice, "The server is now ready to accept connections at \(configuration.unixsocket)")
        }
    }

    private func logo(port: Int) -> String {
        """

              \\\\__                              Martlet \(ServerVersion.martlet)
                \\  ``--.._                      Redis \(ServerVersion.redis) compatible, \(Int.bitWidth) bit
                 `-._      ``-.._
                     `-._        `-.            Running in standalone mode
               ___,.--'' `-.        `-,__       Port: \(port)
             <_.--''--.._    .           o>     PID: \(CurrentProcess.id)
                         `-.  `'--..__.-'
                            `-.  \\
                               \\  \\            the bird that never lands
                                \\  |
                                 \\_|


        """
    }
}

extension StartupLog {
    /// How long the system lets a queue of waiting connections get, where it tells.
    static func systemBacklogLimit() -> Int? {
        guard let text = try? SmallFile.read("/proc/sys/net/core/somaxconn", limit: 64) else { return nil }
        return Int(String(decoding: text.prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
    }
}
