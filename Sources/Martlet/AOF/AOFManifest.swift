// The manifest of the append only file: which files there are, and in which order they make up the data.
//
//   file appendonly.aof.2.base.rdb seq 2 type b      the data as it was once; at most one
//   file appendonly.aof.1.incr.aof seq 1 type h      history: contained in the base, to be removed
//   file appendonly.aof.2.incr.aof seq 2 type i      what was done since, in the order of the numbers
//
// Source: Redis 7.0's multi part append only file. Other pairs of words may stand in a line; lines with # are comments.

/// A manifest that is not as it should be.
struct AOFManifestError: Error, Equatable {
    let reason: String
    /// Counted from 1; nil when it is about no line.
    var line: Int?
    var text = ""
}

struct AOFManifest: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        let name: String
        let sequence: Int
    }

    var base: Entry?
    var history: [Entry] = []
    var increments: [Entry] = []
    /// The latest numbers that were given.
    private(set) var baseSequence = 0
    private(set) var incrementSequence = 0

    private static let longestLine = 1024

    init() {}

    var isEmpty: Bool { base == nil && increments.isEmpty }
    /// What makes up the data, in its order.
    var files: [Entry] { (base.map { [$0] } ?? []) + increments }

    // MARK: Changes

    /// A new base of this name and kind; what was the base and the increments, but for the last `kept`, is history.
    mutating func replaceBase(of prefix: String, isSnapshot: Bool, keepingLast kept: Int) -> Entry {
        if let base { history.insert(base, at: 0) }
        for entry in increments.dropLast(kept).reversed() { history.insert(entry, at: 0) }
        increments = Array(increments.suffix(kept))
        baseSequence += 1
        let entry = Entry(
            name: "\(prefix).\(baseSequence).base.\(isSnapshot ? "rdb" : "aof")", sequence: baseSequence)
        base = entry
        return entry
    }

    mutating func addIncrement(of prefix: String) -> Entry {
        incrementSequence += 1
        let entry = Entry(name: "\(prefix).\(incrementSequence).incr.aof", sequence: incrementSequence)
        increments.append(entry)
        return entry
    }

    /// A file from before there were manifests is the base.
    mutating func adopt(_ name: String) {
        base = Entry(name: name, sequence: 1)
        baseSequence = 1
    }

    // MARK: Text

    var text: String {
        let entries = (base.map { [($0, "b")] } ?? []) + history.map { ($0, "h") } + increments.map { ($0, "i") }
        return entries.map { "file \(Self.quoted($0.name)) seq \($0.sequence) type \($1)\n" }.joined()
    }

    private static func quoted(_ name: String) -> String {
        let isPlain = name.utf8.allSatisfy { (0x21...0x7E).contains($0) && !"\"'\\".utf8.contains($0) }
        return isPlain ? name : String(decoding: quotedRepresentation(of: Array(name.utf8).span), as: UTF8.self)
    }

    init(_ bytes: [UInt8]) throws(AOFManifestError) {
        guard !bytes.isEmpty else { throw AOFManifestError(reason: "Found an empty AOF manifest") }
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        // The last line has an end, too; what follows it is nothing.
        let hasEnd = lines.last?.isEmpty ?? true
        if hasEnd { lines.removeLast() }
        for (index, line) in lines.enumerated() where line.first != UInt8(ascii: "#") {
            do throws(AOFManifestError) {
                guard line.count < Self.longestLine, hasEnd || index + 1 < lines.count else {
                    throw AOFManifestError(reason: "The AOF manifest file contains too long line")
                }
                try read(Array(line))
            } catch {
                throw AOFManifestError(
                    reason: error.reason, line: index + 1, text: String(decoding: line, as: UTF8.self))
            }
        }
    }

    private mutating func read(_ line: [UInt8]) throws(AOFManifestError) {
        let wrong = AOFManifestError(reason: "Invalid AOF manifest file format")
        // Five pairs of words would do as well: newer versions may add some.
        guard let words = splitQuotedWords(line.span), words.count >= 6, words.count.isMultiple(of: 2) else {
            throw wrong
        }
        var (name, sequence, type): (String?, Int?, UInt8?)
        for index in stride(from: 0, to: words.count, by: 2) {
            let value = words[index + 1]
            switch String(decoding: words[index], as: UTF8.self).lowercased() {
            case "file":
                name = String(decoding: value, as: UTF8.self)
                guard !value.contains(UInt8(ascii: "/")) else {
                    throw AOFManifestError(reason: "File can't be a path, just a filename")
                }
            case "seq": sequence = Int(String(decoding: value, as: UTF8.self))
            case "type": type = value.first
            default: break
            }
        }
        guard let name, !name.isEmpty, let sequence, sequence > 0, let type else { throw wrong }
        try add(Entry(name: name, sequence: sequence), type)
    }

    private mutating func add(_ entry: Entry, _ type: UInt8) throws(AOFManifestError) {
        switch type {
        case UInt8(ascii: "b"):
            guard base == nil else { throw AOFManifestError(reason: "Found duplicate base file information") }
            base = entry
            baseSequence = entry.sequence
        case UInt8(ascii: "h"): history.append(entry)
        case UInt8(ascii: "i"):
            guard entry.sequence > incrementSequence else {
                throw AOFManifestError(reason: "Found a non-monotonic sequence number")
            }
            increments.append(entry)
            incrementSequence = entry.sequence
        default: throw AOFManifestError(reason: "Unknown AOF file type")
        }
    }
}
