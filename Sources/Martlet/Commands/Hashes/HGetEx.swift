// HGETEX key [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-milliseconds | PERSIST] FIELDS ...
// HGETDEL key FIELDS numfields field [field ...]

enum HGetExCommand {
    static let spec = CommandSpec(
        "hgetex", summary: "Returns the values of fields of a hash and sets or drops their deadlines.",
        since: "8.0.0", group: .hash, complexity: "O(N) for N fields", arity: -5, flags: [.write, .fast],
        categories: .hash, keys: [.key(1, [.readWrite, .access, .update])],
        arguments: [.key(), .expiration(persist: true), FieldList.argument], handler: run)

    static let deleteSpec = CommandSpec(
        "hgetdel", summary: "Returns the values of fields of a hash and removes the fields.", since: "8.0.0",
        group: .hash, complexity: "O(N) for N fields", arity: -5, flags: [.write, .fast], categories: .hash,
        keys: [.key(1, [.readWrite, .access, .delete])], arguments: [.key(), FieldList.argument], handler: delete)

    /// Replies a value or null for each field. A time that is not in the future removes the fields.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let key = arguments[1]
        let record = try call.hash(key, for: .write)
        var reader = FieldListReader(at: 2)
        var expiry = ExpiryOption.none
        while try reader.advance(arguments) {
            guard let found = ExpiryOption(arguments, at: &reader.next, keyword: "PERSIST") else {
                throw reader.unknownWord
            }
            guard case .none = expiry else {
                throw ReplyError("ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified")
            }
            expiry = found
        }
        let deadline = try call.fieldDeadline(expiry, arguments)
        let fields = try reader.list()
        call.reply.array(fields.count)
        guard var record else {
            for _ in fields.words { call.reply.null() }
            return
        }
        var changes = FieldChanges()
        for index in fields.words {
            let place = call.place(ofField: arguments[index], in: record)
            call.reply(valueAt: place, of: record)
            guard let place else { continue }
            changes.apply(expiry, deadline, at: place, of: &record, call, field: index)
        }
        changes.tell(key, &call)
        changes.propagate(deadline, arguments, &call)
        call.removeIfEmpty(record, key)
    }

    /// Replies a value or null for each field.
    @Sendable
    private static func delete(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let key = arguments[1]
        let record = try call.hash(key, for: .write)
        let fields = try FieldList(arguments, at: 2)
        call.reply.array(fields.count)
        guard var record else {
            for _ in fields.words { call.reply.null() }
            return
        }
        var changes = FieldChanges()
        for index in fields.words {
            let place = call.place(ofField: arguments[index], in: record)
            call.reply(valueAt: place, of: record)
            guard let place else { continue }
            call.keyspace.removeField(at: place, of: &record, in: call.database)
            changes.removed.append(index)
        }
        changes.tell(key, &call)
        changes.propagate(nil, arguments, &call)
        call.removeIfEmpty(record, key)
    }
}

/// What one command did to the fields of a hash that its words at these positions name.
struct FieldChanges {
    var removed: [Int] = []
    var persisted: [Int] = []
    var timed: [Int] = []

    /// Does to a field what the option says.
    mutating func apply(
        _ expiry: ExpiryOption, _ deadline: Int64?, at place: FieldPlace, of record: inout Record,
        _ call: borrowing CommandCall, field: Int
    ) {
        if let deadline, call.keyspace.isReached(deadline) {
            call.keyspace.removeField(at: place, of: &record, in: call.database)
            removed.append(field)
        } else if let deadline {
            call.keyspace.setDeadline(deadline, at: place, of: &record, in: call.database)
            timed.append(field)
        } else if case .keyword = expiry, record.deadline(at: place) != nil {
            call.keyspace.setDeadline(nil, at: place, of: &record, in: call.database)
            persisted.append(field)
        }
    }

    func tell(_ key: ByteSpan, _ call: inout CommandCall) {
        if !timed.isEmpty { call.changed(key, .hexpire, count: timed.count) }
        if !persisted.isEmpty { call.changed(key, .hpersist, count: persisted.count) }
        if !removed.isEmpty { call.changed(key, .hdel, count: removed.count) }
    }

    /// Logs what happened to the fields, `deadline` being that of the timed ones.
    func propagate(_ deadline: Int64?, _ arguments: borrowing Arguments, _ call: inout CommandCall) {
        if !timed.isEmpty { call.propagate(deadline: deadline, of: timed, of: arguments) }
        if !persisted.isEmpty { call.propagate(deadline: nil, of: persisted, of: arguments) }
        if !removed.isEmpty { call.propagate(removalOf: removed, of: arguments) }
    }
}

extension CommandCall {
    /// The deadline of fields that EX, PX, EXAT or PXAT means; nil without one of them.
    func fieldDeadline(_ expiry: ExpiryOption, _ arguments: borrowing Arguments) throws(ReplyError) -> Int64? {
        guard case .at(let time, let word) = expiry else { return nil }
        return try time.fieldDeadline(try arguments.integer(word), now: now, command: commandName)
    }
}
