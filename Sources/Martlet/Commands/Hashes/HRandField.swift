// HRANDFIELD key [count [WITHVALUES]]

enum HRandFieldCommand {
    static let spec = CommandSpec(
        "hrandfield", summary: "Returns random fields of a hash.", since: "6.2.0", group: .hash,
        complexity: "O(N) for N fields returned", arity: -2, flags: .readonly, categories: .hash,
        keys: [.key(1, [.readOnly, .access])], tips: ["nondeterministic_output"],
        arguments: [
            .key(),
            .block(
                "options", .optional, [ArgumentSpec("count", .integer), .token("WITHVALUES", .optional)]),
        ], handler: run)

    /// Replies one field, or an array of several: different ones, or with a negative count any.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count > 2 else { return try one(&call, arguments) }
        let count = try arguments.randomCount(2)
        guard arguments.count <= 4, arguments.count == 3 || arguments.matches(3, "WITHVALUES") else { throw .syntax }
        let withValues = arguments.count == 4
        if withValues, count < -Int64.max / 2 || count > Int64.max / 2 { throw .outOfRange }
        guard let record = try call.hash(arguments[1]), count != 0 else { return call.reply.array(0) }
        guard count > 0 else { return try `repeat`(record, -count, withValues: withValues, &call) }
        let places = different(record, Int(count), &call)
        call.reply.array(withValues && call.reply.version == .resp2 ? places.count * 2 : places.count)
        for place in places { reply(place, of: record, withValue: withValues, &call) }
    }

    private static func reply(
        _ place: FieldPlace, of record: Record, withValue: Bool, _ call: inout CommandCall
    ) {
        if withValue, call.reply.version == .resp3 { call.reply.array(2) }
        record.withField(at: place) { call.reply.bulk($0) }
        if withValue { call.reply(valueAt: place, of: record) }
    }

    private static func one(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let record = try call.hash(arguments[1]), let place = call.keyspace.randomPlace(in: record) else {
            return call.reply.null()
        }
        record.withField(at: place) { call.reply.bulk($0) }
    }

    /// More replies than this would not fit into memory, whatever the fields.
    private static let mostRepetitions: Int64 = 1 << 27
    private static let repetitionsBetweenLooks: Int64 = 1024

    /// Replies with fields that may be the same. A client that may not leave so much unread is let go on the way.
    private static func `repeat`(
        _ record: Record, _ count: Int64, withValues: Bool, _ call: inout CommandCall
    ) throws(ReplyError) {
        let isFlat = withValues && call.reply.version == .resp2
        // All fields may be over.
        guard call.keyspace.randomPlace(in: record) != nil else { return call.reply.array(0) }
        // Where nothing would let the client go, it is not begun.
        guard count <= mostRepetitions || !(call.session.transport?.takesReplies(of: Int.max) ?? true) else {
            throw .outOfRange
        }
        let mark = call.reply.buffer.count
        call.reply.array(Int(count) * (isFlat ? 2 : 1))
        for number in 0..<count {
            guard let place = call.keyspace.randomPlace(in: record) else { break }
            reply(place, of: record, withValue: withValues, &call)
            guard number % repetitionsBetweenLooks == 0 else { continue }
            guard call.session.transport?.takesReplies(of: call.reply.buffer.count - mark) ?? true else { return }
            guard number < mostRepetitions else { throw .outOfRange }
        }
    }

    /// Up to `count` different fields, each choice as likely as the others.
    private static func different(_ record: Record, _ count: Int, _ call: inout CommandCall) -> [FieldPlace] {
        if record.packedFieldWidth == 0, count < record.fieldCount / 3 {
            var seen: Set<UInt> = []
            var places: [FieldPlace] = []
            // Fields whose time is over may leave fewer than `count`; then the tries end.
            for _ in 0..<count * 20 where places.count < count {
                guard case .entry(let entry)? = call.keyspace.randomPlace(in: record) else { break }
                if seen.insert(UInt(bitPattern: entry.address)).inserted { places.append(.entry(entry)) }
            }
            if places.count == count { return places }
        }
        var places = call.keyspace.livePlaces(in: record)
        guard count < places.count else { return places }
        for index in 0..<count {
            places.swapAt(index, index + call.keyspace.random.below(places.count - index))
        }
        return Array(places.prefix(count))
    }
}
