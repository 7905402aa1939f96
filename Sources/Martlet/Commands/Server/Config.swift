// CONFIG GET parameter [parameter ...], CONFIG SET parameter value [parameter value ...], CONFIG REWRITE,
// CONFIG RESETSTAT, CONFIG HELP
//
// What a directive is and takes stands in Configuration/; here it meets the client and the running server.

enum ConfigCommand {
    static let spec = CommandSpec(
        "config", summary: "Groups the commands about the configuration.", since: "2.0.0", group: .server,
        complexity: "Depends on subcommand.", arity: -2,
        subcommands: [
            CommandSpec(
                "get", summary: "Returns directives and their values.", since: "2.0.0", group: .server,
                complexity: "O(N) when N is the number of parameters", arity: -3, flags: administrative,
                history: [.init("7.0.0", "Takes several parameters.")],
                arguments: [.block("parameter", .multiple, [ArgumentSpec("parameter", .string)])], handler: get),
            CommandSpec(
                "help", summary: "Shows how the subcommands are called.", since: "5.0.0", group: .server,
                complexity: "O(1)", arity: 2, flags: [.loading, .stale], handler: help),
            CommandSpec(
                "resetstat", summary: "Sets the counters of INFO to zero.", since: "2.0.0", group: .server,
                complexity: "O(1)", arity: 2, flags: administrative, handler: resetStatistics),
            CommandSpec(
                "rewrite", summary: "Writes what is in effect to the configuration file.", since: "2.8.0",
                group: .server, complexity: "O(1)", arity: 2, flags: administrative,
                tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], handler: rewrite),
            CommandSpec(
                "set", summary: "Changes directives while the server runs.", since: "2.0.0", group: .server,
                complexity: "O(N) when N is the number of parameters", arity: -4, flags: administrative,
                tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                history: [.init("7.0.0", "Takes several parameters.")],
                arguments: [
                    .block(
                        "parameter_value", .multiple,
                        [ArgumentSpec("parameter", .string), ArgumentSpec("value", .string)])
                ], handler: set),
        ])

    private static let administrative: CommandFlags = [.admin, .noScript, .loading, .stale]

    /// Replies with a map of what the names and patterns find.
    @Sendable
    private static func get(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        var patterns: [[UInt8]] = []
        for index in 2..<arguments.count { patterns.append(arguments[index].copied()) }
        let entries = ConfigGet.run(patterns, in: call.configuration)
        call.reply.map(entries.count)
        for entry in entries {
            call.reply.bulk(entry.name)
            call.reply.bulk(entry.value.span)
        }
    }

    /// Where data is read from cannot change while it is read.
    private static let waitsForLoading: Set = ["appendonly", "dir", "repl-diskless-load"]

    /// Replies OK when all values are set and in effect; after an error everything is as before.
    @Sendable
    private static func set(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard arguments.count % 2 == 0 else { throw .syntax }
        var pairs: [ConfigSet.Pair] = []
        for index in stride(from: 2, to: arguments.count, by: 2) {
            pairs.append(ConfigSet.Pair(name: arguments[index].copied(), value: arguments[index + 1].copied()))
        }
        let server = call.server
        if server.isLoading, pairs.contains(where: { waitsForLoading.contains($0.name.asciiLowercased) }) {
            throw .loading
        }
        var configuration = server.configuration.value
        do throws(ConfigSetError) {
            try ConfigSet.run(
                pairs, on: &configuration, isLocalClient: call.session.transport?.isLocal ?? true
            ) { directive, candidate in
                // The floors above read the server's configuration, and may bring a value into its final form.
                server.configuration.value = candidate
                let refusal = server.services.applyConfiguration([directive.name])
                candidate = server.configuration.value
                return refusal
            }
            server.configuration.value = configuration
        } catch {
            server.configuration.value = configuration
            throw ReplyError(error.reply)
        }
        call.reply.ok()
    }

    /// Replies OK.
    @Sendable
    private static func resetStatistics(
        _ call: inout CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        call.server.statistics.value.reset()
        call.keyspace.statistics = KeyspaceStatistics()
        call.keyspace.reclaimer.resetFreed()
        call.server.persistence.value.resetCounts()
        call.server.commands.resetStatistics()
        call.reply.ok()
    }

    /// Replies OK when the file is on disk.
    @Sendable
    private static func rewrite(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        if let error = call.server.services.rewriteConfiguration(false) { throw error }
        call.reply.ok()
    }

    @Sendable
    private static func help(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply(
            help: [
                HelpEntry("GET <pattern> [<pattern> ...]", "The directives that match a pattern, with their values."),
                HelpEntry("SET <directive> <value> [<directive> <value> ...]", "Change directives, all or none."),
                HelpEntry("REWRITE", "Write what is in effect to the configuration file; comments and order stay."),
                HelpEntry("RESETSTAT", "Set the counters of INFO to zero."),
            ], of: "CONFIG")
    }
}
