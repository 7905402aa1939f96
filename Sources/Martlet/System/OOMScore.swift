// Which process Linux kills first when memory runs out: /proc/self/oom_score_adj (proc(5)), -1000 for never to 1000.

enum OOMScore {
    private static let path = "/proc/self/oom_score_adj"

    /// Nil where there is no such thing.
    static var current: Int? {
        guard let bytes = try? SmallFile.read(path, limit: 64) else { return nil }
        return Int(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    static func set(_ score: Int) throws(SystemError) {
        try SmallFile.write(Array("\(min(max(score, -1000), 1000))".utf8).span, to: path)
    }
}
