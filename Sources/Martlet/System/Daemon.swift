// Going into the background without fork, which a process with threads cannot survive: the program starts itself
// anew, detached, and the first process ends.
//
// Done at the very start of main. A mark in the environment tells the second process that it is the second.

#if canImport(Glibc)
// `environ` is a plain C variable; here it is read before there is a second thread.
@preconcurrency import Glibc
#elseif canImport(Musl)
@preconcurrency import Musl
#else
import Darwin
#endif
#if os(Linux)
import CMartletSystem
#endif

enum Daemon {
    private static let mark = "MARTLET_DAEMON"

    /// Whether this process was started by `respawn`. Takes the mark away, so that a second question, or a program
    /// that this one starts, is told no.
    static func takeMark() -> Bool {
        guard getenv(mark) != nil else { return false }
        unsetenv(mark)
        return true
    }

    /// Starts this program again with `arguments` (the first is its name) in a session of its own, with `input` to
    /// read, and standard output and error at /dev/null.
    static func respawn(arguments: [String], input: [UInt8]) throws(SystemError) {
        guard !input.isEmpty else {
            _ = try spawn(CurrentProcess.executablePath(), arguments: arguments)
            return
        }
        // Not by the command line, which everybody on this machine can read.
        var ends: [Int32] = [0, 0]
        _ = try checked("pipe") { pipe(&ends) }
        let (reading, writing) = (FileDescriptor(rawValue: ends[0]), FileDescriptor(rawValue: ends[1]))
        defer { writing.close() }
        do throws(SystemError) {
            try writing.setCloseOnExec()
            _ = try spawn(CurrentProcess.executablePath(), arguments: arguments, input: reading)
            reading.close()
        } catch {
            reading.close()
            throw error
        }
        // A process that has ended meanwhile reads nothing, which is no reason to end, too.
        signal(SIGPIPE, SIG_IGN)
        try writing.writeAll(input.span)
    }

    /// As `respawn`, with any program; its id. Without `input` there is nothing to read.
    static func spawn(_ path: String, arguments: [String], input: FileDescriptor? = nil) throws(SystemError) -> Int32 {
        #if canImport(Darwin)
        var actions: posix_spawn_file_actions_t?
        var attributes: posix_spawnattr_t?
        #else
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        #endif
        try succeeding("posix_spawn_file_actions_init", posix_spawn_file_actions_init(&actions))
        defer { posix_spawn_file_actions_destroy(&actions) }
        try succeeding("posix_spawnattr_init", posix_spawnattr_init(&attributes))
        defer { posix_spawnattr_destroy(&attributes) }
        if let input {
            try succeeding(
                "posix_spawn_file_actions_adddup2",
                posix_spawn_file_actions_adddup2(&actions, input.rawValue, STDIN_FILENO))
            try succeeding(
                "posix_spawn_file_actions_addclose", posix_spawn_file_actions_addclose(&actions, input.rawValue))
        }
        for descriptor in STDIN_FILENO...STDERR_FILENO where input == nil || descriptor != STDIN_FILENO {
            try succeeding(
                "posix_spawn_file_actions_addopen",
                posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0))
        }
        try succeeding(
            "posix_spawnattr_setflags", posix_spawnattr_setflags(&attributes, Int16(Platform.spawnInNewSession)))
        var id: pid_t = 0
        let code = withCStrings(arguments) { arguments in
            withCStrings(environment() + ["\(mark)=1"]) { environment in
                posix_spawn(&id, path, &actions, &attributes, arguments, environment)
            }
        }
        try succeeding("posix_spawn", code)
        return id
    }

    private static func environment() -> [String] {
        #if canImport(Darwin)
        guard var next = _NSGetEnviron().pointee else { return [] }
        #else
        var next = environ
        #endif
        var entries: [String] = []
        while let entry = next.pointee {
            entries.append(String(cString: entry))
            next += 1
        }
        return entries
    }

    /// These calls return their error instead of setting errno.
    private static func succeeding(_ operation: StaticString, _ code: Int32) throws(SystemError) {
        if code != 0 { throw SystemError(errno: code, operation: operation) }
    }

    /// Calls `body` with the strings as C wants them: pointers, the last one nil.
    private static func withCStrings(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) -> Int32 {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return body(&pointers)
    }
}
