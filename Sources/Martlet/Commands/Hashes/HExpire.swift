// HEXPIRE key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]
// HPEXPIRE key milliseconds ...
// HEXPIREAT key unix-time-seconds ...
// HPEXPIREAT key unix-time-milliseconds ...

enum HExpireCommand {
    static let spec = makeSpec(
        "hexpire", "Lets fields of a hash vanish after so many seconds.", .init("seconds", .integer),
        ExpireTime(unit: .seconds, isAbsolute: false))
    static let millisecondSpec = makeSpec(
        "hpexpire", "Lets fields of a hash vanish after so many milliseconds.", .init("milliseconds", .integer),
        ExpireTime(unit: .milliseconds, isAbsolute: false))
    static let atSpec = makeSpec(
        "hexpireat", "Lets fields of a hash vanish at a Unix time in seconds.", .init("unix-time-seconds", .unixTime),
        ExpireTime(unit: .seconds, isAbsolute: true))
    static let millisecondAtSpec = makeSpec(
        "hpexpireat", "Lets fields of a hash vanish at a Unix time in milliseconds.",
        .init("unix-time-milliseconds", .unixTime), ExpireTime(unit: .milliseconds, isAbsolute: true))

    private static func makeSpec(
        _ name: String, _ summary: String, _ argument: ArgumentSpec, _ time: ExpireTime
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "7.4.0", group: .hash, complexity: "O(N) for N fields", arity: -6,
            flags: [.write, .denyOOM, .fast], categories: .hash, keys: [.key(1, [.readWrite, .update])],
            arguments: [
                .key(), argument,
                .oneOf("condition", .optional, [.token("NX"), .token("XX"), .token("GT"), .token("LT")]),
                FieldList.argument,
            ],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                try run(&call, arguments, time)
            })
    }

    /// What the present deadline must be for the new one to be taken.
    private enum Condition {
        case none, isAbsent, isPresent, isEarlier, isLater

        /// No deadline at all counts as one that is never reached.
        func allows(_ deadline: Int64, over present: Int64?) -> Bool {
            switch self {
            case .none: true
            case .isAbsent: present == nil
            case .isPresent: present != nil
            case .isEarlier: deadline > present ?? Int64.max
            case .isLater: deadline < present ?? Int64.max
            }
        }

        init?(_ arguments: borrowing Arguments, at index: Int) {
            if arguments.matches(index, "NX") {
                self = .isAbsent
            } else if arguments.matches(index, "XX") {
                self = .isPresent
            } else if arguments.matches(index, "GT") {
                self = .isEarlier
            } else if arguments.matches(index, "LT") {
                self = .isLater
            } else {
                return nil
            }
        }
    }

    /// The condition, and the fields, which may stand in any order.
    private static func options(
        _ arguments: borrowing Arguments
    ) throws(ReplyError) -> (condition: Condition, fields: FieldList) {
        var reader = FieldListReader(at: 3)
        var condition: Condition?
        while try reader.advance(arguments) {
            guard let found = Condition(arguments, at: reader.next) else { throw reader.unknownWord }
            guard condition == nil else { throw ReplyError("ERR Multiple condition flags specified") }
            condition = found
            reader.next += 1
        }
        return (condition ?? .none, try reader.list())
    }

    /// Replies for each field: -2 there is none, 0 the condition does not hold, 1 done, 2 removed, because the time is
    /// not in the future.
    private static func run(
        _ call: inout CommandCall, _ arguments: borrowing Arguments, _ time: ExpireTime
    ) throws(ReplyError) {
        let key = arguments[1]
        let record = try call.hash(key, for: .write)
        let deadline = try time.fieldDeadline(
            try arguments.integer(2), now: call.now, command: call.commandName)
        let (condition, fields) = try options(arguments)
        guard var record else { return call.replyNoFields(fields.count) }
        let isReached = call.keyspace.isReached(deadline)
        var changed: [Int] = []
        call.reply.array(fields.count)
        for index in fields.words {
            guard let place = call.place(ofField: arguments[index], in: record) else {
                call.reply.integer(-2)
                continue
            }
            guard condition.allows(deadline, over: record.deadline(at: place)) else {
                call.reply.integer(0)
                continue
            }
            if isReached {
                call.keyspace.removeField(at: place, of: &record, in: call.database)
            } else {
                call.keyspace.setDeadline(deadline, at: place, of: &record, in: call.database)
            }
            changed.append(index)
            call.reply.integer(isReached ? 2 : 1)
        }
        guard !changed.isEmpty else { return }
        call.changed(key, isReached ? .hdel : .hexpire, count: changed.count)
        if isReached {
            call.propagate(removalOf: changed, of: arguments)
        } else {
            call.propagate(deadline: deadline, of: changed, of: arguments)
        }
        call.removeIfEmpty(record, key)
    }
}

