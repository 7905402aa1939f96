// SAVE
// BGSAVE [SCHEDULE]
// LASTSAVE
// BGREWRITEAOF

enum SaveCommand {
    static let spec = CommandSpec(
        "save", summary: "Writes all data to a file while everybody waits.", since: "1.0.0", group: .server,
        complexity: "O(N) where N is the number of keys", arity: 1,
        flags: [.admin, .noScript, .noAsyncLoading, .noMulti],
        handler: { (call: inout CommandCall, _) throws(ReplyError) in
            if let error = call.server.services.save() { throw error }
            call.reply.ok()
        })

    static let backgroundSpec = CommandSpec(
        "bgsave", summary: "Writes all data as they are now to a file while clients are served.", since: "1.0.0",
        group: .server, complexity: "O(1)", arity: -1, flags: [.admin, .noScript, .noAsyncLoading],
        history: [.init("3.2.2", "Brought the option `SCHEDULE`.")],
        arguments: [.token("SCHEDULE", .optional, since: "3.2.2")],
        handler: { (call: inout CommandCall, arguments: borrowing Arguments) throws(ReplyError) in
            if arguments.count > 1 {
                guard arguments.count == 2, arguments.matches(1, "SCHEDULE") else { throw .syntax }
            }
            switch call.server.services.saveInBackground(arguments.count > 1) {
            case .started: call.reply.simple("Background saving started")
            case .scheduled: call.reply.simple("Background saving scheduled")
            case .refused(let error): throw error
            }
        })

    static let rewriteSpec = CommandSpec(
        "bgrewriteaof", summary: "Rewrites the append only file while clients are served.", since: "1.0.0",
        group: .server, complexity: "O(1)", arity: 1, flags: [.admin, .noScript, .noAsyncLoading],
        handler: { (call: inout CommandCall, _) throws(ReplyError) in
            switch call.server.services.rewriteAppendOnlyFile() {
            case .started: call.reply.simple("Background append only file rewriting started")
            case .scheduled: call.reply.simple("Background append only file rewriting scheduled")
            case .refused(let error): throw error
            }
        })

    static let lastSpec = CommandSpec(
        "lastsave", summary: "Returns when the data was last saved, as a Unix time.", since: "1.0.0", group: .server,
        complexity: "O(1)", arity: 1, flags: [.loading, .stale, .fast], categories: [.admin, .dangerous],
        tips: ["nondeterministic_output"],
        handler: { (call: inout CommandCall, _) throws(ReplyError) in
            call.reply.integer(call.server.persistence.value.lastSaveAt)
        })
}
