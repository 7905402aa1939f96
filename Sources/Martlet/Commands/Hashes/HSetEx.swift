// HSETEX key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-milliseconds | KEEPTTL]
//     FIELDS numfields field value [field value ...]

enum HSetExCommand {
    static let spec = CommandSpec(
        "hsetex", summary: "Sets fields of a hash and their deadlines, under a condition.", since: "8.0.0",
        group: .hash, complexity: "O(N) for N fields", arity: -6, flags: [.write, .denyOOM, .fast], categories: .hash,
        keys: [.key(1, [.readWrite, .update])],
        arguments: [
            .key(), .oneOf("condition", .optional, [.token("FNX"), .token("FXX")]), .expiration(keepTTL: true),
            .block(
                "fields", token: "FIELDS", [],
                [
                    ArgumentSpec("numfields", .integer),
                    .block("data", .multiple, [ArgumentSpec("field", .string), ArgumentSpec("value", .string)]),
                ]),
        ], handler: run)

    private struct Options {
        /// Whether all fields must be there (true) or all missing (false).
        var mustExist: Bool?
        var expiry = ExpiryOption.none
        let fields: FieldList

        /// In any order.
        init(_ arguments: borrowing Arguments) throws(ReplyError) {
            var reader = FieldListReader(at: 2, width: 2)
            while try reader.advance(arguments) {
                if let found = ExpiryOption(arguments, at: &reader.next, keyword: "KEEPTTL") {
                    guard case .none = expiry else {
                        throw ReplyError("ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified")
                    }
                    expiry = found
                    continue
                }
                let isFNX = arguments.matches(reader.next, "FNX")
                guard isFNX || arguments.matches(reader.next, "FXX") else { throw reader.unknownWord }
                guard mustExist == nil else {
                    throw ReplyError("ERR Only one of FXX or FNX arguments can be specified")
                }
                mustExist = !isFNX
                reader.next += 1
            }
            fields = try reader.list()
        }
    }

    /// Replies 1, or 0 when the condition does not hold; then nothing is set.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let key = arguments[1]
        let options = try Options(arguments)
        let deadline = try call.fieldDeadline(options.expiry, arguments)
        let fields = options.fields
        let present = try call.hash(key, for: .write)
        if let mustExist = options.mustExist {
            for index in fields.words {
                let exists = present.map { call.place(ofField: arguments[index], in: $0) != nil } ?? false
                if exists != mustExist { return call.reply.integer(0) }
            }
        }
        var keepsDeadline = false
        if case .keyword = options.expiry { keepsDeadline = true }
        var changes = FieldChanges()
        for index in fields.words {
            let record = call.lookup(key, for: .write)
            _ = call.setField(
                arguments[index], to: arguments[index + 1], of: key, record, keepsDeadline: keepsDeadline)
            guard deadline != nil, var record = call.lookup(key, for: .write),
                let place = call.place(ofField: arguments[index], in: record)
            else { continue }
            changes.apply(options.expiry, deadline, at: place, of: &record, call, field: index)
        }
        call.changed(key, .hset, count: fields.count)
        changes.tell(key, &call)
        propagate(fields, keepsDeadline: keepsDeadline, arguments, &call)
        changes.propagate(deadline, arguments, &call)
        if let record = call.lookup(key, for: .write) { call.removeIfEmpty(record, key) }
        call.reply.integer(1)
    }

    /// As commands that Redis 7.4 knows. HSET takes deadlines away.
    private static func propagate(
        _ fields: FieldList, keepsDeadline: Bool, _ arguments: borrowing Arguments, _ call: inout CommandCall
    ) {
        call.propagate(wordCount: 2 + 2 * fields.count) { log in
            log.append("HSET")
            log.append(arguments[1])
            for index in fields.words {
                log.append(arguments[index])
                log.append(arguments[index + 1])
            }
        }
        guard keepsDeadline, let record = call.lookup(arguments[1], for: .inspect) else { return }
        for index in fields.words {
            guard let place = call.place(ofField: arguments[index], in: record) else { continue }
            guard let deadline = record.deadline(at: place) else { continue }
            call.propagate(deadline: deadline, of: [index], of: arguments)
        }
    }
}
