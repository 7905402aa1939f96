// SINTER key [key ...]        SINTERSTORE destination key [key ...]      SINTERCARD numkeys key [key ...] [LIMIT limit]
// SUNION key [key ...]        SUNIONSTORE destination key [key ...]
// SDIFF key [key ...]         SDIFFSTORE destination key [key ...]

enum SetOperationCommands {
    static let inter = makeSpec("sinter", "Returns the members that all of several sets have.", .intersection)
    static let union = makeSpec("sunion", "Returns the members that any of several sets has.", .union)
    static let diff = makeSpec("sdiff", "Returns the members of a set that no other one has.", .difference)
    static let interStore = makeStoreSpec(
        "sinterstore", "Stores the members that all of several sets have.", .intersection)
    static let unionStore = makeStoreSpec("sunionstore", "Stores the members that any of several sets has.", .union)
    static let diffStore = makeStoreSpec(
        "sdiffstore", "Stores the members of a set that no other one has.", .difference)

    static let interCard = CommandSpec(
        "sintercard", summary: "Counts the members that all of several sets have.", since: "7.0.0", group: .set,
        complexity: "O(N*M) for N members of the smallest of M sets", arity: -3,
        flags: [.readonly, .movableKeys], categories: .set,
        keys: [
            KeySpec([.readOnly, .access], begin: .index(1), find: .keyNumber(index: 0, first: 1, step: 1))
        ],
        arguments: [
            ArgumentSpec("numkeys", .integer), .key("key", .multiple),
            ArgumentSpec("limit", .integer, token: "LIMIT", .optional),
        ], handler: count)

    enum Operation {
        case intersection, union, difference

        var event: KeyEvent {
            switch self {
            case .intersection: .sinterstore
            case .union: .sunionstore
            case .difference: .sdiffstore
            }
        }
    }

