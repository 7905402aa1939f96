// ROLE

enum RoleCommand {
    static let spec = CommandSpec(
        "role", summary: "Tells the server's part in replication.", since: "2.8.12", group: .server,
        complexity: "O(1)", arity: 1, flags: [.noScript, .loading, .stale, .fast, .sentinel],
        categories: [.admin, .dangerous], handler: run)

    /// Replies with an array: `master`, the offset of the replication stream, and its replicas.
    @Sendable
    private static func run(_ call: inout CommandCall, _ arguments: borrowing Arguments) throws(ReplyError) {
        call.reply.array(3)
        call.reply.bulk("master")
        call.reply.integer(0)
        call.reply.array(0)
    }
}
