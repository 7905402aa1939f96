// FAKE ADVANCE ms | SETTIME ms | FREEZE | RESUME | FAULT effect [SKIP n] [TIMES n] [ON word ...] | FAULTS | CLEAR [id]
//      | RECEIVED [count] | FORGET | RESET | HELP
//
// What tests in other languages steer a fake with. Known only to servers that were started with --fake.

enum FakeCommand {
    static func spec(_ fake: FakeControl) -> CommandSpec {
        let subcommands = clock + faults(fake) + memory(fake)
        return CommandSpec(
            "fake", summary: "Groups the commands that steer a fake.", since: "7.0.0", group: .server,
            complexity: "Depends on subcommand.", arity: -2,
            subcommands: subcommands + [
                subcommand("help", "Shows how the subcommands are called.", arity: 2) {
                    (call: inout CommandCall, _) throws(ReplyError) in call.reply(help: help, of: "FAKE")
                }
            ])
    }

    private static func subcommand(
        _ name: String, _ summary: String, arity: Int, _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "7.0.0", group: .server, complexity: "O(1)", arity: arity,
            flags: [.admin, .noScript, .loading, .stale], isInternal: true, handler: handler)
    }

    private static let help = [
        HelpEntry("ADVANCE <milliseconds>", "Turn the clock on; what comes due is done before the reply."),
        HelpEntry("SETTIME <unix-time-milliseconds>", "Set the clock. An earlier time brings nothing back."),
        HelpEntry("FREEZE | RESUME", "Let the clock stand, or run on."),
        HelpEntry(
            "FAULT <effect> [SKIP <count>] [TIMES <count>] [ON <pattern> [<pattern> ...]]",
            "Meet commands with a fault; replies with its number. Effects:",
            "  ERROR <text>          not executed, this error",
            "  DELAY <milliseconds>  executed, the reply comes later",
            "  CUT BEFORE|AFTER      the connection ends without executing, or after it",
            "  HALF                  executed, the connection ends within the reply",
            "  CONNECTIONS           clients that come are not let in",
            "  DISK                  what is written to a file (they are in memory) does not fit",
            "Patterns are those of KEYS, for the command's name and its first arguments."),
        HelpEntry("FAULTS", "All faults and how often they met a command."),
        HelpEntry("CLEAR [<number>]", "Take faults away."),
        HelpEntry("RECEIVED [<count>]", "The commands received, the last ones if a count is given."),
        HelpEntry("FORGET", "Forget the commands received."),
        HelpEntry("RESET", "No data, no faults, nothing received, and the real time."),
    ]

    // MARK: Clock

    private static let clock = [
        subcommand("advance", "Turns the clock on.", arity: 3) { (call, arguments) throws(ReplyError) in
            turn(.advance(try arguments.integer(2, in: 0...(.max))), &call)
        },
        subcommand("settime", "Sets the clock.", arity: 3) { (call, arguments) throws(ReplyError) in
            turn(.set(try arguments.integer(2, in: 0...(.max))), &call)
        },
        subcommand("freeze", "Lets the clock stand.", arity: 2) { (call, _) throws(ReplyError) in
            turn(.freeze, &call)
        },
        subcommand("resume", "Lets the clock run on.", arity: 2) { (call, _) throws(ReplyError) in
            turn(.resume, &call)
        },
    ]

    /// Replies with the time, in ms since 1970.
    private static func turn(_ turn: ClockTurn, _ call: inout CommandCall) {
        call.server.services.turnClock(turn)
        call.reply.integer(call.server.clock.wallMilliseconds())
    }

    // MARK: Faults

    private static func faults(_ fake: FakeControl) -> [CommandSpec] {
        [
            subcommand("fault", "Meets commands with a fault.", arity: -3) { (call, arguments) throws(ReplyError) in
                call.reply.integer(fake.add(try rule(arguments)))
            },
            subcommand("faults", "Lists faults.", arity: 2) { (call, _) throws(ReplyError) in
                let faults = fake.faults
                call.reply.array(faults.count)
                for fault in faults { describe(fault, &call) }
            },
            subcommand("clear", "Takes faults away.", arity: -2) { (call, arguments) throws(ReplyError) in
                guard arguments.count > 2 else {
                    call.reply.integer(fake.faults.count { fake.remove($0.id) })
                    return
                }
                call.reply.integer(fake.remove(Int(try arguments.integer(2))))
            },
        ]
    }

    private static func rule(_ arguments: borrowing Arguments) throws(ReplyError) -> FaultRule {
        var index = 2
        let effect = try effect(arguments, &index)
        var (skipped, limit, words) = (0, Int?.none, [String]())
        while index < arguments.count {
            guard index + 1 < arguments.count else { throw .syntax }
            if arguments.matches(index, "skip") {
                skipped = Int(try arguments.integer(index + 1, in: 0...(.max)))
            } else if arguments.matches(index, "times") {
                limit = Int(try arguments.integer(index + 1, in: 1...(.max)))
            } else if arguments.matches(index, "on") {
                words = ((index + 1)..<arguments.count).map { arguments.text($0) }
                break
            } else {
                throw .syntax
            }
            index += 2
        }
        return FaultRule(effect, words: words, skipped: skipped, limit: limit)
    }

    private static func effect(
        _ arguments: borrowing Arguments, _ index: inout Int
    ) throws(ReplyError) -> FaultEffect {
        defer { index += 1 }
        if arguments.matches(index, "half") { return .meet(.halfReply) }
        if arguments.matches(index, "connections") { return .refuseConnection }
        if arguments.matches(index, "disk") { return .fullDisk }
        guard index + 1 < arguments.count else { throw .syntax }
        index += 1
        if arguments.matches(index - 1, "error") { return .meet(.error(arguments.text(index))) }
        if arguments.matches(index - 1, "delay") {
            return .meet(.delay(milliseconds: try arguments.integer(index, in: 0...(.max))))
        }
        guard arguments.matches(index - 1, "cut") else { throw .syntax }
        if arguments.matches(index, "before") { return .meet(.cutBefore) }
        if arguments.matches(index, "after") { return .meet(.cutAfter) }
        throw .syntax
    }

    private static func describe(_ fault: FaultRecord, _ call: inout CommandCall) {
        call.reply.map(5)
        call.reply.bulk("id")
        call.reply.integer(fault.id)
        call.reply.bulk("effect")
        call.reply.bulk(fault.rule.effect.text)
        call.reply.bulk("on")
        call.reply.array(fault.rule.words.count)
        for word in fault.rule.words { call.reply.bulk(word) }
        call.reply.bulk("fired")
        call.reply.integer(fault.fired)
        call.reply.bulk("active")
        call.reply.integer(fault.isActive)
    }

    // MARK: What is remembered

    private static func memory(_ fake: FakeControl) -> [CommandSpec] {
        [
            subcommand("received", "Lists the commands received.", arity: -2) {
                (call, arguments) throws(ReplyError) in
                let all = fake.received
                let count = arguments.count > 2 ? Int(try arguments.integer(2, in: 0...(.max))) : all.count
                call.reply.array(min(count, all.count))
                for command in all.suffix(count) {
                    call.reply.array(command.words.count)
                    for word in command.words { call.reply.bulk(word.span) }
                }
            },
            subcommand("reset", "Makes the fake as new.", arity: 2) { (call, _) throws(ReplyError) in
                fake.reset()
                call.server.services.turnClock(.reset)
                call.keyspace.dirty += call.keyspace.flushAll(lazily: false)
                call.propagate(wordCount: 1) { $0.append("FLUSHALL") }
                call.server.services.dataWasFlushed()
                call.reply.ok()
            },
            subcommand("forget", "Forgets the commands received.", arity: 2) { (call, _) throws(ReplyError) in
                fake.forgetReceived()
                call.reply.ok()
            },
        ]
    }
}

extension FaultEffect {
    /// As FAKE FAULT names it.
    package var text: String {
        switch self {
        case .meet(.proceed): "NONE"
        case .meet(.error(let text)): "ERROR \(text)"
        case .meet(.delay(let milliseconds)): "DELAY \(milliseconds)"
        case .meet(.cutBefore): "CUT BEFORE"
        case .meet(.cutAfter): "CUT AFTER"
        case .meet(.halfReply): "HALF"
        case .refuseConnection: "CONNECTIONS"
        case .fullDisk: "DISK"
        }
    }
}
