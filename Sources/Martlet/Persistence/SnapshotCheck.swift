// Looking at a snapshot without a server, in the manner and with the words of redis-check-rdb.

struct SnapshotCheck {
    let fileSystem: any FileSystem
    let print: (String) -> Void

    /// Keys held before they are let go again: only whether they can be read matters.
    private static let mostKeys = 10_000

    /// Whether the file is as it should be. `name` is what it is called in the report.
    func run(_ path: String, name: String? = nil) -> Bool {
        print("[offset 0] Checking RDB file \(name ?? path)")
        do throws(SystemError) {
            guard let file = try fileSystem.open(path) else {
                print("Cannot open file \(path): No such file or directory")
                return false
            }
            defer { file.close() }
            if case .some = read(file) { return true }
            return false
        } catch {
            print("Cannot open file \(path): \(error.message)")
            return false
        }
    }

    /// What has been read of a file and lies behind its snapshot, and where that begins.
    struct Tail: ~Copyable {
        private let bytes: ByteBuffer
        let offset: Int

        init(bytes: consuming ByteBuffer, offset: Int) {
            self.bytes = bytes
            self.offset = offset
        }

        consuming func takeBytes() -> ByteBuffer { bytes }
    }

    /// Reads a snapshot; nil when it is broken.
    func read(_ file: any StoredFile) -> Tail? {
        var reader = RDBFileReader(file, checksChecksum: true, replacing: true)
        var keyspace = Keyspace(
            databaseCount: Int(Int16.max), seed: HashSeed(0, 0), random: SeededRandom(seed: 0),
            now: SystemTime.wallMicroseconds() / 1000)
        do throws(RDBFileError) {
            try reader.readHeader()
            var facts = 0
            while try reader.loadItem(into: &keyspace) {
                while facts < reader.summary.facts.count {
                    let (name, value) = reader.summary.facts[facts]
                    print("[offset \(reader.offset)] AUX FIELD \(name) = '\(value)'")
                    facts += 1
                }
                if reader.summary.keys.isMultiple(of: Self.mostKeys) { _ = keyspace.flushAll(lazily: false) }
            }
        } catch {
            print("--- RDB ERROR DETECTED ---")
            print("[offset \(reader.offset)] \(error.text)")
            report(reader.summary)
            return nil
        }
        print("[offset \(reader.offset)] Checksum OK")
        print("[offset \(reader.offset)] \\o/ RDB looks OK! \\o/")
        report(reader.summary)
        return Tail(bytes: reader.takeRest(), offset: reader.offset)
    }

    private func report(_ summary: RDBSummary) {
        print("[info] \(summary.keys) keys read")
        print("[info] \(summary.volatileKeys) expires")
        print("[info] \(summary.expiredKeys) already expired")
    }
}
