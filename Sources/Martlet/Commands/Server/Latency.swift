// LATENCY LATEST | HISTORY event | RESET [event ...] | HELP

enum LatencyCommand {
    static let spec = CommandSpec(
        "latency", summary: "Groups the commands about what took long.", since: "2.8.13", group: .server,
        complexity: "Depends on subcommand.", arity: -2,
        subcommands: [
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "2.8.13", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in call.reply(help: help, of: "LATENCY") }),
            subcommand(
                "history", summary: "Returns when an event took long.", arity: 3,
                tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                arguments: [ArgumentSpec("event", .string)], history),
            subcommand(
                "latest", summary: "Returns which events took long lately.", arity: 2,
                tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"], latest),
            subcommand(
                "reset", summary: "Forgets what took long.", arity: -2,
                tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                arguments: [ArgumentSpec("event", .string, [.optional, .multiple])], reset),
        ])

    private static func subcommand(
        _ name: String, summary: String, arity: Int, tips: [String], arguments: [ArgumentSpec] = [],
        _ handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: "2.8.13", group: .server, complexity: "O(1)", arity: arity,
            flags: [.admin, .noScript, .loading, .stale], tips: tips, arguments: arguments, handler: handler)
    }

    private static let help = [
        HelpEntry("HISTORY <event>", "When the event took long, and how long."),
        HelpEntry("LATEST", "All events that took long: when last, how long then, and at most."),
        HelpEntry("RESET [<event> [...]]", "Forget events, or all of them."),
    ]

    /// Replies with an array of event, time of the last sample, its milliseconds, and the most milliseconds of all.
    @Sendable
    private static func latest(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let events = call.server.latency.events
        call.reply.array(events.count)
        for (event, series) in events {
            call.reply.array(4)
            call.reply.bulk(event.rawValue)
            call.reply.integer(series.samples.last?.time ?? 0)
            call.reply.integer(series.samples.last?.milliseconds ?? 0)
            call.reply.integer(series.longest)
        }
    }

    /// Replies with an array of time and milliseconds, oldest first.
    @Sendable
    private static func history(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        let samples = event(arguments, at: 2).flatMap { call.server.latency[$0] }?.samples ?? []
        call.reply.array(samples.count)
        for sample in samples {
            call.reply.array(2)
            call.reply.integer(sample.time)
            call.reply.integer(sample.milliseconds)
        }
    }

    /// Replies how many events were forgotten.
    @Sendable
    private static func reset(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var chosen: [LatencyEvent] = []
        for index in 2..<arguments.count {
            if let event = event(arguments, at: index) { chosen.append(event) }
        }
        if arguments.count == 2 { chosen = LatencyEvent.allCases }
        call.reply.integer(chosen.count { call.server.latency.reset($0) })
    }

    /// Nil for a name that is no event's.
    private static func event(_ arguments: borrowing Arguments, at index: Int) -> LatencyEvent? {
        LatencyEvent(rawValue: arguments.text(index))
    }
}