    private static func makeSpec(_ name: String, _ summary: String, _ operation: Operation) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "1.0.0", group: .set, complexity: "O(N) for N members of all sets",
            arity: -2, flags: .readonly, categories: .set, keys: [.keys([.readOnly, .access])],
            tips: ["nondeterministic_output_order"], arguments: [.key("key", .multiple)],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                let sources = try Sources(arguments, 1..<arguments.count, &call)
                call.reply.collect(.set) { reply in
                    var count = 0
                    sources.visit(operation) { member in
                        reply.bulk(member)
                        count += 1
                        return true
                    }
                    return count
                }
            })
    }

    private static func makeStoreSpec(_ name: String, _ summary: String, _ operation: Operation) -> CommandSpec {
        let access: KeySpec.Flags = operation == .intersection ? [.readWrite, .update] : [.overwrite, .update]
        return CommandSpec(
            name, summary: summary, since: "1.0.0", group: .set, complexity: "O(N) for N members of all sets",
            arity: -3, flags: [.write, .denyOOM], categories: .set,
            keys: [.key(1, access), .keys(from: 2, [.readOnly, .access])],
            arguments: [.key("destination"), .key("key", .multiple, keySpec: 1)],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                let sources = try Sources(arguments, 2..<arguments.count, &call)
                store(sources, operation, at: arguments[1], &call)
            })
    }

    /// Replies the size of the result, which takes the place of whatever the destination held.
    private static func store(
        _ sources: Sources, _ operation: Operation, at key: ByteSpan, _ call: inout CommandCall
    ) {
        var members = call.keyspace.makeMembers()
        sources.visit(operation) { member in
            _ = members.append(member)
            return true
        }
        let count = members.count
        let existed = call.remove(key)
        if count > 0 {
            call.keyspace.insertSet(key, members, in: call.database)
            call.changed(key, operation.event)
        } else if existed {
            call.changed(key, .del)
        }
        call.reply.integer(count)
    }

    /// Replies the size of the intersection, the limit at most.
    @Sendable
    private static func count(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let wrongNumber = ReplyError("ERR numkeys should be greater than 0")
        let number = try arguments.integer(1, orThrow: wrongNumber)
        guard number > 0 else { throw wrongNumber }
        guard number <= arguments.count - 2 else {
            throw ReplyError("ERR Number of keys can't be greater than number of args")
        }
        let end = 2 + Int(number)
        let limit = try limit(arguments, from: end)
        let sources = try Sources(arguments, 2..<end, &call)
        var count = 0
        sources.visit(.intersection) { _ in
            count += 1
            return limit == 0 || count < limit
        }
        call.reply.integer(count)
    }

    private static func limit(_ arguments: borrowing Arguments, from start: Int) throws(ReplyError) -> Int64 {
        var limit: Int64 = 0
        var index = start
        while index < arguments.count {
            guard arguments.matches(index, "LIMIT"), index + 1 < arguments.count else { throw .syntax }
            let wrongLimit = ReplyError("ERR LIMIT can't be negative")
            limit = try arguments.integer(index + 1, orThrow: wrongLimit)
            guard limit >= 0 else { throw wrongLimit }
            index += 2
        }
        return limit
    }

    // MARK: The operations

    /// The sets that an operation works on; nil for a missing key.
    private struct Sources {
        private let records: [Record?]
        private let seed: HashSeed

        /// All keys are looked at before anything else, so that a wrong type is an error in any case.
        init(_ arguments: borrowing Arguments, _ words: Range<Int>, _ call: inout CommandCall) throws(ReplyError) {
            var records: [Record?] = []
            for index in words { records.append(try call.set(arguments[index])) }
            // Looking up a key may have removed another one whose time was over, but never one that was found alive.
            self.records = records
            seed = call.keyspace.seed
        }

        /// Visits the members of the result, each once, until `body` has enough.
        func visit(_ operation: Operation, _ body: (ByteSpan) -> Bool) {
            switch operation {
            case .intersection: intersection(body)
            case .union: union(body)
            case .difference: difference(body)
            }
        }

        /// Each once, however often it was named: to ask one again tells nothing new.
        private static func distinct(_ records: [Record]) -> [Record] {
            guard records.count > 1 else { return records }
            var seen: Set<UInt> = []
            return records.filter { seen.insert(UInt(bitPattern: $0.address)).inserted }
        }

        private func intersection(_ body: (ByteSpan) -> Bool) {
            let present = records.compactMap { $0 }
            guard present.count == records.count else { return }
            let sorted = Self.distinct(present).sorted { $0.memberCount < $1.memberCount }
            guard let smallest = sorted.first else { return }
            let others = sorted.dropFirst()
            var wantsMore = true
            smallest.visitMembers { member in
                guard wantsMore else { return }
                for other in others where other.place(ofMember: member) == nil { return }
                wantsMore = body(member)
            }
        }

        private func union(_ body: (ByteSpan) -> Bool) {
            let seen = SetObject(seed: seed)
            var wantsMore = true
            for record in Self.distinct(records.compactMap { $0 }) {
                record.visitMembers { member in
                    if wantsMore, seen.insert(member) { wantsMore = body(member) }
                }
            }
        }

        private func difference(_ body: (ByteSpan) -> Bool) {
            guard let first = records.first, let first else { return }
            let others = Self.distinct(records.dropFirst().compactMap { $0 }).sorted {
                $0.memberCount > $1.memberCount
            }
            if others.contains(first) { return }
            let size = first.memberCount
            let total = others.reduce(size) { $0 + $1.memberCount }
            // Asking all others for each member, or striking out what the others have: whichever looks cheaper.
            guard size * (others.count + 1) / 2 > total else {
                var wantsMore = true
                first.visitMembers { member in
                    guard wantsMore else { return }
                    for other in others where other.place(ofMember: member) != nil { return }
                    wantsMore = body(member)
                }
                return
            }
            let left = SetObject(seed: seed)
            first.visitMembers { _ = left.insert($0) }
            for other in others {
                other.visitMembers { member in
                    if let entry = left.find(member) { left.discard(entry) }
                }
            }
            var wantsMore = true
            left.table.visitAll { entry in if wantsMore { wantsMore = body(entry.key) } }
        }
    }
}
