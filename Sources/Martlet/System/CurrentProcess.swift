// What this process can say of itself, for INFO and the log.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
// mach_task_self_ is a plain C variable, which nobody changes.
@preconcurrency import Darwin
#endif

/// Processor time, split as getrusage splits it.
struct CPUTime: Equatable, Sendable {
    struct Amount: Equatable, Sendable {
        let seconds: Int64
        /// 0 to 999,999.
        let microseconds: Int64

        fileprivate init(_ time: timeval) {
            seconds = Int64(time.tv_sec)
            microseconds = Int64(time.tv_usec)
        }
    }

    let user: Amount
    let system: Amount
}

enum CurrentProcess {
    static var id: Int32 { getpid() }

    /// Memory that is in RAM now, in bytes; nil when the system does not tell.
    static func residentBytes() -> Int? {
        #if os(Linux)
        // Pages: total, resident, shared, ...
        guard let text = try? SmallFile.read("/proc/self/statm", limit: 4096) else { return nil }
        let fields = text.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return nil }
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: pageSize)
        return overflow ? nil : bytes
        #else
        var info = mach_task_basic_info()
        let words = MemoryLayout<mach_task_basic_info>.size / MemoryLayout<natural_t>.size
        var count = mach_msg_type_number_t(words)
        let result = withUnsafeMutablePointer(to: &info) { pointer in
            pointer.withMemoryRebound(to: integer_t.self, capacity: words) {
                task_info(mach_task_self_, task_flavor_t(MACH_TASK_BASIC_INFO), $0, &count)
            }
        }
        return result == KERN_SUCCESS ? Int(clamping: info.resident_size) : nil
        #endif
    }

    /// Whose processor time.
    enum Scope: Sendable {
        case process, children
        /// The calling thread; Linux only.
        case thread
    }

    /// nil where the system keeps no such account.
    static func cpuTime(of scope: Scope) -> CPUTime? {
        var usage = rusage()
        guard let who = who(scope), getrusage(who, &usage) == 0 else { return nil }
        return CPUTime(user: CPUTime.Amount(usage.ru_utime), system: CPUTime.Amount(usage.ru_stime))
    }

    #if canImport(Glibc)
    private static func who(_ scope: Scope) -> __rusage_who_t? {
        switch scope {
        case .process: __rusage_who_t(RUSAGE_SELF.rawValue)
        case .children: __rusage_who_t(RUSAGE_CHILDREN.rawValue)
        // RUSAGE_THREAD, which the header hides without _GNU_SOURCE.
        case .thread: 1
        }
    }
    #else
    private static func who(_ scope: Scope) -> Int32? {
        switch scope {
        case .process: RUSAGE_SELF
        case .children: RUSAGE_CHILDREN
        case .thread: nil
        }
    }
    #endif

    /// The absolute path of the program that runs.
    static func executablePath() throws(SystemError) -> String {
        #if os(Linux)
        var path = [CChar](repeating: 0, count: 4096)
        let length = retryingInterrupts { readlink("/proc/self/exe", &path, path.count) }
        if length < 0 { throw SystemError(errno: Int32(truncatingIfNeeded: -length), operation: "readlink") }
        return String(decoding: path.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
        #else
        var size: UInt32 = 0
        _ = _NSGetExecutablePath(nil, &size)
        let path = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(size)) { buffer -> String? in
            guard let start = buffer.baseAddress, _NSGetExecutablePath(start, &size) == 0 else { return nil }
            return String(cString: start)
        }
        guard let path else { throw SystemError(errno: ENOENT, operation: "_NSGetExecutablePath") }
        return path
        #endif
    }

    static func workingDirectory() throws(SystemError) -> String {
        guard let path = getcwd(nil, 0) else { throw SystemError(errno: errno, operation: "getcwd") }
        defer { free(path) }
        return String(cString: path)
    }

    static func changeDirectory(to path: String) throws(SystemError) {
        _ = try checked("chdir") { chdir(path) }
    }

    fileprivate static var pageSize: Int { max(sysconf(Int32(_SC_PAGESIZE)), 1) }
}

/// What the machine says of itself.
enum Machine {
    /// The RAM that it has, in bytes; 0 when it does not tell.
    static func totalMemory() -> Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES))
        let (bytes, overflow) = pages.multipliedReportingOverflow(by: CurrentProcess.pageSize)
        return overflow || pages < 0 ? 0 : bytes
    }

    /// System, release and processor, such as "Linux 6.1.0 x86_64".
    static func operatingSystem() -> String {
        var names = utsname()
        guard uname(&names) == 0 else { return "unknown" }
        return "\(text(names.sysname)) \(text(names.release)) \(text(names.machine))"
    }

    /// A C array of characters, up to its first 0.
    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

/// Randomness from the system, for seeds and identifiers.
enum Entropy {
    static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in generator.next() }
    }
}
