// The packed sections of one session.

/// Envelopes by the names of their sections. A session has a handful of them, which are faster looked through than
/// hashed.
struct SectionList: Equatable, Sendable, Sequence {
    private struct Entry: Equatable, Sendable {
        let name: String
        var envelope: [UInt8]
    }

    private var entries: [Entry] = []

    /// Nil takes a section away.
    subscript(name: String) -> [UInt8]? {
        get { entries.first { $0.name == name }?.envelope }
        set {
            let index = entries.firstIndex { $0.name == name }
            switch (index, newValue) {
            case (let index?, let envelope?): entries[index].envelope = envelope
            case (let index?, nil): entries.remove(at: index)
            case (nil, let envelope?): append(name, envelope)
            case (nil, nil): return
            }
        }
    }

    /// Adds a section of a name that is not there yet.
    mutating func append(_ name: String, _ envelope: [UInt8]) { entries.append(Entry(name: name, envelope: envelope)) }

    func makeIterator() -> some IteratorProtocol<(name: String, envelope: [UInt8])> {
        entries.lazy.map { (name: $0.name, envelope: $0.envelope) }.makeIterator()
    }
}
