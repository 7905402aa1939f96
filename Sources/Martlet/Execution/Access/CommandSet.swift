// A set of commands, by their places in the table.

struct CommandSet: Equatable, Sendable {
    private var words: [UInt64]
    private let count: Int

    /// No command out of a table of `count`.
    init(count: Int) {
        self.count = count
        words = Array(repeating: 0, count: (count + 63) / 64)
    }

    func contains(_ id: CommandID) -> Bool {
        id.index < count && words[id.index >> 6] & 1 << UInt64(id.index & 63) != 0
    }

    mutating func set(_ id: CommandID, _ isMember: Bool) {
        guard id.index < count else { return }
        let bit: UInt64 = 1 << UInt64(id.index & 63)
        if isMember { words[id.index >> 6] |= bit } else { words[id.index >> 6] &= ~bit }
    }

    mutating func setAll(_ areMembers: Bool) {
        for index in words.indices { words[index] = areMembers ? .max : 0 }
    }
}
