// SRANDMEMBER key [count]

enum SrandmemberCommand {
    static let spec = CommandSpec(
        "srandmember", summary: "Returns random members of a set.", since: "1.0.0", group: .set,
        complexity: "O(1) without a count, O(N) for N members", arity: -2, flags: .readonly, categories: .set,
        keys: [.key(1, [.readOnly, .access])], tips: ["nondeterministic_output"],
        history: [.init("2.6.0", "Added the `count` argument.")],
        arguments: [.key(), ArgumentSpec("count", .integer, since: "2.6.0", .optional)], handler: run)

    /// More replies than this would not fit into memory, whatever the members.
    private static let mostRepetitions: Int64 = 1 << 27

    /// Replies a member or null, or an array of several: different ones, or with a negative count any.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count <= 3 else { throw .syntax }
        guard arguments.count == 3 else {
            guard let record = try call.set(arguments[1]), let place = call.keyspace.randomPlace(inSet: record)
            else { return call.reply.null() }
            return record.withMember(at: place) { call.reply.bulk($0) }
        }
        let count = try arguments.randomCount(2)
        guard let record = try call.set(arguments[1]), count != 0 else { return call.reply.array(0) }
        if count < 0 {
            guard -count <= mostRepetitions else { throw .outOfRange }
            call.reply.array(Int(-count))
            for _ in 0..<(-count) {
                guard !call.reply.buffer.isOverflown, let place = call.keyspace.randomPlace(inSet: record) else {
                    break
                }
                record.withMember(at: place) { call.reply.bulk($0) }
            }
            return
        }
        let places = different(record, Int(count), &call)
        call.reply.array(places.count)
        for place in places { record.withMember(at: place) { call.reply.bulk($0) } }
    }

    /// Up to `count` different members, each choice as likely as the others.
    private static func different(_ record: Record, _ count: Int, _ call: inout CommandCall) -> [MemberPlace] {
        let size = record.memberCount
        if record.valueKind == .setTable, count < size / 3 {
            var seen: Set<UInt> = []
            var places: [MemberPlace] = []
            while places.count < count {
                guard case .entry(let entry)? = call.keyspace.randomPlace(inSet: record) else { break }
                if seen.insert(UInt(bitPattern: entry.address)).inserted { places.append(.entry(entry)) }
            }
            return places
        }
        var places = record.memberPlaces
        guard count < size else { return places }
        for index in 0..<count {
            places.swapAt(index, index + call.keyspace.random.below(size - index))
        }
        return Array(places.prefix(count))
    }
}
