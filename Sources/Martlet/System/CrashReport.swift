// A last word when the process is killed by its own fault: the signal and the stack go to the log, then the signal
// takes its course. What runs in the handler is safe there: calls that signal-safety(7) lists, and backtrace(3), which
// has been called once before so that nothing is left to load.

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

enum CrashReport {
    private static let signals = [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT]
    private static let mostFrames = 100

    /// Where to write; nil for standard output. Written before the handlers are in place and by one thread only.
    nonisolated(unsafe) private static var path: UnsafeMutablePointer<CChar>?
    nonisolated(unsafe) private static var frames: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    /// Used by the one that writes `path`.
    nonisolated(unsafe) private static var isEnabled = false

    /// `logPath` is empty for standard output.
    static func enable(logPath: String) {
        // The old one stays allocated: a handler may be at work with it.
        path = logPath.isEmpty ? nil : strdup(logPath)
        if frames == nil {
            let room = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: mostFrames)
            frames = room
            #if !canImport(Musl)
            _ = backtrace(room, 1)
            #endif
        }
        for number in signals {
            install(number) { number in
                CrashReport.report(number)
                raise(number)
            }
        }
        isEnabled = true
    }

    static func disable() {
        for number in signals { signal(number, SIG_DFL) }
        isEnabled = false
    }

    /// Ends the process as a fault would: for DEBUG SEGFAULT. With `exits` the report is all that there is of it.
    static func provoke(_ number: Int32, exits: Bool = false) {
        if exits {
            if isEnabled { report(number) }
            _exit(1)
        }
        // Dispatch keeps most signals away from its threads.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, number)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(number)
    }

    private static func install(_ number: Int32, _ handler: @escaping @convention(c) (Int32) -> Void) {
        var action = sigaction()
        #if canImport(Glibc)
        action.__sigaction_handler.sa_handler = handler
        #elseif canImport(Musl)
        action.__sa_handler.sa_handler = handler
        #else
        action.__sigaction_u.__sa_handler = handler
        #endif
        // The second time the signal does what it always did. The flags are bits, whatever type they come in.
        action.sa_flags = Int32(truncatingIfNeeded: SA_RESETHAND) | Int32(truncatingIfNeeded: SA_NODEFER)
        sigaction(number, &action, nil)
    }

    private static func report(_ number: Int32) {
        let descriptor = path.map { open($0, O_WRONLY | O_CREAT | O_APPEND, 0o644) } ?? STDOUT_FILENO
        write("\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n", to: descriptor)
        write("crashed by signal: ", to: descriptor)
        write(number, to: descriptor)
        write("\n\n------ STACK TRACE ------\n", to: descriptor)
        #if !canImport(Musl)
        if let frames { backtrace_symbols_fd(frames, backtrace(frames, Int32(mostFrames)), descriptor) }
        #endif
        write("\n=== REDIS BUG REPORT END ===\n", to: descriptor)
    }

    private static func write(_ text: StaticString, to descriptor: Int32) {
        withExtendedLifetime(text) {
            #if canImport(Glibc)
            _ = Glibc.write(descriptor, text.utf8Start, text.utf8CodeUnitCount)
            #elseif canImport(Musl)
            _ = Musl.write(descriptor, text.utf8Start, text.utf8CodeUnitCount)
            #else
            _ = Darwin.write(descriptor, text.utf8Start, text.utf8CodeUnitCount)
            #endif
        }
    }

    /// Without memory of its own, which may be what is broken.
    private static func write(_ number: Int32, to descriptor: Int32) {
        if number >= 10 { write(number / 10, to: descriptor) }
        switch number % 10 {
        case 0: write("0", to: descriptor)
        case 1: write("1", to: descriptor)
        case 2: write("2", to: descriptor)
        case 3: write("3", to: descriptor)
        case 4: write("4", to: descriptor)
        case 5: write("5", to: descriptor)
        case 6: write("6", to: descriptor)
        case 7: write("7", to: descriptor)
        case 8: write("8", to: descriptor)
        default: write("9", to: descriptor)
        }
    }
}
