// The latest commands that took long. Source: Redis's SLOWLOG.

final class SlowLog {
    struct Entry {
        /// From 0 on, also across resets.
        let id: Int64
        /// When the command ended, in seconds since 1970.
        let time: Int64
        let microseconds: Int64
        /// What of the command is kept, see SlowWords.
        let words: [[UInt8]]
        let address: String
        let clientName: String
    }

    /// Microseconds from which on a command is kept; negative: none is.
    var threshold: Int {
        didSet { measure() }
    }
    /// How many are kept.
    var maximumCount: Int {
        didSet {
            measure()
            drop()
        }
    }
    /// What took no longer than this, in nanoseconds, is not kept.
    private var longestUnnoticed = Int64.max
    /// Oldest first, from `head` on; what was dropped is nil until its place is given back.
    private var places: [Entry?] = []
    private var head = 0
    private var nextID: Int64 = 0
    /// What the entries take.
    private(set) var memoryBytes = 0

    init(threshold: Int, maximumCount: Int) {
        self.threshold = threshold
        self.maximumCount = maximumCount
        measure()
    }

    private func measure() {
        let (nanoseconds, overflow) = Int64(threshold).multipliedReportingOverflow(by: 1000)
        longestUnnoticed = isOn && maximumCount > 0 && !overflow ? nanoseconds - 1 : .max
    }

    var isOn: Bool { threshold >= 0 }
    var count: Int { places.count - head }

    /// The latest ones, the latest first.
    func latest(_ wanted: Int) -> [Entry] { places[head...].suffix(max(wanted, 0)).reversed().compactMap { $0 } }

    /// Whether a command that took so long is kept.
    func wants(nanoseconds: Int64) -> Bool { nanoseconds > longestUnnoticed }

    /// `words` are what is kept of the command.
    func add(words: [[UInt8]], nanoseconds: Int64, time: Int64, address: String, clientName: String) {
        let entry = Entry(
            id: nextID, time: time, microseconds: nanoseconds / 1000, words: words, address: address,
            clientName: clientName)
        places.append(entry)
        memoryBytes += Self.memoryBytes(of: entry)
        nextID += 1
        drop()
    }

    func reset() {
        places = []
        head = 0
        memoryBytes = 0
    }

    private func drop() {
        while count > max(0, maximumCount) {
            if let entry = places[head].take() { memoryBytes -= Self.memoryBytes(of: entry) }
            head += 1
        }
        guard head > places.count / 2 else { return }
        places.removeFirst(head)
        head = 0
    }

    /// The entry with its texts, and each word with the head of its array.
    private static func memoryBytes(of entry: Entry) -> Int {
        let texts = entry.address.utf8.count + entry.clientName.utf8.count
        return entry.words.reduce(MemoryLayout<Entry>.stride + 64 + texts) { $0 + $1.count + 48 }
    }
}
