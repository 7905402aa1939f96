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
        var index = 2
        var expiry = ExpiryOption.none
        _ = expiry.take(arguments, at: &index, keyword: "PERSIST")
        let deadline = try call.deadline(expiry, arguments)
        let fields = try FieldList(arguments, at: index)
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
            changes.apply(expiry, deadline, at: place, of: &record, call)
        }
        changes.tell(key, call)
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
            changes.removed += 1
        }
        changes.tell(key, call)
        call.removeIfEmpty(record, key)
    }
}

/// What one command did to the fields of a hash, for its events.
struct FieldChanges {
    var removed = 0
    var persisted = 0
    var timed = 0

    /// Does to a field what the option says.
    mutating func apply(
        _ expiry: ExpiryOption, _ deadline: Int64?, at place: FieldPlace, of record: inout Record,
        _ call: borrowing CommandCall
    ) {
        if let deadline, deadline <= call.now {
            call.keyspace.removeField(at: place, of: &record, in: call.database)
            removed += 1
        } else if let deadline {
            call.keyspace.setDeadline(deadline, at: place, of: &record, in: call.database)
            timed += 1
        } else if case .keyword = expiry, record.deadline(at: place) != nil {
            call.keyspace.setDeadline(nil, at: place, of: &record, in: call.database)
            persisted += 1
        }
    }

    func tell(_ key: ByteSpan, _ call: borrowing CommandCall) {
        if timed > 0 { call.changed(key, .hexpire, count: timed) }
        if persisted > 0 { call.changed(key, .hpersist, count: persisted) }
        if removed > 0 { call.changed(key, .hdel, count: removed) }
    }
}

extension CommandCall {
    /// The deadline that EX, PX, EXAT or PXAT means; nil without one of them.
    func deadline(_ expiry: ExpiryOption, _ arguments: borrowing Arguments) throws(ReplyError) -> Int64? {
        guard case .at(let time, let word) = expiry else { return nil }
        return try time.deadline(try arguments.integer(word), now: now, command: commandName)
    }
}
