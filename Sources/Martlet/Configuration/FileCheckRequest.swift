// The command line of a check of data files.

/// Which file is to be looked at, and what may be done to it.
package struct FileCheckRequest: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case snapshot
        case appendOnlyFile
        /// What is broken off at the end is to be cut off.
        case fixAppendOnlyFile
        /// What was done later is to be cut off; in seconds since 1970.
        case truncateAppendOnlyFile(timestamp: Int64)
    }

    package let kind: Kind
    package let path: String

    /// Nil when the words are none of the forms.
    init?(_ words: [String]) {
        switch (words.first, words.count) {
        case ("--check-rdb", 2): kind = .snapshot
        case ("--check-aof", 2): kind = .appendOnlyFile
        case ("--check-aof", 3) where words[1] == "--fix": kind = .fixAppendOnlyFile
        case ("--check-aof", 4) where words[1] == "--truncate-to-timestamp":
            guard let timestamp = Int64(words[2]), timestamp > 0 else { return nil }
            kind = .truncateAppendOnlyFile(timestamp: timestamp)
        default: return nil
        }
        path = words[words.count - 1]
        if path.hasPrefix("--") { return nil }
    }
}
