// MULTI
// EXEC
// DISCARD
// WATCH key [key ...]
// UNWATCH

enum TransactionCommands {
    static let all: [CommandSpec] = [
        makeSpec("discard", "Forgets the commands queued since MULTI.", since: "2.0.0", handler: discard),
        CommandSpec(
            "exec", summary: "Executes the commands queued since MULTI.", since: "1.2.0", group: .transactions,
            complexity: "Depends on the commands", arity: 1, flags: [.noScript, .loading, .stale, .skipSlowlog],
            categories: .transaction, handler: exec),
        makeSpec("multi", "Queues the commands that follow.", since: "1.2.0", handler: multi),
        makeSpec("unwatch", "Forgets the watched keys.", since: "2.2.0", handler: unwatch),
        CommandSpec(
            "watch", summary: "Lets the next EXEC do nothing if one of these keys changes until then.",
            since: "2.2.0", group: .transactions, complexity: "O(1) for each key", arity: -2,
            flags: [.noScript, .loading, .stale, .fast, .allowBusy], categories: .transaction,
            keys: [.keys([.readOnly])], arguments: [.key("key", .multiple)], handler: watch),
    ]

    private static func makeSpec(
        _ name: String, _ summary: String, since: String, handler: @escaping CommandHandler
    ) -> CommandSpec {
        CommandSpec(
            name, summary: summary, since: since, group: .transactions, complexity: "O(1)", arity: 1,
            flags: [.noScript, .loading, .stale, .fast, .allowBusy], categories: .transaction, handler: handler)
    }

    @Sendable
    private static func multi(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard call.session.transaction == nil else { throw ReplyError("ERR MULTI calls can not be nested") }
        call.session.transaction = Transaction()
        call.reply.ok()
    }

    /// Replies an array of all replies, or null when a watched key has changed.
    @Sendable
    private static func exec(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard let transaction = call.session.transaction else { throw ReplyError("ERR EXEC without MULTI") }
        noticeExpiredKeys(call)
        let isTouched = call.session.isTouched
        end(call)
        if transaction.isAborted {
            throw ReplyError("EXECABORT Transaction discarded because of previous errors.")
        }
        if isTouched { return call.reply.nullArray() }
        call.reply.array(transaction.count)
        let id = call.command
        transaction.run(&call)
        call.command = id
        // Its commands have been logged one by one.
        call.hasPropagated = true
    }

    /// A watched key that was there and whose time is over has changed.
    private static func noticeExpiredKeys(_ call: borrowing CommandCall) {
        for watch in call.session.watches where watch.existed {
            _ = call.keyspace.lookup(watch.key.key.span, in: watch.key.database, for: .inspect)
        }
        call.server.publishChanges(by: nil)
    }

    @Sendable
    private static func discard(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard call.session.transaction != nil else { throw ReplyError("ERR DISCARD without MULTI") }
        end(call)
        call.reply.ok()
    }

    private static func end(_ call: borrowing CommandCall) {
        call.session.transaction = nil
        forgetWatches(call)
    }

    private static func forgetWatches(_ call: borrowing CommandCall) {
        call.server.watches.unwatchAll(call.session)
        call.server.updateWantedTouches()
    }

    @Sendable
    private static func watch(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        guard call.session.transaction == nil else { throw ReplyError("ERR WATCH inside MULTI is not allowed") }
        for index in 1..<arguments.count where !call.session.isTouched {
            // A key whose time is over is removed here, so that its removal later on is no change.
            let existed = call.lookup(arguments[index], for: .inspect) != nil
            call.server.watches.watch(
                DatabaseKey(database: call.database, key: arguments[index].copied()), existed: existed,
                by: call.session)
        }
        call.server.updateWantedTouches()
        call.reply.ok()
    }

    @Sendable
    private static func unwatch(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        forgetWatches(call)
        call.reply.ok()
    }
}
