// PUBLISH channel message
// SPUBLISH shardchannel message
// PUBSUB CHANNELS [pattern] | NUMPAT | NUMSUB [channel ...] | HELP
// PUBSUB SHARDCHANNELS [pattern] | SHARDNUMSUB [channel ...]

enum PublishCommand {
    static let spec = CommandSpec(
        "publish", summary: "Sends a message to all who listen to a channel.", since: "2.0.0", group: .pubsub,
        complexity: "O(N+M) for N listeners and M patterns of all clients", arity: 3,
        flags: [.pubsub, .loading, .stale, .fast, .mayReplicate], channels: .publish,
        arguments: [ArgumentSpec("channel", .string), ArgumentSpec("message", .string)],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            call.reply.integer(call.server.pubSub.publish(arguments[2], on: arguments[1]))
        })

    static let shardSpec = CommandSpec(
        "spublish", summary: "Sends a message to all who listen to a shard channel.", since: "7.0.0", group: .pubsub,
        complexity: "O(N) for N listeners", arity: 3, flags: [.pubsub, .loading, .stale, .fast, .mayReplicate],
        keys: [.key(1, .notKey)], channels: .publish,
        arguments: [ArgumentSpec("shardchannel", .string), ArgumentSpec("message", .string)],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            call.reply.integer(call.server.pubSub.publishShard(arguments[2], on: arguments[1]))
        })

    static let containerSpec = CommandSpec(
        "pubsub", summary: "Groups the commands that tell who listens.", since: "2.8.0", group: .pubsub,
        complexity: "Depends on the subcommand", arity: -2,
        subcommands: [
            makeSpec("channels", "Lists the channels that somebody listens to.", since: "2.8.0", arity: -2, "pattern") {
                names($0.server.pubSub.channels, $1, &$0)
            },
            makeSpec("help", "Lists the subcommands.", since: "6.2.0", arity: 2, nil, handler: help),
            makeSpec("numpat", "Returns the number of patterns that clients listen to.", since: "2.8.0", arity: 2, nil)
            {
                call, _ in call.reply.integer(call.server.pubSub.patterns.count)
            },
            makeSpec("numsub", "Returns how many listen to channels.", since: "2.8.0", arity: -2, "channel") {
                counts($0.server.pubSub.channels, $1, &$0)
            },
            makeSpec(
                "shardchannels", "Lists the shard channels that somebody listens to.", since: "7.0.0", arity: -2,
                "pattern"
            ) { names($0.server.pubSub.shardChannels, $1, &$0) },
            makeSpec(
                "shardnumsub", "Returns how many listen to shard channels.", since: "7.0.0", arity: -2, "shardchannel"
            ) { counts($0.server.pubSub.shardChannels, $1, &$0) },
        ])

    private static func makeSpec(
        _ name: String, _ summary: String, since: String, arity: Int, _ word: String?,
        handler: @escaping @Sendable (inout CommandCall, borrowing Arguments) -> Void
    ) -> CommandSpec {
        let isPattern = word == "pattern"
        return CommandSpec(
            name, summary: summary, since: since, group: .pubsub, complexity: "O(N)", arity: arity,
            flags: name == "help" ? [.loading, .stale] : [.pubsub, .loading, .stale],
            arguments: word.map {
                [ArgumentSpec($0, isPattern ? .pattern : .string, isPattern ? .optional : [.optional, .multiple])]
            } ?? [],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                if isPattern, arguments.count > 3 { throw .wrongSubcommandArity(arguments[1], of: "PUBSUB") }
                handler(&call, arguments)
            })
    }

    private static func names(
        _ channels: [[UInt8]: Audience], _ arguments: borrowing Arguments, _ call: inout CommandCall
    ) {
        call.reply.collect(.array) { reply in
            var count = 0
            for name in channels.keys {
                if arguments.count > 2, !globMatches(pattern: arguments[2], string: name.span) { continue }
                reply.bulk(name.span)
                count += 1
            }
            return count
        }
    }

    private static func counts(
        _ channels: [[UInt8]: Audience], _ arguments: borrowing Arguments, _ call: inout CommandCall
    ) {
        call.reply.array((arguments.count - 2) * 2)
        for index in 2..<arguments.count {
            call.reply.bulk(arguments[index])
            call.reply.integer(channels[arguments[index].copied()]?.count ?? 0)
        }
    }

    @Sendable
    private static func help(_ call: inout CommandCall, _ arguments: borrowing Arguments) {
        call.reply(
            help: [
                HelpEntry("CHANNELS [<pattern>]", "Lists the channels that somebody listens to."),
                HelpEntry("NUMPAT", "Counts the patterns that clients listen to."),
                HelpEntry("NUMSUB [<channel> ...]", "Counts who listens to each of the channels."),
                HelpEntry("SHARDCHANNELS [<pattern>]", "Lists the shard channels that somebody listens to."),
                HelpEntry("SHARDNUMSUB [<shardchannel> ...]", "Counts who listens to each of the shard channels."),
            ], of: "PUBSUB")
    }
}

/// The Pub/Sub family, in alphabetical order.
enum PubSubCommands {
    static let all: [CommandSpec] = [
        SubscribeCommand.patternSpec,
        PublishCommand.spec,
        PublishCommand.containerSpec,
        SubscribeCommand.endPatternSpec,
        PublishCommand.shardSpec,
        SubscribeCommand.shardSpec,
        SubscribeCommand.spec,
        SubscribeCommand.endShardSpec,
        SubscribeCommand.endSpec,
    ]
}
