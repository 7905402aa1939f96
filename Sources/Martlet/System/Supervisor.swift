// Telling a supervisor that the process is ready. Sources: sd_notify(3), and Upstart's `expect stop`.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
#if os(Linux)
import CMartletSystem
#endif

enum Supervisor: String, Sendable {
    case systemd, upstart

    /// Who supervises this process, as its environment says; nil for nobody.
    static func detected() -> Supervisor? {
        if getenv("UPSTART_JOB") != nil { return .upstart }
        return getenv("NOTIFY_SOCKET") != nil ? .systemd : nil
    }

    /// Nil when it is not there after all.
    init?(_ name: String) {
        guard let supervisor = Supervisor(rawValue: name), Supervisor.detected() == supervisor else { return nil }
        self = supervisor
    }

    /// The server can be used.
    func ready() {
        switch self {
        case .systemd: Self.notify("STATUS=Ready to accept connections\nREADY=1\n")
        case .upstart:
            unsetenv("UPSTART_JOB")
            // Upstart waits for the stop and lets the process go on.
            raise(SIGSTOP)
        }
    }

    func stopping() {
        if self == .systemd { Self.notify("STATUS=Saving data and stopping\nSTOPPING=1\n") }
    }

    /// One datagram to the socket that systemd has named; nobody there is no reason not to serve.
    private static func notify(_ text: String) {
        guard let path = getenv("NOTIFY_SOCKET").map({ String(cString: $0) }) else { return }
        try? send(Array(text.utf8), to: path)
    }

    /// A leading @ stands for Linux's names that are in no directory.
    private static func send(_ bytes: [UInt8], to path: String) throws(SystemError) {
        let isAbstract = path.hasPrefix("@")
        let name = isAbstract ? "\0" + path.dropFirst() : path
        let made = FileDescriptor(rawValue: try checked("socket") { socket(AF_UNIX, Platform.datagramSocket, 0) })
        defer { made.close() }
        try made.setCloseOnExec()
        try SocketAddress.withUnixAddress(name) { address, length throws(SystemError) in
            // Such a name ends where the address ends.
            let unused = isAbstract ? socklen_t(SocketAddress.unixPathRoom - name.utf8.count) : 0
            _ = try checked("sendto") {
                // A few dozen bytes.
                Int32(sendto(made.rawValue, bytes, bytes.count, Platform.sendFlags, address, length - unused))
            }
        }
    }
}