/// `FIELDS numfields field [field ...]` in a request.
struct FieldList {
    /// Positions of the fields, or of the first word of each, among the request's words.
    let words: StrideTo<Int>
    let count: Int

    static let missing = ReplyError("ERR Mandatory argument FIELDS is missing or not at the right position")
    static let wrongEnd = ReplyError("ERR The `numfields` parameter must match the number of arguments")

    static let argument = ArgumentSpec.block(
        "fields", token: "FIELDS", [], [ArgumentSpec("numfields", .integer), ArgumentSpec("field", .string, .multiple)])

    /// Reads the list whose keyword must stand at `index`; `width` words for each field. Options may follow it only
    /// where that is said.
    init(
        _ arguments: borrowing Arguments, at index: Int, width: Int = 1, isLast: Bool = true
    ) throws(ReplyError) {
        guard index + 1 < arguments.count, arguments.matches(index, "FIELDS") else { throw Self.missing }
        let wrongCount = ReplyError("ERR Parameter `numFields` should be greater than 0")
        let count = try arguments.integer(index + 1, orThrow: wrongCount)
        guard count > 0 else { throw wrongCount }
        let (span, overflow) = count.multipliedReportingOverflow(by: Int64(width))
        let rest = arguments.count - index - 2
        guard !overflow, isLast ? span == rest : span <= rest else { throw Self.wrongEnd }
        self.count = Int(count)
        // No longer than the request.
        words = stride(from: index + 2, to: index + 2 + Int(span), by: width)
    }
}

/// Reads a request's words from `next` on, among which the list of fields stands somewhere.
struct FieldListReader {
    var next: Int
    private var found: FieldList?
    private let width: Int

    init(at start: Int, width: Int = 1) {
        next = start
        self.width = width
    }

    /// Moves on to the next word that is not the list's; false at the end.
    mutating func advance(_ arguments: borrowing Arguments) throws(ReplyError) -> Bool {
        while next < arguments.count, arguments.matches(next, "FIELDS") {
            guard found == nil else { throw ReplyError("ERR FIELDS keyword specified multiple times") }
            let list = try FieldList(arguments, at: next, width: width, isLast: false)
            found = list
            next += 2 + list.count * width
        }
        return next < arguments.count
    }

    /// Why the word at `next` cannot stand there.
    var unknownWord: ReplyError { found == nil ? FieldList.missing : FieldList.wrongEnd }

    func list() throws(ReplyError) -> FieldList {
        guard let found else { throw FieldList.missing }
        return found
    }
}

extension CommandCall {
    /// -2 for each of the fields of a hash that does not exist.
    mutating func replyNoFields(_ count: Int) {
        reply.array(count)
        for _ in 0..<count { reply.integer(-2) }
    }
}

extension ExpireTime {
    /// The point in time in milliseconds that `value` means; neither negative nor beyond what a field can have.
    func fieldDeadline(_ value: Int64, now: Int64, command: String) throws(ReplyError) -> Int64 {
        guard value >= 0 else { throw ReplyError("ERR invalid expire time, must be >= 0") }
        let latest = HashFields.latestDeadline
        guard value <= latest / unit.rawValue else { throw .invalidExpireTime(command) }
        let base = isAbsolute ? 0 : now
        // Both are below 2^46 by now.
        guard value * unit.rawValue <= latest - base else { throw .invalidExpireTime(command) }
        return value * unit.rawValue + base
    }
}
