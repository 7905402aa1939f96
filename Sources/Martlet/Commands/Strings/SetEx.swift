// SETEX key seconds value, PSETEX key milliseconds value

enum SetExCommands {
    static let setEx = spec("setex", since: "2.0.0", unit: .seconds, operand: "seconds")
    static let pSetEx = spec("psetex", since: "2.6.0", unit: .milliseconds, operand: "milliseconds")

    private static func spec(_ name: String, since: String, unit: ExpireTime.Unit, operand: String) -> CommandSpec {
        CommandSpec(
            name, summary: "Sets a key to a string that expires after some \(operand).", since: since, group: .string,
            complexity: "O(1)", arity: 4, flags: [.write, .denyOOM], categories: .string,
            keys: [.key(1, [.overwrite, .update])],
            arguments: [.key(), ArgumentSpec(operand, .integer), ArgumentSpec("value", .string)]
        ) { call, arguments throws(ReplyError) in
            let time = ExpireTime(unit: unit, isAbsolute: false)
            let value = try arguments.integer(2)
            let deadline = try time.deadline(value, now: call.now, command: call.commandName)
            call.setString(arguments[1], to: arguments, at: 3, deadline: .set(deadline))
            call.changed(arguments[1], .set)
            call.happened(.expire, to: arguments[1])
            call.propagate(set: arguments[1], to: arguments[3], deadline: deadline)
            call.reply.ok()
        }
    }
}
