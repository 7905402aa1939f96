// The best candidates for eviction that were met so far. Random samples alone would let many a better one go: what is
// remembered from look to look makes a few samples each nearly as good as an order of all keys.

struct EvictionPool {
    /// A key by its hash, because records come and go.
    struct Candidate: Equatable {
        /// The more, the sooner it goes.
        let score: UInt64
        let hash: UInt64
        let database: Int
    }

    private static let capacity = 16

    /// In no order: so few are looked through as fast as they would be kept in order.
    private var candidates: [Candidate] = []
    private var lowestScore: UInt64 = 0

    /// Whether a candidate with this score would be taken.
    func wants(_ score: UInt64) -> Bool { candidates.count < Self.capacity || score > lowestScore }

    mutating func offer(_ candidate: Candidate) {
        guard wants(candidate.score),
            !candidates.contains(where: { $0.hash == candidate.hash && $0.database == candidate.database })
        else { return }
        if candidates.count == Self.capacity, let worst = candidates.firstIndex(where: { $0.score == lowestScore }) {
            candidates[worst] = candidate
        } else {
            candidates.append(candidate)
        }
        noteLowest()
    }

    mutating func takeBest() -> Candidate? {
        guard var best = candidates.indices.first else { return nil }
        for index in candidates.indices where candidates[index].score > candidates[best].score { best = index }
        candidates.swapAt(best, candidates.count - 1)
        let taken = candidates.removeLast()
        noteLowest()
        return taken
    }

    mutating func removeAll() { candidates.removeAll(keepingCapacity: true) }

    private mutating func noteLowest() {
        lowestScore = candidates.reduce(UInt64.max) { min($0, $1.score) }
    }
}
