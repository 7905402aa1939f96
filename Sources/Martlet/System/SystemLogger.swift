// The system's log (syslog). Source: POSIX.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The connection to the system's log, of which a process has one.
struct SystemLogger: Sendable {
    enum Priority: Int32 {
        case debug = 7
        case info = 6
        case notice = 5
        case warning = 4
    }

    private let facility: Int32

    /// `facility` is `user` or `local0` to `local7`.
    init(identity: String, facility: String) {
        let number = facility == "user" ? 1 : 16 + (Int32(String(facility.dropFirst(5))) ?? 0)
        // A facility stands above three bits of priority.
        self.facility = number << 3
        // The system keeps the pointer for as long as the process lives.
        openlog(strdup(identity), LOG_PID | LOG_NDELAY | LOG_NOWAIT, self.facility)
    }

    func write(_ priority: Priority, _ message: String) {
        // A message is data, so it is never the format.
        message.withCString { text in
            withVaList([text]) { vsyslog(facility | priority.rawValue, "%s", $0) }
        }
    }
}
