// Where log lines go: standard output, or a file.
//
// The file is opened for each line, as Redis does it, so that a rotation tool may rename or remove it at any time.

import Synchronization

/// A log's destination.
struct LogFile: Sendable, Equatable {
    /// Empty for standard output.
    let path: String

    /// Adds the bytes, line end included, in one write where the system takes them in one. An empty line
    /// shows whether the file can be opened.
    func append(_ line: Span<UInt8>) throws(SystemError) {
        if path.isEmpty { return try FileDescriptor.standardOutput.writeAll(line) }
        do throws(SystemError) {
            try write(line)
        } catch {
            guard error.isOutOfDescriptors, let spare = Self.spare.withLock({ $0.take() }) else { throw error }
            spare.close()
            try write(line)
        }
        Self.spare.withLock { spare in
            // Without one the next lines are written all the same, while there are descriptors.
            if spare == nil { spare = try? FileDescriptor.open("/dev/null", for: .append) }
        }
    }

    private func write(_ line: Span<UInt8>) throws(SystemError) {
        let file = try FileDescriptor.open(path, for: .append)
        defer { file.close() }
        try file.writeAll(line)
    }

    /// Kept by the process so that a log can say that there are no descriptors any more.
    private static let spare = Mutex<FileDescriptor?>(nil)
}
