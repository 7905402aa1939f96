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
        /// Where FIELDS stands.
        var next = 2

        init(_ arguments: borrowing Arguments) throws(ReplyError) {
            while next < arguments.count, !arguments.matches(next, "FIELDS") {
                if expiry.take(arguments, at: &next, keyword: "KEEPTTL") { continue }
                if mustExist == nil, arguments.matches(next, "FNX") {
                    mustExist = false
                } else if mustExist == nil, arguments.matches(next, "FXX") {
                    mustExist = true
                } else {
                    throw .syntax
                }
                next += 1
            }
        }
    }

    /// Replies 1, or 0 when the condition does not hold; then nothing is set.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let key = arguments[1]
        let options = try Options(arguments)
        let deadline = try call.deadline(options.expiry, arguments)
        let fields = try FieldList(arguments, at: options.next, width: 2)
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
        if deadline != nil {
            // As commands that Redis 7.4 knows.
            call.propagate(wordCount: 2 + 2 * fields.count) { log in
                log.append("HSET")
                log.append(key)
                for index in fields.words {
                    log.append(arguments[index])
                    log.append(arguments[index + 1])
                }
            }
            changes.propagate(deadline, arguments, &call)
        }
        if let record = call.lookup(key, for: .write) { call.removeIfEmpty(record, key) }
        call.reply.integer(1)
    }
}
