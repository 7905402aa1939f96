// Names of files: by pattern, as `include` in a configuration file takes them, and brought into absolute form.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

enum FileNames {
    /// Paths that match a pattern of the shell (* ? [), sorted; none when nothing matches.
    static func matching(_ pattern: String) -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
        return (0..<Int(found.gl_pathc)).compactMap { index in paths[index].map { String(cString: $0) } }
    }

    /// The absolute path of what exists at `path`, with all links followed.
    static func resolved(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw SystemError(errno: errno, operation: "realpath") }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension FileDescriptor {
    /// Whether somebody may be looking at it.
    var isTerminal: Bool { isatty(rawValue) == 1 }
}
