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

    /// The one that a value of `supervised` means; nil when it is not there after all.
    static func wanted(_ mode: String) -> Supervisor? {
        let present = detected()
        return mode == "auto" || mode == present?.rawValue ? present : nil
    }

    /// What the log says of a value of `supervised`; nil for nothing.
    static func report(_ mode: String) -> String? {
        switch (mode, wanted(mode)) {
        case (_, .systemd?):
            "Supervised by systemd. Please make sure you set appropriate values for TimeoutStartSec and TimeoutStopSec "
                + "in your service unit."
        case (_, .upstart?): "Supervised by upstart, will stop to signal readiness."
        case ("systemd", nil): "systemd supervision error: NOTIFY_SOCKET not found!"
        case ("upstart", nil): "upstart supervision requested, but UPSTART_JOB not found!"
        default: nil
        }
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
