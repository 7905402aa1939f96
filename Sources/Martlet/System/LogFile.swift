// Where log lines go: standard output, or a file.
//
// The file is opened for each line, as Redis does it, so that a rotation tool may rename or remove it at any time.

/// A log's destination.
struct LogFile: Sendable, Equatable {
    /// Empty for standard output.
    let path: String

    /// Adds the bytes, line end included, in one write where the system takes them in one. An empty line
    /// shows whether the file can be opened.
    func append(_ line: Span<UInt8>) throws(SystemError) {
        if path.isEmpty { return try FileDescriptor.standardOutput.writeAll(line) }
        let file = try FileDescriptor.open(path, for: .append)
        defer { file.close() }
        try file.writeAll(line)
    }
}
