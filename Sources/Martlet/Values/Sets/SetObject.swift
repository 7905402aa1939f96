// A set that is too large for a block: a table of members.

// Guard for `@unchecked Sendable`: as for every TableObject.
final class SetObject: TableObject, @unchecked Sendable {
    override var memoryBytes: Int { 128 + table.memoryBytes + entryBytes }

    override func copy() -> RecordObject {
        let copy = SetObject(seed: table.seed)
        table.visitAll { _ = copy.insert($0.key) }
        return copy
    }

    /// Adds a member; false when it is there.
    func insert(_ member: ByteSpan) -> Bool {
        let hash = table.hash(member)
        guard table.find(member, hash: hash) == nil else { return false }
        add(TableEntry(key: member), hash: hash)
        return true
    }
}
