// SELECT index

enum SelectCommand {
    static let spec = CommandSpec(
        "select", summary: "Chooses the connection's database.", since: "1.0.0", group: .connection,
        complexity: "O(1)", arity: 2, flags: [.loading, .stale, .fast], categories: .connection,
        arguments: [ArgumentSpec("index", .integer)], handler: run)

    /// Replies OK.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.session.database = try call.databaseIndex(arguments, at: 1)
        call.reply.ok()
    }
}
