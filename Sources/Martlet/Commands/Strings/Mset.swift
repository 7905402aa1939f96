// MSET key value [key value ...], and MSETNX, which sets all or, when one of the keys exists, none.

enum MsetCommands {
    static let mset = CommandSpec(
        "mset", summary: "Sets several keys to strings.", since: "1.0.1", group: .string,
        complexity: "O(N), N being the number of keys", arity: -3, flags: [.write, .denyOOM], categories: .string,
        keys: [.keys(step: 2, [.overwrite, .update])],
        tips: ["request_policy:multi_shard", "response_policy:all_succeeded"], arguments: words
    ) { call, arguments throws(ReplyError) in
        try checkPairs(call, arguments)
        setAll(&call, arguments)
        call.reply.ok()
    }

    static let msetNX = CommandSpec(
        "msetnx", summary: "Sets several keys to strings unless one of them exists.", since: "1.0.1", group: .string,
        complexity: "O(N), N being the number of keys", arity: -3, flags: [.write, .denyOOM], categories: .string,
        keys: [.keys(step: 2, [.overwrite, .insert])],
        tips: ["request_policy:multi_shard", "response_policy:agg_min"], arguments: words
    ) { call, arguments throws(ReplyError) in
        try checkPairs(call, arguments)
        for index in stride(from: 1, to: arguments.count, by: 2) {
            if call.lookup(arguments[index], for: .write) != nil { return call.reply.integer(0) }
        }
        setAll(&call, arguments)
        call.reply.integer(1)
    }

    private static let words: [ArgumentSpec] = [
        .block("key_value", .multiple, [.key(), ArgumentSpec("value", .string)])
    ]

    private static func checkPairs(
        _ call: borrowing CommandCall, _ arguments: borrowing Arguments
    ) throws(ReplyError) {
        guard !arguments.count.isMultiple(of: 2) else { throw .wrongArity(call.commandName) }
    }

    private static func setAll(_ call: inout CommandCall, _ arguments: borrowing Arguments) {
        for index in stride(from: 1, to: arguments.count, by: 2) {
            call.setString(arguments[index], to: arguments, at: index + 1)
            call.changed(arguments[index], .set)
        }
    }
}
