// SUBSCRIBE channel [channel ...]         UNSUBSCRIBE [channel [channel ...]]
// PSUBSCRIBE pattern [pattern ...]        PUNSUBSCRIBE [pattern [pattern ...]]
// SSUBSCRIBE shardchannel [...]           SUNSUBSCRIBE [shardchannel [...]]

enum SubscribeCommand {
    static let spec = subscribing("subscribe", "Listens to channels.", since: "2.0.0", .channel, "channel")
    static let patternSpec = subscribing(
        "psubscribe", "Listens to all channels that match patterns.", since: "2.0.0", .pattern, "pattern")
    static let shardSpec = subscribing(
        "ssubscribe", "Listens to shard channels.", since: "7.0.0", .shard, "shardchannel")
    static let endSpec = unsubscribing(
        "unsubscribe", "Stops listening to channels.", since: "2.0.0", .channel, "channel")
    static let endPatternSpec = unsubscribing(
        "punsubscribe", "Stops listening to patterns.", since: "2.0.0", .pattern, "pattern")
    static let endShardSpec = unsubscribing(
        "sunsubscribe", "Stops listening to shard channels.", since: "7.0.0", .shard, "shardchannel")

    private static func subscribing(
        _ name: String, _ summary: String, since: String, _ kind: SubscriptionKind, _ word: String
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .pubsub, complexity: "O(N) for N names", arity: -2,
            flags: [.pubsub, .noScript, .loading, .stale], keys: keys(kind),
            channels: kind == .pattern ? .patterns : .subscribe,
            arguments: [ArgumentSpec(word, kind == .pattern ? .pattern : .string, .multiple)],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                for index in 1..<arguments.count {
                    call.server.pubSub.subscribe(call.session, to: arguments[index].copied(), kind)
                    confirm(kind.subscribed, arguments[index].copied(), kind, isFirst: index == 1, &call)
                }
            })
    }

    private static func unsubscribing(
        _ name: String, _ summary: String, since: String, _ kind: SubscriptionKind, _ word: String
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .pubsub, complexity: "O(N) for N names", arity: -1,
            flags: [.pubsub, .noScript, .loading, .stale], keys: keys(kind),
            arguments: [ArgumentSpec(word, kind == .pattern ? .pattern : .string, [.optional, .multiple])],
            handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
                var names: [[UInt8]] = []
                for index in 1..<arguments.count { names.append(arguments[index].copied()) }
                if names.isEmpty { names = Array(call.session.subscriptions[keyPath: kind.path]) }
                for (index, name) in names.enumerated() {
                    call.server.pubSub.unsubscribe(call.session, from: name, kind)
                    confirm(kind.unsubscribed, name, kind, isFirst: index == 0, &call)
                }
                if names.isEmpty { confirm(kind.unsubscribed, nil, kind, isFirst: true, &call) }
            })
    }

    /// Shard channels are found by their slots, as keys are.
    private static func keys(_ kind: SubscriptionKind) -> [KeySpec] {
        kind == .shard ? [.keys(.notKey)] : []
    }

    /// One message for each name, with the number of subscriptions that the client has then.
    /// The first stands for the reply, the others are messages like those of the channels. CLIENT REPLY holds back
    /// none of them.
    private static func confirm(
        _ word: String, _ name: [UInt8]?, _ kind: SubscriptionKind, isFirst: Bool, _ call: inout CommandCall
    ) {
        let count = kind.count(call.session.subscriptions)
        if (isFirst && !call.session.isSilenced) || call.isInTransaction {
            return write(word, name, count, to: &call.reply)
        }
        var message = ReplyWriter(buffer: ReplyBuffer(), version: call.session.version)
        write(word, name, count, to: &message)
        call.session.push(message.takeBuffer().copyBytes().span)
    }

    private static func write(_ word: String, _ name: [UInt8]?, _ count: Int, to reply: inout ReplyWriter) {
        reply.push(3)
        reply.bulk(word)
        if let name { reply.bulk(name.span) } else { reply.null() }
        reply.integer(count)
    }
}
