// The log, in Redis's line form:
//
//   PID:ROLE DD Mon YYYY HH:MM:SS.mmm LEVEL message        role M (the server) or C (before it is one)
//
// Level characters: `.` debug, `-` verbose, `*` notice, `#` warning.

import Synchronization

/// Where log lines go.
public enum LogDestination: Sendable {
    /// Nowhere: what an embedded server does unless asked otherwise.
    case nowhere
    /// The `logfile` directive's file, or standard output when it is empty.
    case configured
    /// A program's own log: level and message, without the time and process id. Called on the server's queue, and for
    /// what the watchdog tells on another one: return soon, and do not call the server.
    case custom(@Sendable (LogLevel, String) -> Void)
}

final class Log: Sendable {
    private struct State {
        var level: LogLevel
        var file: LogFile
        var role: Character = "C"
    }

    private let state: Mutex<State>
    private let destination: LogDestination
    private let clock: Clock
    /// Nil unless the lines go there, too.
    private let system: SystemLogger?

    init(_ destination: LogDestination, _ configuration: Configuration, clock: Clock) {
        self.destination = destination
        self.clock = clock
        state = Mutex(State(level: configuration.loglevel, file: LogFile(path: configuration.logfile)))
        guard case .configured = destination, configuration.syslogEnabled else {
            system = nil
            return
        }
        system = SystemLogger(identity: configuration.syslogIdent, facility: configuration.syslogFacility)
    }

    init(_ destination: LogDestination, level: LogLevel, path: String, clock: Clock) {
        self.destination = destination
        self.clock = clock
        system = nil
        state = Mutex(State(level: level, file: LogFile(path: path)))
    }

    /// From here on lines are the server's.
    func becomeServer() { state.withLock { $0.role = "M" } }

    func configure(level: LogLevel, path: String) {
        state.withLock {
            $0.level = level
            $0.file = LogFile(path: path)
        }
    }

    func isEnabled(_ level: LogLevel) -> Bool { state.withLock { level >= $0.level } }

    func write(_ level: LogLevel, _ message: @autoclosure () -> String) {
        guard isEnabled(level) else { return }
        switch destination {
        case .nowhere: return
        case .custom(let receive): receive(level, message())
        case .configured:
            let message = message()
            append(line(level, message))
            system?.write(level.priority, message)
        }
    }

    /// Text without a line head, such as the logo.
    func writeRaw(_ text: String) {
        guard case .configured = destination else { return }
        append(text)
    }

    private func append(_ text: String) {
        let file = state.withLock { $0.file }
        // A log that cannot be written is no reason to stop serving.
        try? file.append(Array(text.utf8).span)
    }

    private func line(_ level: LogLevel, _ message: String) -> String {
        let role = state.withLock { $0.role }
        let time = LocalTime(wallMicroseconds: clock.wallMicroseconds())
        return "\(CurrentProcess.id):\(role) \(time.logText) \(level.mark) \(message)\n"
    }
}

extension LogLevel {
    fileprivate var priority: SystemLogger.Priority {
        switch self {
        case .debug: .debug
        case .verbose: .info
        case .notice: .notice
        case .warning: .warning
        }
    }

    fileprivate var mark: Character {
        switch self {
        case .debug: "."
        case .verbose: "-"
        case .notice: "*"
        case .warning: "#"
        }
    }
}
