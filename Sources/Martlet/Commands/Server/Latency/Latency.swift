// LATENCY DOCTOR | GRAPH event | LATEST | HISTORY event | HISTOGRAM [command ...] | RESET [event ...] | HELP

enum LatencyCommand {
    static let spec = CommandSpec(
        "latency", summary: "Groups the commands about what took long.", since: "2.8.13", group: .server,
        complexity: "Depends on subcommand.", arity: -2,
        subcommands: [
            subcommand(
                "doctor", summary: "Tells what took long and what to do about it.", arity: 2,
                tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                LatencyDoctor.run),
            subcommand(
                "graph", summary: "Draws when an event took how long.", arity: 3,
                tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                arguments: [ArgumentSpec("event", .string)], LatencyGraph.run),
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "2.8.13", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale],
                handler: { (call: inout CommandCall, _) throws(ReplyError) in call.reply(help: help, of: "LATENCY") }),
            CommandSpec(
                "histogram", summary: "Returns how long the calls of commands took.", since: "7.0.0", group: .server,
                complexity: "O(N) where N is the number of commands with latency information being retrieved.",
                arity: -2, flags: [.admin, .noScript, .loading, .stale],
                tips: ["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"],
                arguments: [ArgumentSpec("command", .string, [.optional, .multiple])], handler: histogram),
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
        HelpEntry("DOCTOR", "What took long, how often, and what may help."),
        HelpEntry("GRAPH <event>", "The event's samples as a drawing."),
        HelpEntry("HISTORY <event>", "When the event took long, and how long."),
        HelpEntry(
            "HISTOGRAM [<command> [...]]",
            "How many calls of each command took how long at most; all commands by default."),
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

    /// Replies with a map of commands, each with the number of calls and a map of microseconds, in powers of two, and
    /// the number of calls that did not exceed them. Names of containers stand for their subcommands.
    @Sendable
    private static func histogram(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var chosen: [CommandID] =
            arguments.count == 2 ? (0..<call.server.commands.count).map { CommandID(index: $0) } : []
        for index in 2..<arguments.count {
            guard let id = call.server.commands.find(fullName: arguments[index]) else { continue }
            chosen.append(id)
            chosen += call.server.commands[id].subcommands.map { CommandID(index: $0) }
        }
        let known = chosen.filter { call.server.commands[$0].latencies != nil }
        call.reply.map(known.count)
        for id in known {
            let latencies = call.server.commands[id].latencies ?? LatencyHistogram()
            call.reply.bulk(call.server.commands[id].fullName)
            call.reply.map(2)
            call.reply.bulk("calls")
            call.reply.integer(latencies.count)
            call.reply.bulk("histogram_usec")
            let entries = latencies.cumulative
            call.reply.map(entries.count)
            for entry in entries {
                call.reply.integer(entry.microseconds)
                call.reply.integer(entry.count)
            }
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
