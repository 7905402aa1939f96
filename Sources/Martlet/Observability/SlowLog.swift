// The latest commands that took long. Source: Redis's SLOWLOG.

final class SlowLog {
    struct Entry {
        /// From 0 on, also across resets.
        let id: Int64
        /// When the command ended, in seconds since 1970.
        let time: Int64
        let microseconds: Int64
        /// What of the command is kept, see `SlowLog.shortened`.
        let words: [[UInt8]]
        let address: String
        let clientName: String
    }

    /// Microseconds from which on a command is kept; negative: none is.
    var threshold: Int
    /// How many are kept.
    var maximumCount: Int {
        didSet { drop() }
    }
    /// Oldest first.
    private(set) var entries: [Entry] = []
    private var nextID: Int64 = 0

    private static let mostWords = 32
    private static let mostBytes = 128

    init(threshold: Int, maximumCount: Int) {
        self.threshold = threshold
        self.maximumCount = maximumCount
    }

    var isOn: Bool { threshold >= 0 }

    /// Whether a command that took so long is kept.
    func wants(nanoseconds: Int64) -> Bool { isOn && nanoseconds / 1000 >= threshold }

    func add(words: [[UInt8]], nanoseconds: Int64, time: Int64, address: String, clientName: String) {
        entries.append(
            Entry(
                id: nextID, time: time, microseconds: nanoseconds / 1000, words: Self.shortened(words),
                address: address, clientName: clientName))
        nextID += 1
        drop()
    }

    func reset() { entries = [] }

    private func drop() { entries.removeFirst(max(0, entries.count - max(0, maximumCount))) }

    /// The first words, and of each the first bytes; what was left out is counted.
    static func shortened(_ words: [[UInt8]]) -> [[UInt8]] {
        var kept: [[UInt8]] = words.prefix(words.count > mostWords ? mostWords - 1 : mostWords).map { word in
            guard word.count > mostBytes else { return word }
            return Array(word.prefix(mostBytes)) + Array("... (\(word.count - mostBytes) more bytes)".utf8)
        }
        if words.count > mostWords {
            kept.append(Array("... (\(words.count - mostWords + 1) more arguments)".utf8))
        }
        return kept
    }
}
