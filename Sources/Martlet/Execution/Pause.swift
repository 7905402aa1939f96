// CLIENT PAUSE: commands wait, so that nothing changes while an operator moves clients elsewhere. Nothing expires and
// nothing is evicted meanwhile either, for that would be a change, too.

struct Pause {
    enum Kind: Int, Comparable {
        /// Commands that may change something.
        case write
        case all

        static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }
    }

    /// Nil: nobody waits.
    private(set) var kind: Kind?
    /// In monotonic milliseconds; Int64.max without a pause.
    private(set) var end = Int64.max

    var isActive: Bool { kind != nil }

    /// Of two pauses the longer and stricter one counts.
    mutating func begin(_ kind: Kind, until end: Int64) {
        self.end = self.kind == nil ? end : max(self.end, end)
        self.kind = max(self.kind ?? kind, kind)
    }

    mutating func finish() { self = Pause() }

    func postpones(_ flags: CommandFlags) -> Bool {
        switch kind {
        case nil: false
        case .all: true
        case .write: !flags.isDisjoint(with: [.write, .mayReplicate])
        }
    }
}

extension ServerContext {
    /// Ends the pause; whoever waited is served when the turn ends.
    func unpause() {
        pause.value.finish()
        keyspace.value.keepsExpired = false
        blocked.endPostponements()
    }

    /// Ends a pause whose time is over.
    func checkPause() {
        if pause.value.isActive, monotonicMilliseconds >= pause.value.end { unpause() }
    }
}
