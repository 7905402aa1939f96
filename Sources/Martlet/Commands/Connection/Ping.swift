// PING [message]

enum PingCommand {
    static let spec = CommandSpec(
        "ping", summary: "Answers, to show that the connection lives.", since: "1.0.0", group: .connection,
        complexity: "O(1)", arity: -1, flags: [.fast, .sentinel], categories: .connection,
        tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
        arguments: [ArgumentSpec("message", .string, .optional)], handler: run)

    /// Replies PONG, or the message.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        if arguments.count <= 2, call.session.version == .resp2, call.session.isSubscriber {
            // Replies are messages there.
            call.reply.array(2)
            call.reply.bulk("pong")
            return arguments.count == 2 ? call.reply.bulk(arguments[1]) : call.reply.bulk("")
        }
        switch arguments.count {
        case 1: call.reply.simple("PONG")
        case 2: call.reply.bulk(arguments[1])
        default: throw .wrongArity(call.commandName)
        }
    }
}
