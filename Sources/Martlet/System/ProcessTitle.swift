// The title that process lists show. Linux shows the memory that the command line was handed over in, and from there on
// into the environment behind it if that memory ends without a zero; so the title is written there, after the
// environment has been moved elsewhere.
//
//   arg_start                  arg_end = env_start            env_end
//   +--------------------------+------------------------------+
//   | words, zeros between     | variables, zeros between     |
//   +--------------------------+------------------------------+

#if os(Linux)
#if canImport(Glibc)
// `environ` is a plain C variable; it is changed before others look at it, and its old strings stay as copies.
@preconcurrency import Glibc
#elseif canImport(Musl)
@preconcurrency import Musl
#endif

/// The memory of the command line. Guard for `@unchecked Sendable`: written by the engine's queue only.
final class ProcessTitle: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Nil where the system does not tell where the command line lies. To be made before there are other threads, for
    /// it moves the environment.
    init?() {
        guard let range = Self.commandLine() else { return nil }
        // The kernel's own account of where it has put the words and the variables of this process.
        guard let start = UnsafeMutableRawPointer(bitPattern: range.lowerBound) else { return nil }
        memory = UnsafeMutableRawBufferPointer(start: start, count: range.count)
        Self.moveEnvironment()
    }

    func set(_ title: String) {
        guard !memory.isEmpty else { return }
        for index in memory.indices { memory[index] = 0 }
        for (index, byte) in title.utf8.prefix(memory.count - 1).enumerated() { memory[index] = byte }
    }

    /// Fields 48 to 51 of /proc/self/stat (proc(5)), counted behind the name, which may hold anything.
    private static func commandLine() -> Range<UInt>? {
        guard let bytes = try? SmallFile.read("/proc/self/stat", limit: 4096),
            let nameEnd = bytes.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let fields = String(decoding: bytes[(nameEnd + 1)...], as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard fields.count >= 49, let start = UInt(fields[45]), let end = UInt(fields[46]),
            let variablesStart = UInt(fields[47]), let variablesEnd = UInt(fields[48]), start > 0, start < end
        else { return nil }
        return start..<(variablesStart == end && variablesEnd > end ? variablesEnd : end)
    }

    private static func moveEnvironment() {
        var place: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let variable = place.pointee {
            place.pointee = strdup(variable)
            place += 1
        }
    }
}
#else
/// Elsewhere the title stays what it is.
final class ProcessTitle: Sendable {
    init?() { nil }
    func set(_ title: String) {}
}
#endif
