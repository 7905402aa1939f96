// SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-milliseconds | KEEPTTL]
//
// SETNX, SETEX, PSETEX and GETSET are older spellings of the same and stand in their own files.

enum SetCommand {
    static let spec = CommandSpec(
        "set", summary: "Sets a key to a string, whatever it held before.", since: "1.0.0", group: .string,
        complexity: "O(1)", arity: -3, flags: [.write, .denyOOM], categories: .string,
        keys: [
            .key(
                1, [.readWrite, .access, .update, .varying],
                notes: "RW and ACCESS due to the optional `GET` argument")
        ],
        keyFlags: keyFlags,
        history: [
            .init("2.6.12", "Takes `EX`, `PX`, `NX` and `XX`."),
            .init("6.0.0", "Takes `KEEPTTL`."),
            .init("6.2.0", "Takes `GET`, `EXAT` and `PXAT`."),
            .init("7.0.0", "Takes `NX` and `GET` together."),
        ],
        arguments: [
            .key(), ArgumentSpec("value", .string),
            .oneOf("condition", .optional, since: "2.6.12", [.token("NX"), .token("XX")]),
            .token("GET", .optional, since: "6.2.0"), .expiration(keepTTL: true),
        ], handler: run)

    /// Without GET the old value does not matter.
    @Sendable
    private static func keyFlags(_ arguments: borrowing Arguments) -> KeySpec.Flags {
        for index in 3..<max(3, arguments.count) where arguments.matches(index, "GET") {
            return [.readWrite, .access, .update]
        }
        return [.overwrite, .update]
    }

    private struct Options {
        enum Condition { case none, isAbsent, isPresent }

        var condition = Condition.none
        var expiry = ExpiryOption.none
        var returnsOld = false
    }

    /// Replies OK, or null when NX or XX prevented it; with GET, the old string or null.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let options = arguments.count > 3 ? try parse(arguments) : Options()
        let deadline: DeadlineChange
        switch options.expiry {
        case .none: deadline = .clear
        case .keyword: deadline = .keep
        case .at(let time, let word):
            let value = try arguments.integer(word)
            deadline = .set(try time.deadline(value, now: call.now, command: call.commandName))
        }
        if options.returnsOld || options.condition != .none {
            let present = options.returnsOld ? try call.string(arguments[1]) : call.lookup(arguments[1], for: .write)
            if options.returnsOld { call.reply(stringOrNull: present) }
            let isPrevented = options.condition == (present == nil ? .isPresent : .isAbsent)
            if isPrevented {
                if !options.returnsOld { call.reply.null() }
                return
            }
        }
        call.setString(arguments[1], to: arguments, at: 2, deadline: deadline)
        call.changed(arguments[1], .set)
        if case .set(let deadline) = deadline {
            call.happened(.expire, to: arguments[1])
            call.propagate(set: arguments[1], to: arguments[2], deadline: deadline)
        } else if options.returnsOld {
            call.propagate(arguments) { !arguments.matches($0, "GET") || $0 < 3 }
        }
        if !options.returnsOld { call.reply.ok() }
    }

    private static func parse(_ arguments: borrowing Arguments) throws(ReplyError) -> Options {
        var options = Options()
        var index = 3
        while index < arguments.count {
            if options.expiry.take(arguments, at: &index, keyword: "KEEPTTL") { continue }
            if arguments.matches(index, "NX"), options.condition != .isPresent {
                options.condition = .isAbsent
            } else if arguments.matches(index, "XX"), options.condition != .isAbsent {
                options.condition = .isPresent
            } else if arguments.matches(index, "GET") {
                options.returnsOld = true
            } else {
                throw .syntax
            }
            index += 1
        }
        return options
    }
}
