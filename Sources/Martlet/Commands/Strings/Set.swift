// SET key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-seconds | PXAT unix-milliseconds | KEEPTTL]
//
// SETNX, SETEX, PSETEX and GETSET are older spellings of the same and stand in their own files.

enum SetCommand {
    static let spec = CommandSpec(
        "set", summary: "Sets a key to a string, whatever it held before.", since: "1.0.0", group: .string,
        complexity: "O(1)", arity: -3, flags: [.write, .denyOOM], categories: .string,
        keys: [
            .key(
                1, [.readWrite, .access, .update, .variableFlags],
                notes: "RW and ACCESS due to the optional `GET` argument")
        ],
        history: [
            .init("2.6.12", "Added the `EX`, `PX`, `NX` and `XX` options."),
            .init("6.0.0", "Added the `KEEPTTL` option."),
            .init("6.2.0", "Added the `GET`, `EXAT` and `PXAT` option."),
            .init("7.0.0", "Allowed the `NX` and `GET` options to be used together."),
        ],
        arguments: [
            .key(), ArgumentSpec("value", .string),
            .oneOf("condition", .optional, since: "2.6.12", [.token("NX"), .token("XX")]),
            .token("GET", .optional, since: "6.2.0"), .expiration(keepTTL: true),
        ], handler: run)

    private struct Options {
        var onlyIfAbsent = false
        var onlyIfPresent = false
        var returnsOld = false
        var keepsDeadline = false
        var expiry: (time: ExpireTime, word: Int)?
    }

    /// Replies OK, or null when NX or XX prevented it; with GET, the old string or null.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let options = arguments.count > 3 ? try parse(arguments) : Options()
        var deadline = options.keepsDeadline ? DeadlineChange.keep : .clear
        if let expiry = options.expiry {
            let value = try arguments.integer(expiry.word)
            deadline = .set(try expiry.time.deadline(value, now: call.now, command: call.commandName))
        }
        if options.returnsOld || options.onlyIfAbsent || options.onlyIfPresent {
            let present = options.returnsOld ? try call.string(arguments[1]) : call.lookup(arguments[1], for: .write)
            if options.returnsOld { call.reply(stringOrNull: present) }
            let isPrevented = present == nil ? options.onlyIfPresent : options.onlyIfAbsent
            if isPrevented {
                if !options.returnsOld { call.reply.null() }
                return
            }
        }
        call.setString(arguments[1], to: arguments, at: 2, deadline: deadline)
        call.markChanged()
        if !options.returnsOld { call.reply.ok() }
    }

    private static func parse(_ arguments: borrowing Arguments) throws(ReplyError) -> Options {
        var options = Options()
        var index = 3
        while index < arguments.count {
            if arguments.matches(index, "NX"), !options.onlyIfPresent {
                options.onlyIfAbsent = true
            } else if arguments.matches(index, "XX"), !options.onlyIfAbsent {
                options.onlyIfPresent = true
            } else if arguments.matches(index, "GET") {
                options.returnsOld = true
            } else if arguments.matches(index, "KEEPTTL"), options.expiry == nil {
                options.keepsDeadline = true
            } else if let time = ExpireTime(option: arguments, at: index), options.expiry == nil,
                !options.keepsDeadline, index + 1 < arguments.count
            {
                options.expiry = (time, index + 1)
                index += 1
            } else {
                throw .syntax
            }
            index += 1
        }
        return options
    }
}
