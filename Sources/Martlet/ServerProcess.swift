// A server that is a process of its own: from the command line to a running server. The executable adds what belongs to
// the process alone, its signals and its exit status. Steps in their order:
//
//   read the configuration -> go into the background -> enter `dir`, try `logfile` -> start -> say so in the log

/// A server process that has read its configuration and has not started yet.
package struct ServerProcess: Sendable {
    private var configuration: Configuration
    private let configurationFile: String
    private let isFake: Bool
    private let hasConfiguration: Bool
    /// What standard input held, for the standard input of a second start.
    private let standardInput: [UInt8]
    private let commandLine: [String]
    private var host: HostProcess?

    private static let fileLimit = 64 << 20
    private static let defaultPidFile = "/var/run/redis.pid"

    /// Reads the configuration that the arguments name. `commandLine` holds the program's name, too.
    package init(_ arguments: ServerArguments, commandLine: [String]) throws(ConfigurationError) {
        self.commandLine = commandLine
        hasConfiguration = commandLine.count > 1
        isFake = arguments.isFake
        configurationFile = arguments.configurationFile.map(Self.absolutePath) ?? ""
        var input: [UInt8] = []
        if arguments.readsStandardInput {
            input = (try? FileDescriptor.standardInput.readAll(limit: Self.fileLimit)) ?? []
        }
        standardInput = input
        configuration = try arguments.configuration(read: Self.read, readStandardInput: { input })
        let renamed = try CommandRenaming.names(after: configuration.renamedCommands, of: CommandTable.families)
        _ = try DeclaredUsers(configuration, CommandIndex(CommandTable.families, renamed: renamed))
    }

    /// Whether the program is to leave the terminal. A supervisor wants the process that it has started.
    package var wantsBackground: Bool { configuration.daemonize && Supervisor.wanted(configuration.supervised) == nil }

    /// Whether this process is the one that `startInBackground` started. To be asked once, before anything else.
    package static func isInBackground() -> Bool { Daemon.takeMark() }

    /// Starts the program anew, detached from the terminal, once it is known that it can work where it is told to.
    package func startInBackground() throws(StartError) {
        do throws(SystemError) {
            try Daemon.respawn(arguments: commandLine, input: standardInput)
        } catch {
            throw .system("Can't go into the background: \(error)")
        }
    }

    /// Refuses a directory or a log file that the second process could only complain about to nobody.
    package func checkPlaces() throws(ConfigurationError) {
        let home = try? CurrentProcess.workingDirectory()
        var trial = self
        defer { if let home { try? CurrentProcess.changeDirectory(to: home) } }
        try trial.enterDirectory()
    }

    // MARK: Start

    /// Looks at the process itself, and makes it what its threads inherit; to be done before there are other threads.
    package mutating func adoptProcess() {
        host = HostProcess(
            program: commandLine.first ?? "martlet-server", configurationFile: configurationFile, configuration)
    }

    /// Changes to `dir`, and sees that the log file can be written.
    package mutating func enterDirectory() throws(ConfigurationError) {
        do throws(SystemError) {
            try CurrentProcess.changeDirectory(to: configuration.dir)
        } catch {
            throw .refused(line: nil, reason: "Can't chdir to '\(configuration.dir)': \(error.message)")
        }
        configuration.dir = (try? CurrentProcess.workingDirectory()) ?? configuration.dir
        do throws(SystemError) {
            if !configuration.logfile.isEmpty { try LogFile(path: configuration.logfile).append([UInt8]().span) }
        } catch {
            throw .refused(line: nil, reason: "Can't open the log file: \(error.message)")
        }
    }

    /// Starts the server as the configuration says. What goes wrong has been logged when this throws.
    package mutating func start(stoppedBy stopSwitch: StopSwitch) throws(StartError) -> MartletServer {
        let log = Log(.configured, configuration, clock: Clock(.system))
        let startup = StartupLog(log: log)
        startup.begin(hasConfiguration: hasConfiguration, program: commandLine.first ?? "martlet-server")
        for complaint in host?.complaints ?? [] { log.write(.warning, complaint) }
        switch ClientLimit.reserve(configuration.maxclients, log: log) {
        case .granted: break
        case .reduced(let clients): configuration.maxclients = clients
        case .tooLow(let limit, let wanted):
            let text =
                "Your current 'ulimit -n' of \(limit) is not enough for the server to start. Please increase your open "
                + "file limit to at least \(wanted). Exiting."
            log.write(.warning, text)
            throw .system(text)
        }
        if configuration.daemonize, configuration.pidfile.isEmpty { configuration.pidfile = Self.defaultPidFile }
        if let line = Supervisor.report(configuration.supervised) { log.write(.warning, line) }
        let server = try makeServer(log, startup, stopSwitch)
        startup.announceReady(configuration)
        host?.ready()
        return server
    }

    private func makeServer(
        _ log: Log, _ startup: StartupLog, _ stopSwitch: StopSwitch
    ) throws(StartError) -> MartletServer {
        var options = StartOptions()
        options.listening = .configured
        options.configuration = configuration
        options.log = .configured
        options.isDaemon = true
        if isFake {
            options.fake = FakeControl(offersCommand: true)
            log.write(.notice, "This is a fake for tests: nothing is written to disk, and the command FAKE steers it.")
        }
        options.configurationFile = configurationFile
        options.host = host
        options.stopSwitch = stopSwitch
        options.whenListening = { [configuration, host] in
            startup.announce(configuration, backlogLimit: StartupLog.systemBacklogLimit())
            if !configuration.pidfile.isEmpty {
                // A missing file is for the operator's tools to notice; it is no reason not to serve.
                try? SmallFile.writeProcessID(CurrentProcess.id, to: configuration.pidfile)
            }
            if let reason = host?.follow(configuration) { log.write(.warning, reason) }
        }
        do throws(StartError) {
            return try MartletServer(options)
        } catch {
            // Why it cannot listen is in the log already.
            switch error {
            case .system(let text), .configuration(let text): log.write(.warning, text)
            case .listening, .stopped: break
            }
            throw error
        }
    }

    // MARK: Files

    private static func absolutePath(_ path: String) -> String {
        guard !path.hasPrefix("/"), let directory = try? CurrentProcess.workingDirectory() else { return path }
        return "\(directory)/\(path)"
    }

    /// A configuration file, or all files that a pattern matches.
    private static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        let isPattern = path.utf8.contains { "*?[".utf8.contains($0) }
        var text: [UInt8] = []
        for path in isPattern ? FileNames.matching(path) : [path] {
            do throws(SystemError) {
                text += try SmallFile.read(path, limit: fileLimit) + [UInt8(ascii: "\n")]
            } catch {
                throw .unreadable(path: path, reason: error.message)
            }
        }
        return text
    }

    /// Tells why the start is refused: on standard error, or in the log when a file could not be read.
    package static func report(_ error: ConfigurationError) {
        let text = error.report(version: ServerVersion.redis)
        switch error {
        case .refused:
            writeError(text)
        case .unreadable:
            Log(.configured, level: .notice, path: "", clock: Clock(.system)).write(.warning, text)
        }
    }

    /// Writes to standard error, if there is one.
    package static func writeError(_ text: String) {
        try? FileDescriptor(rawValue: 2).writeAll(Array(text.utf8).span)
    }
}
