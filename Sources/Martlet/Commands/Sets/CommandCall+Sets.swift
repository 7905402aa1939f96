// What the commands of this family have in common: finding a set, and seeing to it that no empty set stays.

extension CommandCall {
    /// The live record of `key`, which must hold a set if it exists.
    @inline(__always)
    func set(_ key: ByteSpan, for intent: LookupIntent = .read) throws(ReplyError) -> Record? {
        guard let record = lookup(key, for: intent) else { return nil }
        guard record.isSet else { throw .wrongType }
        return record
    }

    /// Removes the set at `key` if its last member is gone.
    func removeIfEmpty(set record: Record, _ key: ByteSpan) {
        guard record.memberCount == 0 else { return }
        remove(key, lazily: false)
        happened(.del, to: key)
    }

    /// Adds one member to the set at `key`, which is made when it is missing; false when it is there.
    func addMember(_ member: ByteSpan, to key: ByteSpan, _ record: Record?) -> Bool {
        guard var record else {
            var members = keyspace.makeMembers(hint: 1)
            _ = members.append(member)
            keyspace.insertSet(key, members, in: database)
            return true
        }
        return keyspace.addMember(member, to: &record, in: database)
    }
}
